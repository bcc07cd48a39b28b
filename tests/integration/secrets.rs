//! Keys and tokens of a mock: whatever goes right or wrong with them, no output of the tool shows one.

use crate::tool::{Ended, Tool};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What no output may contain.
const PLANTED: &str = "planted";

fn scenario(target: &str) -> String {
    format!(
        "name: secretive
target: {target}
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: 2 }} }} }}
load: {{ closed: {{ in_flight: 2 }} }}
phases: {{ warmup: 0s, measure: 100ms }}
"
    )
}

/// A scenario that leaves its target to the file of its client.
fn without_target() -> String {
    scenario("").replacen("target: \n", "", 1)
}

/// The tool said nothing of a secret in the case that is `told`.
fn assert_hidden(ended: &Ended, told: &str) {
    for output in [&ended.stdout, &ended.stderr] {
        assert!(!output.contains(PLANTED), "{told}: {ended:?}");
    }
}

/// What stands in the files below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
        }
    }
    files
}

#[test]
fn a_mock_that_asks_for_a_certificate_that_the_client_has_not_is_refused_with_the_field() {
    let target = "{ mock: { tls: { certificate: a.pem, key: a.key, client_ca: ca.pem } } }";
    let tool = Tool::new().file("x.yaml", &scenario(target));

    for command in ["check", "run"] {
        let ended = tool.run(&[command, "x.yaml"]);

        assert_eq!(ended.code, Some(2), "{ended:?}");
        let told = "error: target.mock.tls.client_ca: expected a client with a certificate";
        assert!(ended.stderr.starts_with(told), "{ended:?}");
        assert!(ended.stderr.contains("client.tls.identity"), "{ended:?}");
    }
}

/// The tool run with every secret in its environment, and all that it left behind.
fn all_said(tool: &Tool, arguments: &[&str]) -> (Ended, String) {
    let ended = tool.run(arguments);
    let mut said = vec![ended.stdout.clone(), ended.stderr.clone()];
    if tool.path("reports").exists() {
        said.extend(files_below(&tool.path("reports")));
    }
    (ended, said.join("\n"))
}

#[test]
fn keys_of_a_mock_and_of_an_endpoint_open_them_and_are_shown_nowhere() {
    let tls = "{ mock: { tls: self_signed, api_keys: [planted-1, planted-2] } }";
    let several = "{ mocks: { first: { protocol: openai, api_keys: [planted-3] }, second: { protocol: openai } } }";
    for target in [tls, several] {
        let tool = Tool::new().file("x.yaml", &scenario(target));

        for arguments in [["check", "x.yaml"], ["run", "x.yaml"]] {
            let (ended, said) = all_said(&tool, &arguments);

            assert_eq!(ended.code, Some(0), "{ended:?}");
            let shows = arguments[0] == "check";
            assert_eq!(ended.stdout.contains("api_keys: (secret)"), shows, "{said}");
            assert!(!said.contains(PLANTED), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_key_from_the_environment_or_a_file_opens_an_endpoint_and_is_shown_nowhere() {
    let host = Tool::new().file("mock.yaml", "api_keys: [planted-1]");
    let anywhere = [
        "--rest",
        "127.0.0.1:0",
        "--grpc",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
    ];
    let mut mock = host.start(&[&["mock", "mock.yaml", "--quiet"], &anywhere[..]].concat());
    let mut first = String::new();
    BufReader::new(mock.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let url = first
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    let url = url.unwrap_or_else(|| panic!("{first}"));

    for (place, code) in [
        ("{ env: INFEROMETER_TEST_KEY }", 0),
        ("{ file: key }", 0),
        ("{ file: wrong }", 3),
        ("{ file: nothing }", 3),
        ("{ env: INFEROMETER_TEST_NONE }", 3),
        ("planted-1", 2),
    ] {
        let target = format!(
            "{{ endpoints: [ {{ protocol: openai, url: '{url}', api_key: {place} }} ], ready_within: 1s }}"
        );
        let tool = Tool::new()
            .file("x.yaml", &scenario(&target))
            .file("key", "planted-1\n")
            .file("wrong", "planted-2\n")
            .set("INFEROMETER_TEST_KEY", "planted-1");

        let (checked, said_by_check) = all_said(&tool, &["check", "x.yaml"]);
        let (ended, said) = all_said(&tool, &["run", "x.yaml"]);

        assert_eq!(
            checked.code,
            Some(if code == 2 { 2 } else { 0 }),
            "{checked:?}"
        );
        assert_eq!(ended.code, Some(code), "{place}: {ended:?}");
        assert!(!said_by_check.contains(PLANTED), "{place}: {said_by_check}");
        assert!(!said.contains(PLANTED), "{place}: {said}");

        let endpoint =
            format!("endpoints: [ {{ protocol: openai, url: '{url}', api_key: {place} }} ]");
        let by_file = without_target().replacen(
            "name: secretive",
            "name: secretive\nclient_file: client.yaml",
            1,
        );
        let tool = tool.file("client.yaml", &endpoint).file("x.yaml", &by_file);
        if code != 3 {
            let (ended, said) = all_said(&tool, &["run", "x.yaml"]);
            assert_eq!(ended.code, Some(code), "{place}: {ended:?}");
            assert!(!said.contains(PLANTED), "{place}: {said}");
        }
    }
    mock.kill().unwrap();
    mock.wait().unwrap();
}

#[test]
fn no_mistake_shows_a_secret_that_stands_beside_it() {
    for target in [
        "{ mock: { api_keys: planted } }",
        "{ mock: { api_keys: [{ a: planted }] } }",
        "{ mock: { api_keys: ['planted with spaces'] } }",
        "{ mock: { api_keys: [planted], lod: 1 } }",
        "{ mock: { api_keys: [planted] }, endpoints: [] }",
        "{ mock: { api_keys: [planted], api_keys: [planted] } }",
        "{ mock: { api_keys: [planted } }",
        "\n  mock:\n    api_keys:\n    - planted\n    - planted: 1\n",
        "{ mock: { admin: planted } }",
        "{ mock: { admin: { token: [planted] } } }",
        "{ mock: { admin: { token: 'planted with spaces' } } }",
        "{ mock: { admin: { token: planted-1, tokn: 1 } } }",
        "{ mock: { admin: { token: planted-1 }, latency: soon } }",
        "{ mock: { admin: { token: '${NOWHERE} planted' } } }",
    ] {
        let tool = Tool::new().file("x.yaml", &scenario(target));

        let ended = tool.run(&["check", "x.yaml"]);

        assert_eq!(ended.code, Some(2), "{target}: {ended:?}");
        assert_hidden(&ended, target);
    }
}

#[test]
fn no_key_of_a_client_file_is_shown_whatever_is_wrong_with_it() {
    for (client, code) in [
        (
            "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9', api_key: { env: INFEROMETER_TEST_KEY } } ]",
            0,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9', api_key: { file: key } } ]",
            0,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9', api_key: planted } ]",
            2,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9', api_key: { evn: planted } } ]",
            2,
        ),
        (
            "endpoints:\n- protocol: openai\n  url: 'http://127.0.0.1:9'\n  api_key:\n    planted: 1\n",
            2,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://me:planted@127.0.0.1:9' } ]",
            2,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://me:planted@127.0.0.1:9', wieght: 1 } ]",
            2,
        ),
        (
            "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9', api_key: '${INFEROMETER_TEST_KEY}' } ]",
            2,
        ),
        ("proxy: 'http://me:planted@127.0.0.1:9'", 2),
        ("api_key: planted", 2),
    ] {
        let tool = Tool::new()
            .file("client.yaml", client)
            .file(
                "x.yaml",
                &format!("{}client_file: client.yaml\n", without_target()),
            )
            .file("key", "planted-1\n")
            .set("INFEROMETER_TEST_KEY", "planted-1");

        for arguments in [
            vec!["check", "--client", "client.yaml"],
            vec!["check", "x.yaml"],
            vec!["check", "client.yaml"],
            vec!["run", "x.yaml", "--set", "target={ mock: {} }"],
        ] {
            let (ended, said) = all_said(&tool, &arguments);

            assert!(!said.contains(PLANTED), "{client} {arguments:?}: {said}");
            // What a target of the scenario's own leaves unused does not stop a run.
            if arguments[0] == "check" && arguments[1] != "client.yaml" {
                assert_eq!(ended.code, Some(code), "{client} {arguments:?}: {ended:?}");
            }
        }
    }
}

#[test]
fn a_key_that_the_environment_or_the_command_line_gives_in_the_wrong_way_is_not_shown() {
    let client = "endpoints: [ { protocol: openai, url: 'http://127.0.0.1:9' } ]";
    let plain = || Tool::new().file("client.yaml", client);
    for (tool, set) in [
        (plain(), "endpoints[0].api_key=planted"),
        (plain(), "endpoints[0].url=http://me:planted@127.0.0.1:9"),
        (
            plain().set("INFEROMETER_CLIENT__ENDPOINTS__0__API_KEY", "planted"),
            "mode=rest",
        ),
        (
            plain().set(
                "INFEROMETER_CLIENT__ENDPOINTS__0__URL",
                "http://me:planted@a",
            ),
            "mode=rest",
        ),
    ] {
        let ended = tool.run(&["check", "--client", "client.yaml", "--set", set]);

        assert_eq!(ended.code, Some(2), "{set}: {ended:?}");
        assert_hidden(&ended, set);
    }
}

#[test]
fn a_secret_from_the_command_line_or_a_sweep_is_not_shown() {
    let sweep = "sweep: { target.mock.admin.token: [planted-1, planted-2] }\n";
    let whole = "sweep: { target: [{ mock: { admin: { token: planted-1 } } }] }\n";
    let tool = Tool::new()
        .file("plain.yaml", &scenario("{ mock: {} }"))
        .file("swept.yaml", &(scenario("{ mock: {} }") + sweep))
        .file("whole.yaml", &(scenario("{ mock: {} }") + whole));

    for arguments in [
        vec![
            "check",
            "plain.yaml",
            "--set",
            "target.mock.api_keys=[planted, '']",
        ],
        vec![
            "check",
            "plain.yaml",
            "--set",
            "target.mock.api_keys=planted",
        ],
        vec![
            "check",
            "plain.yaml",
            "--set",
            "target.mock={ api_keys: [planted], lod: 1 }",
        ],
        vec![
            "check",
            "plain.yaml",
            "--set",
            "target.mock.admin.token=planted me",
        ],
        vec!["check", "swept.yaml"],
        vec!["check", "whole.yaml"],
    ] {
        let ended = tool.run(&arguments);

        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert_hidden(&ended, &format!("{arguments:?}"));
    }
}

#[test]
fn a_run_with_a_token_reports_all_but_the_token() {
    let target = "{ mock: { admin: { token: planted-token } } }";
    let tool = Tool::new().file("x.yaml", &scenario(target));

    let checked = tool.run(&["check", "x.yaml"]);
    let ran = tool.run(&["run", "x.yaml"]);

    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.stdout.contains("admin: { token: (secret) }"),
        "{checked:?}"
    );
    assert_hidden(&checked, "check");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_hidden(&ran, "run");
    let reports = files_below(&tool.path("reports"));
    assert!(reports.len() >= 4, "{}", reports.len());
    for report in reports {
        assert!(!report.contains(PLANTED), "{report}");
    }
}

#[test]
fn a_secret_is_no_part_of_what_a_fingerprint_says() {
    let fingerprint = |token: &str| {
        let target = format!("{{ mock: {{ admin: {{ token: {token} }} }} }}");
        let tool = Tool::new().file("x.yaml", &scenario(&target));
        let checked = tool.run(&["check", "x.yaml"]);
        let line = checked
            .stdout
            .lines()
            .find(|line| line.contains("fingerprint"));
        line.unwrap().to_owned()
    };

    assert_eq!(fingerprint("planted-1"), fingerprint("planted-2"));
}
