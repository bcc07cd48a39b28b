//! When a fault strikes at all, and by whom it can be met, for whoever measures what it does: `refuse`, from 1 s to 1.5 s,
//! over every protocol.

use super::{Conditions, Fault, Target};
use crate::connection::Port;
use crate::journal::Protocol;
use inferometer_proto::quantity::Period;
use std::time::Duration;

/// A part of a mock's time, counted from its start or its last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub from: Duration,
    /// Where it ends; never when there is none.
    pub until: Option<Duration>,
}

impl Fault {
    /// The time in which it strikes; `None` where none is set, and it goes on as long as the mock lives.
    pub fn window(&self) -> Option<Window> {
        let Conditions { from, until, .. } = self.conditions();
        (from.is_some() || until.is_some()).then(|| Window {
            from: from.unwrap_or_default().duration(),
            until: until.map(Period::duration),
        })
    }

    /// Can it strike requests by this protocol, or the connections on which they come?
    pub fn concerns(&self, protocol: Protocol) -> bool {
        let meant = self.conditions().protocols;
        match self.target() {
            Target::Request(fault) => {
                fault.scope().protocols.contains(&protocol)
                    && (meant.is_empty() || meant.contains(&protocol))
            }
            Target::Connection(_) => {
                let port = Port::of(protocol);
                meant.is_empty() || meant.iter().any(|meant| Port::of(*meant) == port)
            }
        }
    }

    fn conditions(&self) -> Conditions {
        match self.target() {
            Target::Request(fault) => fault.conditions(),
            Target::Connection(fault) => fault.conditions(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_fault_has_a_window_where_its_time_is_limited() {
        let millis = Duration::from_millis;
        let window = |text| fault(text).window();

        assert_eq!(window(r#"{"refuse":{}}"#), None);
        assert_eq!(window(r#"{"close":{"share":"5%"}}"#), None);
        assert_eq!(
            window(r#"{"refuse":{"from":"1s","until":"1500ms"}}"#),
            Some(Window {
                from: millis(1_000),
                until: Some(millis(1_500))
            })
        );
        assert_eq!(
            window(r#"{"status":{"http":503,"until":"2s"}}"#),
            Some(Window {
                from: Duration::ZERO,
                until: Some(millis(2_000))
            })
        );
        assert_eq!(
            window(r#"{"stall":{"from":"2s"}}"#),
            Some(Window {
                from: millis(2_000),
                until: None
            })
        );
    }

    #[test]
    fn connections_are_struck_by_their_port_and_requests_by_their_protocol() {
        let all = [Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc];
        let struck = |text| all.map(|protocol| fault(text).concerns(protocol));

        assert_eq!(struck(r#"{"refuse":{}}"#), [true, true, true]);
        assert_eq!(
            struck(r#"{"refuse":{"protocols":["openai"]}}"#),
            [true, true, false]
        );
        assert_eq!(
            struck(r#"{"status":{"http":503,"protocols":["openai"]}}"#),
            [true, false, false]
        );
        assert_eq!(struck(r#"{"wrong_content_type":{}}"#), [true, true, false]);
    }
}
