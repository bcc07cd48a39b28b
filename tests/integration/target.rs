//! Targets that are not there, that fail, and that die.

use crate::processes::{is_alive, mock_of, send};
use crate::server::{Manners, Server};
use crate::tool::{Ended, Tool};
use rustix::process::Signal;
use std::net::TcpListener;

fn scenario(target: &str) -> String {
    format!(
        "name: tried
target: {target}
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: 2 }} }} }}
load: {{ closed: {{ in_flight: 10 }} }}
phases: {{ warmup: 0s, measure: 300ms, drain: 1s }}
"
    )
}

fn endpoint(url: &str) -> String {
    format!("{{ endpoints: [ {{ protocol: openai, url: '{url}' }} ], ready_within: 100ms }}")
}

#[test]
fn a_server_that_is_not_there_is_named_with_what_was_tried() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{port}");
    let tool = Tool::new().file("x.yaml", &scenario(&endpoint(&url)));

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(3));
    assert!(
        ended
            .stderr
            .contains("could not reach the target within 100ms"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains(&url), "{ended:?}");
}

#[test]
fn a_server_that_only_fails_is_never_a_pass() {
    let server = Server::start(Manners::Fail);
    let tool = Tool::new().file("x.yaml", &scenario(&endpoint(&server.url())));

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report = tool.report("tried");
    let errors = &report["run"]["stages"][0]["errors"];
    assert!(errors["http_500"].as_u64() > Some(0), "{errors}");
}

#[test]
fn a_server_that_dies_in_mid_run_leaves_a_report_with_its_failures() {
    let server = Server::start(Manners::DieAfter(20));
    let tool = Tool::new().file("x.yaml", &scenario(&endpoint(&server.url())));

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("is below the limit of 50 %"),
        "{ended:?}"
    );
    let stage = &tool.report("tried")["run"]["stages"][0];
    assert_eq!(stage["accounting"]["answered"], 20);
    assert!(stage["errors"]["closed"].as_u64() > Some(0), "{stage}");
}

#[test]
fn a_remote_server_that_answers_is_measured() {
    let server = Server::start(Manners::Answer);
    let tool = Tool::new().file("x.yaml", &scenario(&endpoint(&server.url())));

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_killed_mock_ends_the_run_with_a_report_that_says_so() {
    let text = scenario("{ mock: { latency: { fixed: 1ms } } }").replace("300ms", "1h");
    let tool = Tool::new().file("x.yaml", &text);
    let running = tool.start(&["run", "x.yaml"]);
    let mock = mock_of(&running, 10);

    send(mock, Signal::KILL);
    let ended = Ended::from(running.wait_with_output().unwrap());

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stdout.contains("the mock was killed by signal 9"),
        "{ended:?}"
    );
    assert_eq!(tool.report("tried")["run"]["end"], "target_died");
}

#[test]
fn of_several_mocks_the_one_that_was_killed_is_named() {
    let mocks = "{ mocks: { primary: { protocol: openai, latency: { fixed: 1ms } }, secondary: { protocol: openai } } }";
    let tool = Tool::new().file("x.yaml", &scenario(mocks).replace("300ms", "1h"));
    let running = tool.start(&["run", "x.yaml"]);
    let primary = mock_of(&running, 10);

    send(primary, Signal::KILL);
    let ended = Ended::from(running.wait_with_output().unwrap());

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("the mock `primary` was killed by signal 9"),
        "{ended:?}"
    );
    let run = &tool.report("tried")["run"];
    assert_eq!(
        run["identity"]["target"],
        "embedded mocks: primary (openai), secondary (openai)"
    );
    let names = [0, 1].map(|endpoint| run["stages"][0]["endpoints"][endpoint]["name"].clone());
    assert_eq!(names, ["primary (openai)", "secondary (openai)"]);
}

#[test]
fn a_mock_that_dies_as_planned_hands_over_to_the_next_in_every_stage() {
    let mocks = "{ mocks: { primary: { protocol: oip_grpc, latency: { fixed: 1ms }, dies_after: 300ms }, secondary: { protocol: openai, latency: { fixed: 1ms } } } }";
    let text = scenario(mocks).replace("300ms, drain", "900ms, drain")
        + "client: { mode: hybrid }\nsweep: { workload.chat.output.tokens: [2, 3] }\n";
    let tool = Tool::new().file("x.yaml", &text);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let run = &tool.report("tried")["run"];
    assert_eq!(run["end"], "completed");
    for stage in run["stages"].as_array().unwrap() {
        let answered = |endpoint: usize| stage["endpoints"][endpoint]["answered"].as_u64();
        assert!(answered(0) > Some(0) && answered(1) > Some(0), "{stage}");
    }
}

#[test]
fn a_killed_tool_takes_its_mock_with_it() {
    let text = scenario("{ mock: { latency: { fixed: 1ms } } }").replace("300ms", "1h");
    let tool = Tool::new().file("x.yaml", &text);
    let mut running = tool.start(&["run", "x.yaml"]);
    let mock = mock_of(&running, 10);

    send(running.id(), Signal::KILL);
    running.wait().unwrap();

    crate::processes::eventually("the mock's end", || (!is_alive(mock)).then_some(()));
}

const CONTRACT: &str = "name: tried
target:
  stubs:
    - request: { method: POST, path: /v1/chat/completions }
      respond: { status: 503 }
      times: 1
    - request: { method: POST, path: /v1/chat/completions, headers: { x-stainless-retry-count: \"1\" } }
      respond:
        body: { json: { choices: [ { message: { content: done } } ], usage: { prompt_tokens: 1, completion_tokens: 1 } } }
      times: 1
client: { retry: { attempts: 2, backoff: 1ms } }
workload: { chat: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 1 } }
phases: { requests: 1, measure: 20s }
sweep: { workload.chat.output.tokens: [2, 3] }
expect: [ { metric: success_rate, at_least: 100% } ]
";

#[test]
fn a_script_that_is_kept_in_every_stage_passes() {
    let tool = Tool::new().file("x.yaml", CONTRACT);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let run = &tool.report("tried")["run"];
    assert_eq!(run["identity"]["target"], "2 scripted stubs");
    for stage in run["stages"].as_array().unwrap() {
        let calls = [0, 1].map(|stub| stage["script"]["stubs"][stub]["calls"].clone());
        assert_eq!(calls, [1, 1], "{stage}");
    }
}

#[test]
fn a_script_that_is_not_kept_fails_and_shows_the_difference() {
    let text = CONTRACT.replace("count: \"1\"", "count: \"2\"");
    let tool = Tool::new().file("x.yaml", &text);

    let ended = tool.run(&["run", "x.yaml"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("headers.x-stainless-retry-count: expected \"2\", found \"1\""),
        "{ended:?}"
    );
}
