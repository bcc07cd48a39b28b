//! The tool examines the machine that it runs on, and later runs know of it.

use crate::server::{Manners, Server};
use crate::tool::Tool;
use serde_json::Value;

/// The tool with a scenario about a server that keeps no journal.
fn asking(server: &Server) -> Tool {
    let scenario = format!(
        "name: remote
target: {{ endpoints: [ {{ protocol: openai, url: '{}' }} ] }}
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: 2 }} }} }}
load: {{ closed: {{ in_flight: 2 }} }}
phases: {{ warmup: 0s, measure: 200ms, drain: 1s }}
",
        server.url()
    );
    Tool::new().file("x.yaml", &scenario)
}

#[test]
fn the_machine_is_examined_and_a_run_that_cannot_check_itself_says_what_that_gave() {
    let server = Server::start(Manners::Answer);
    let tool = asking(&server);

    let examined = tool.run(&["doctor", "--within", "2s", "--format", "json"]);
    tool.run(&["run", "x.yaml"]);

    // How good a machine is that runs tests is not for a test to say.
    assert!(matches!(examined.code, Some(0 | 5)), "{examined:?}");
    let found: Value = serde_json::from_str(&examined.stdout).unwrap();
    assert_eq!(found["schema"], "inferometer.doctor/v1");
    assert!(
        found["loopback"]["round_trip_p50_ns"].as_f64() > Some(0.0),
        "{found}"
    );
    assert_eq!(found["noise"][0]["metric"], "cpu_per_request", "{found}");
    for part in ["timer", "rates", "streams"] {
        assert_ne!(found[part].as_array().unwrap().len(), 0, "{part}: {found}");
    }
    let kept = &tool.report("remote")["run"]["certificate"]["calibration"];
    assert_eq!(kept["measured"], found["calibration"]["measured"]);
    assert_eq!(kept["highest_rate"], found["calibration"]["highest_rate"]);
}

#[test]
fn a_run_on_a_machine_that_was_never_examined_says_so() {
    let server = Server::start(Manners::Answer);
    let tool = asking(&server);

    tool.run(&["run", "x.yaml"]);

    let certificate = &tool.report("remote")["run"]["certificate"];
    let unchecked = certificate["unchecked"].as_array().unwrap();
    let last = unchecked.last().unwrap().as_str().unwrap();
    assert!(
        last.starts_with("This machine was never calibrated."),
        "{last}"
    );
    assert_eq!(certificate["calibration"], Value::Null);
}

#[test]
fn the_help_says_what_can_be_set() {
    let help = Tool::new().run(&["doctor", "--help"]);

    insta::assert_snapshot!(help.stdout);
}
