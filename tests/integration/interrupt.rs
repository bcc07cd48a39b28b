//! Ctrl-C, once and twice.

use crate::processes::{eventually, is_alive, mock_of, send};
use crate::server::{Manners, Server};
use crate::tool::{Ended, Tool};
use rustix::process::Signal;

const ON_THE_MOCK: &str = "name: stopped
target: { mock: { latency: { fixed: 1ms } } }
workload: { chat: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 10 } }
phases: { warmup: 0s, measure: 1h, drain: 5s }
";

/// The same, made by users, whose library wants Ctrl-C for itself.
fn by_users() -> String {
    ON_THE_MOCK.replace("closed: { in_flight: 10 }", "users: { count: 10 }")
}

#[test]
fn ctrl_c_once_drains_and_reports_an_interrupted_run() {
    stopped_once(ON_THE_MOCK);
}

#[test]
fn ctrl_c_once_stops_users_as_it_stops_any_load() {
    stopped_once(&by_users());
}

fn stopped_once(scenario: &str) {
    let tool = Tool::new().file("x.yaml", scenario);
    let running = tool.start(&["run", "x.yaml"]);
    let mock = mock_of(&running, 10);

    send(running.id(), Signal::INT);
    let ended = Ended::from(running.wait_with_output().unwrap());

    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(
        ended.stdout.to_lowercase().contains("interrupted"),
        "{ended:?}"
    );
    let report = tool.report("stopped");
    let told = |place: &str| report.pointer(place).cloned().unwrap_or_default();
    assert_eq!(told("/run/end"), "interrupted");
    let (offered, answered) = (
        told("/run/stages/0/accounting/offered"),
        told("/run/stages/0/accounting/answered"),
    );
    assert_eq!((offered.is_u64(), &offered), (true, &answered));
    assert!(!is_alive(mock));
}

#[test]
fn ctrl_c_twice_leaves_at_once_and_leaves_nobody_behind() {
    let stalling = Server::start(Manners::Stall);
    let text = ON_THE_MOCK.replace(
        "{ mock: { latency: { fixed: 1ms } } }",
        &format!(
            "{{ endpoints: [ {{ protocol: openai, url: '{}' }} ] }}",
            stalling.url()
        ),
    );
    let tool = Tool::new().file("x.yaml", &text.replace("drain: 5s", "drain: 1h"));
    let running = tool.start(&["run", "x.yaml"]);
    stalling.requests.recv().unwrap();

    let ended = interrupt_twice(running);

    assert_eq!(ended.code, Some(130), "{ended:?}");
}

#[test]
fn ctrl_c_twice_ends_the_mock_too() {
    stopped_twice(ON_THE_MOCK);
}

#[test]
fn ctrl_c_twice_leaves_users_at_once() {
    stopped_twice(&by_users());
}

fn stopped_twice(scenario: &str) {
    let text = scenario
        .replace("fixed: 1ms", "fixed: 30m")
        .replace("drain: 5s", "drain: 1h");
    let tool = Tool::new().file("x.yaml", &text);
    let running = tool.start(&["run", "x.yaml"]);
    let mock = mock_of(&running, 10);

    let ended = interrupt_twice(running);

    assert_eq!(ended.code, Some(130), "{ended:?}");
    eventually("the mock's end", || (!is_alive(mock)).then_some(()));
}

/// Two signals that arrive together may be seen as one: the second follows when the first has been answered.
fn interrupt_twice(mut running: std::process::Child) -> Ended {
    use std::io::{BufRead, BufReader};
    send(running.id(), Signal::INT);
    let mut answers = BufReader::new(running.stderr.take().unwrap()).lines();
    answers
        .find(|line| line.as_ref().unwrap().starts_with("stopping"))
        .unwrap()
        .unwrap();
    send(running.id(), Signal::INT);
    Ended::from(running.wait_with_output().unwrap())
}
