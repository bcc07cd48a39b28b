//! `inferometer mock` as the child of a process that is no run: the contract between both, seen from outside.

use crate::tool::{Ended, Tool};
use inferometer_mock::Counters;
use inferometer_mock::child::Addresses;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

const CHILD: [&str; 2] = ["mock", "--until-stdin-closes"];

#[test]
fn a_spec_goes_in_addresses_come_out_and_it_ends_when_its_input_does() {
    let mut mock = Tool::new().start_with_input(&CHILD);
    let mut lifeline = mock.stdin.take().unwrap();
    let mut output = BufReader::new(mock.stdout.take().unwrap());
    let mut addresses = String::new();
    let mut counters = String::new();

    writeln!(lifeline, r#"{{"models":[{{"name":"child"}}]}}"#).unwrap();
    output.read_line(&mut addresses).unwrap();
    let models = get(&Addresses::parse(&addresses).unwrap().rest, "/v1/models");
    drop(lifeline);
    output.read_to_string(&mut counters).unwrap();

    assert!(models.starts_with("HTTP/1.1 200"), "{models}");
    assert!(models.contains(r#""id":"child""#), "{models}");
    assert_eq!(mock.wait().unwrap().code(), Some(0));
    let counters: Counters = serde_json::from_str(&counters).unwrap();
    assert_eq!(counters.in_flight, 0);
}

#[test]
fn it_tells_its_journal_when_it_is_asked_and_ends_when_it_is_asked_for_nonsense() {
    let mut mock = Tool::new().start_with_input(&CHILD);
    let mut input = mock.stdin.take().unwrap();
    let mut output = BufReader::new(mock.stdout.take().unwrap());
    let mut lines = [const { String::new() }; 3];

    writeln!(input, "{{}}").unwrap();
    output.read_line(&mut lines[0]).unwrap();
    writeln!(input, r#"{{"journal":{{"from":0}}}}"#).unwrap();
    output.read_line(&mut lines[1]).unwrap();
    writeln!(input, r#""dance""#).unwrap();
    output.read_line(&mut lines[2]).unwrap();

    let page = inferometer_mock::child::parse_page(&lines[1]).unwrap();
    assert_eq!((page.entries, page.next), (vec![], 0));
    assert!(serde_json::from_str::<Counters>(&lines[2]).is_ok());
    let ended = Ended::from(mock.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("could not understand what was asked"),
        "{ended:?}"
    );
}

#[test]
fn what_is_no_spec_is_refused_with_a_message_and_no_address() {
    let cases = [
        ("", "expected one line of JSON"),
        ("latency: 5ms\n", "expected one line of JSON"),
        ("{\"latencies\":1}\n", "unknown field `latencies`"),
        (
            "{\"faults\":[{\"status\":{\"share\":\"1%\",\"http\":200}}]}\n",
            "faults[0].status.http",
        ),
    ];
    for (line, told) in cases {
        let mut mock = Tool::new().start_with_input(&CHILD);
        mock.stdin
            .take()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();

        let ended = Ended::from(mock.wait_with_output().unwrap());

        assert_eq!(ended.code, Some(3), "{line}: {ended:?}");
        assert!(ended.stderr.contains(told), "{line}: {ended:?}");
        assert_eq!(ended.stdout, "", "{line}");
    }
}

#[test]
fn a_file_that_describes_no_mock_is_pointed_at() {
    let tool = Tool::new().file(
        "mock.yaml",
        "faults:\n  - { status: { share: 1%, http: 99 } }\n",
    );

    let ended = tool.run(&["mock", "mock.yaml"]);

    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("faults[0].status.http"), "{ended:?}");
    assert!(ended.stderr.contains("mock.yaml:2:34"), "{ended:?}");
}

#[test]
fn a_file_that_is_no_block_is_told_what_a_mock_is_made_of() {
    for (text, told) in [
        (
            "# nothing yet\n",
            "expected the description of a mock, found an empty file",
        ),
        ("- tiny\n", "expected the description of a mock: a block"),
        ("http: 503\n", "`http` belongs in `capacity.when_full`"),
    ] {
        let ended = Tool::new()
            .file("mock.yaml", text)
            .run(&["mock", "mock.yaml"]);

        assert_eq!(ended.code, Some(2), "{text}: {ended:?}");
        assert!(ended.stderr.contains(told), "{text}: {ended:?}");
        assert!(!ended.stderr.contains("scenario"), "{text}: {ended:?}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let ended = Tool::new().run(&[
        "mock",
        "--rest",
        &address,
        "--grpc",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
    ]);

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains(&address), "{ended:?}");
}

/// The whole answer to a GET, head and body.
fn get(url: &str, path: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    let mut answer = String::new();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    connection.read_to_string(&mut answer).unwrap();
    answer
}
