//! The open loop: an arrival law and a cap, `{ poisson: { rate: 200/s }, max_in_flight: 1000 }`. A further law is one
//! file beside this one and one entry in the list here.

use super::closed::in_flight;
use super::{Bursts, Constant, Gamma, Poisson, Ramp, Replay, Slots};
use super::{bursts, constant, gamma, poisson, ramp, replay};
use crate::seed::Seed;
use crate::units::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Requests that start when the schedule says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Open {
    /// How the arrivals are spread.
    pub law: Law,
    /// Most requests in flight at once. One more that is due is not sent, and counts as a failure.
    pub max_in_flight: u32,
}

impl Open {
    /// The schedule of a stage: the same for the same seed, on every machine.
    pub fn slots(&self, seed: Seed) -> Slots {
        Slots {
            next: 0,
            arrivals: self.law.clone().arrivals(seed),
        }
    }
}

/// Makes the one list of laws: what each is, its name in files, its type and module.
macro_rules! laws {
    ($($(#[$about:meta])* $name:ident: $Law:ident,)*) => {
        /// How arrivals are spread over time.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Law {
            $($(#[$about])* $Law($Law),)*
        }

        /// The state of a law in one stage.
        #[derive(Debug, Clone)]
        pub(super) enum Arrivals {
            $($Law(Box<$name::Arrivals>),)*
        }

        impl Law {
            fn arrivals(self, seed: Seed) -> Arrivals {
                match self {
                    $(Self::$Law(law) => Arrivals::$Law(Box::new(law.arrivals(seed))),)*
                }
            }
        }

        impl Arrivals {
            /// When the next request starts; `None` after the last of a law that has one.
            pub(super) fn next(&mut self) -> Option<Offset> {
                match self {
                    $(Self::$Law(arrivals) => arrivals.next().into(),)*
                }
            }
        }

        /// Requests that start when the schedule says so: exactly one arrival law, and a cap.
        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(extend("oneOf" = [$({ "required": [stringify!($name)] }),*]))]
        struct File {
            $(
                $(#[$about])*
                #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
                $name: Option<$Law>,
            )*
            /// Most requests in flight at once, 1 to 100000. One more that is due is not sent, and counts as a failure.
            #[serde(default = "ten_thousand", deserialize_with = "in_flight")]
            #[schemars(range(min = 1, max = 100_000))]
            max_in_flight: u32,
        }

        /// The name of every law, as files have it.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        impl File {
            /// The laws that were given, with their names.
            fn laws(self) -> Vec<(&'static str, Law)> {
                let given = [$(self.$name.map(|law| (stringify!($name), Law::$Law(law)))),*];
                given.into_iter().flatten().collect()
            }
        }

        impl From<Open> for File {
            fn from(open: Open) -> Self {
                let mut file = Self {
                    $($name: None,)*
                    max_in_flight: open.max_in_flight,
                };
                match open.law {
                    $(Law::$Law(law) => file.$name = Some(law),)*
                }
                file
            }
        }
    };
}

laws! {
    /// Always the same gap.
    constant: Constant,
    /// Independent arrivals: exponential gaps.
    poisson: Poisson,
    /// Independent gaps that are more or less even than those of independent arrivals.
    gamma: Gamma,
    /// A rate that changes over time, and then stays.
    ramp: Ramp,
    /// Many requests at once, again and again.
    bursts: Bursts,
    /// The requests of a trace at their times.
    replay: Replay,
}

fn ten_thousand() -> u32 {
    10_000
}

fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl TryFrom<File> for Open {
    type Error = String;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        let max_in_flight = file.max_in_flight;
        match <[_; 1]>::try_from(file.laws()) {
            Ok([(_, law)]) => Ok(Self { law, max_in_flight }),
            Err(others) => {
                let found: Vec<&str> = others.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "expected exactly one of {}, found {}",
                    listed(NAMES),
                    if found.is_empty() {
                        "none".to_owned()
                    } else {
                        listed(&found)
                    }
                ))
            }
        }
    }
}

/// `a`, `b` and `c`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        few => few.concat(),
    }
}
