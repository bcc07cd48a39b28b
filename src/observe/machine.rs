//! What machine this is, as far as it matters for comparing numbers.

use std::fs;
use std::num::NonZero;
use std::thread;

/// The machine that generates the load. What the system does not say is "unknown".
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Operating system, with the kernel's release where known.
    pub os: String,
    /// Processor architecture, such as `x86_64`.
    pub architecture: String,
    /// Processor model as the system names it.
    pub cpu_model: String,
    /// Logical cores that this process may use.
    pub cores: usize,
    /// Physical memory in bytes.
    pub memory_bytes: Option<u64>,
    /// The cores' worth of CPU time that a control group allows, where it limits it.
    pub cpu_quota: Option<f64>,
}

impl Machine {
    /// Looks at this machine.
    pub fn this() -> Self {
        Self {
            os: os(),
            architecture: std::env::consts::ARCH.to_owned(),
            cpu_model: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: thread::available_parallelism().map_or(1, NonZero::get),
            memory_bytes: field("/proc/meminfo", "MemTotal").and_then(|text| kibibytes(&text)),
            cpu_quota: fs::read_to_string("/sys/fs/cgroup/cpu.max")
                .ok()
                .and_then(|text| quota(&text)),
        }
    }
}

fn os() -> String {
    let name = std::env::consts::OS;
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("{name} {}", release.trim()),
        Err(_) => name.to_owned(),
    }
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// `150000 100000`, microseconds of each period, as cores; `max 100000` is no limit.
fn quota(text: &str) -> Option<f64> {
    let (allowed, period) = text.trim().split_once(' ')?;
    let (allowed, period): (f64, f64) = (allowed.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| allowed / period)
}

/// `16384 kB` in bytes.
pub(super) fn kibibytes(text: &str) -> Option<u64> {
    let number: u64 = text.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}
