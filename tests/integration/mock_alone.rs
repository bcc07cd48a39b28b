//! `inferometer mock` as a person runs it: what it prints can be pasted, and its journal is what happened.

use crate::processes::{eventually, send};
use crate::tool::{Ended, Tool};
use inferometer_mock::Entry;
use rustix::process::Signal;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

const ANYWHERE: [&str; 7] = [
    "mock",
    "--rest",
    "127.0.0.1:0",
    "--grpc",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
];

/// The arguments of a mock at free ports.
fn mock<'a>(further: &[&'a str]) -> Vec<&'a str> {
    [&ANYWHERE, further].concat()
}

/// What a stream says up to and with the line that contains `last`.
fn read_until(stream: &mut impl BufRead, last: &str) -> String {
    let mut text = String::new();
    while !text.contains(last) {
        assert_ne!(stream.read_line(&mut text).unwrap(), 0, "{text}");
    }
    text
}

/// Interrupts the tool, and says how it ended.
fn interrupted(tool: Child) -> Ended {
    send(tool.id(), Signal::INT);
    Ended::from(tool.wait_with_output().unwrap())
}

/// What a shell makes of one command: its words, without their quotes, and with the key in the place of its variable.
fn words(command: &str, key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.replace("\\\n", " ").chars() {
        let word = words.last_mut().unwrap();
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() && word.is_empty() => {}
            None if c.is_whitespace() => words.push(String::new()),
            Some(_) | None => word.push(c),
        }
    }
    let named = |word: String| word.replace("$MOCK_KEY", key);
    words.into_iter().map(named).collect()
}

/// Sends what curl would send for this command, and returns the whole answer.
fn carry_out(command: &str, key: &str) -> String {
    let words = words(command, key);
    let url = words.iter().find(|word| word.contains("://")).unwrap();
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let options = |name: &str| -> Vec<String> {
        let behind = words.iter().zip(words.iter().skip(1));
        behind
            .filter(|(word, _)| *word == name)
            .map(|(_, value)| value.clone())
            .collect()
    };
    let (headers, body) = (options("-H").join("\r\n"), options("-d").concat());
    let length = body.len();
    let mut connection = TcpStream::connect(host).unwrap();
    let head = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}");
    write!(
        connection,
        "{head}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// The commands of a greeting that begin with `program`.
fn commands<'a>(greeting: &'a str, program: &str) -> Vec<&'a str> {
    let blocks = greeting.split("\n\n");
    let commands = blocks.filter_map(|block| Some(block.split_once('\n')?.1));
    commands
        .filter(|command| command.starts_with(program))
        .collect()
}

#[test]
fn the_printed_curl_commands_are_answered() {
    let mut tool = Tool::new().start(&mock(&[]));
    let mut output = BufReader::new(tool.stdout.take().unwrap());

    let greeting = read_until(&mut output, "Ctrl-C");
    let answers: Vec<_> = commands(&greeting, "curl ")
        .iter()
        .map(|command| carry_out(command, ""))
        .collect();
    let ended = interrupted(tool);

    assert_eq!(answers.len(), 2, "{greeting}");
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    assert!(
        answers[0].contains(r#""content":" alpha bravo charlie"#),
        "{answers:?}"
    );
    assert!(answers[1].contains("data: [DONE]"), "{answers:?}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_key_is_asked_for_and_never_printed() {
    let tool = Tool::new().file(
        "mock.yaml",
        "api_keys: [sk-planted]\nmodels: [{ name: cold, loaded: false }]\n",
    );
    let mut running = tool.start(&mock(&["mock.yaml"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());

    let greeting = read_until(&mut output, "Ctrl-C");
    let commands = commands(&greeting, "curl ");
    let locked_out = carry_out(commands[0], "KEY");
    let statuses: Vec<_> = commands
        .iter()
        .map(|command| carry_out(command, "sk-planted"))
        .map(|answer| answer.lines().next().unwrap().to_owned())
        .collect();
    let ended = interrupted(running);

    // The first of them loads the model.
    assert_eq!(statuses, ["HTTP/1.1 200 OK"; 3]);
    assert!(locked_out.starts_with("HTTP/1.1 401"), "{locked_out}");
    assert!(greeting.contains("export MOCK_KEY=KEY"), "{greeting}");
    assert!(greeting.contains("cold: not loaded"), "{greeting}");
    assert!(!greeting.contains("sk-planted"), "{greeting}");
    assert!(!ended.stderr.contains("sk-planted"), "{ended:?}");
}

#[test]
fn quiet_is_the_addresses_alone_and_the_certificate_goes_where_it_is_told() {
    let tool = Tool::new().file("mock.yaml", "tls: self_signed\n");
    let mut running = tool.start(&mock(&["mock.yaml", "--quiet", "--certificate", "its.pem"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());

    let told = read_until(&mut output, "Metrics for Prometheus");
    interrupted(running);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();

    assert_eq!(told.lines().count(), 5, "{told}");
    assert!(told.starts_with("OpenAI REST                     https://127.0.0.1:"));
    assert_eq!(rest, "");
    let pem = fs::read_to_string(tool.path("its.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[test]
fn each_request_that_ended_is_a_line_of_the_journal() {
    let tool = Tool::new();
    let mut running = tool.start(&mock(&["--journal", "journal.jsonl"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let greeting = read_until(&mut output, "Ctrl-C");
    let chat = commands(&greeting, "curl ")[0];

    carry_out(chat, "");
    let first = eventually("a first line", || {
        let text = fs::read_to_string(tool.path("journal.jsonl")).ok()?;
        text.ends_with('\n').then_some(text)
    });
    (0..300).for_each(|_| drop(carry_out(chat, "")));
    let ended = interrupted(running);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let whole = fs::read_to_string(tool.path("journal.jsonl")).unwrap();
    assert!(whole.starts_with(&first), "{first}");
    let entries: Vec<Entry> = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (0..301).collect::<Vec<_>>());
    assert_eq!(entries[300].output_tokens, 8);
}

#[test]
fn a_journal_on_standard_output_is_alone_there() {
    let mut running = Tool::new().start(&mock(&["--journal", "-"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let greeting = read_until(
        &mut BufReader::new(running.stderr.take().unwrap()),
        "Ctrl-C",
    );

    carry_out(commands(&greeting, "curl ")[0], "");
    let line = read_until(&mut output, "\n");
    let ended = interrupted(running);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(serde_json::from_str::<Entry>(&line).unwrap().number, 0);
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_mock_with_a_message() {
    let mut running = Tool::new().start(&mock(&["--journal", "/dev/full"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let greeting = read_until(&mut output, "Ctrl-C");

    carry_out(commands(&greeting, "curl ")[0], "");
    let ended = Ended::from(running.wait_with_output().unwrap());

    assert_eq!(ended.code, Some(3), "{ended:?}");
    let told = "error: could not write the journal to /dev/full: No space left on device";
    assert!(ended.stderr.starts_with(told), "{ended:?}");
}

#[test]
fn what_the_journal_forgot_before_it_was_written_is_told() {
    let tool = Tool::new().file("mock.yaml", "journal: { requests: 1 }\n");
    let mut running = tool.start(&mock(&["mock.yaml", "--journal", "journal.jsonl"]));
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let greeting = read_until(&mut output, "Ctrl-C");
    let chat = commands(&greeting, "curl ")[0];

    // Far more in a tenth of a second than the one that is remembered.
    (0..50).for_each(|_| drop(carry_out(chat, "")));
    let ended = interrupted(running);

    assert_eq!(ended.code, Some(3), "{ended:?}");
    let written = fs::read_to_string(tool.path("journal.jsonl")).unwrap();
    let lacking = 50 - written.lines().count();
    let told = format!("error: the journal lacks {lacking} requests");
    assert!(ended.stderr.starts_with(&told), "{ended:?}");
}

#[test]
fn what_a_mock_cannot_do_with_an_option_is_said_before_it_starts() {
    let tool = Tool::new().file("mock.yaml", "journal: { requests: 0 }\n");
    for (option, code, told) in [
        (
            "--journal=j",
            2,
            "error: --journal: expected a mock that keeps a journal",
        ),
        (
            "--certificate=c",
            2,
            "error: --certificate: expected a mock that makes a certificate",
        ),
    ] {
        let ended = tool.run(&mock(&["mock.yaml", option]));

        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.stderr.starts_with(told), "{ended:?}");
    }

    let ended = tool.run(&mock(&["--journal", "nowhere/j"]));

    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stderr
            .starts_with("error: could not open the journal nowhere/j"),
        "{ended:?}"
    );
}
