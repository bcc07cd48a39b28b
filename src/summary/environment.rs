//! The machine that numbers are of, and what makes them speak of another one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine that generated the load, as far as it matters for comparing numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Operating system and its version.
    pub os: String,
    /// Processor architecture, such as `x86_64`.
    pub architecture: String,
    /// Processor model as the system names it.
    pub cpu_model: String,
    /// Logical cores this process may use.
    pub cores: usize,
    /// Physical memory in bytes, where known.
    pub memory_bytes: Option<u64>,
    /// The cores' worth of CPU time that a control group allows, where it limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<f64>,
    /// How the tool was built: `release` or `debug`.
    pub build: String,
}

impl Environment {
    /// What must be equal where numbers of two runs are held against each other: its name, and its value for people. Memory may
    /// be added to a machine, and changes none of them.
    pub fn comparable(&self) -> [(&'static str, String); 6] {
        let quota = self.cpu_quota;
        [
            ("processor", self.cpu_model.clone()),
            ("number of cores", self.cores.to_string()),
            (
                "quota of CPU time",
                quota.map_or_else(|| "none".to_owned(), |cores| format!("{cores} cores")),
            ),
            ("operating system", self.os.clone()),
            ("architecture", self.architecture.clone()),
            ("build of the tool", self.build.clone()),
        ]
    }
}
