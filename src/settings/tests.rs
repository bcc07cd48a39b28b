use super::*;
use crate::client::{Mode, Protocol};

const FILE: &str = "\
mode: hybrid
deadline: ${DEADLINE:-10s}
retry: { attempts: 2, backoff: 20ms }
endpoints:
  - { protocol: oip_grpc, url: http://a }
  - { protocol: openai, url: http://b, api_key: { env: KEY_OF_B }, weight: 2 }
";

fn overrides(set: &[&str], environment: &[(&str, &str)]) -> Overrides {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Overrides {
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        environment: environment.collect(),
        variant: None,
    }
}

fn read(text: &str, overrides: &Overrides) -> ClientSettings {
    client_from_text("client.yaml", text, overrides).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said of a mistake, but for the list of all settings.
fn told(text: &str, overrides: &Overrides) -> String {
    let error = client_from_text("client.yaml", text, overrides).unwrap_err();
    let lines = error.to_string();
    let lines: Vec<String> = lines
        .lines()
        .map(|line| match line.split_once("expected one of `mode`, ") {
            Some((before, _)) => format!("{before}expected one of `mode`, [..], `endpoints`"),
            None => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// The value of a setting and its source, as they are printed.
fn source(settings: &ClientSettings, path: &str) -> String {
    let mut found = settings.settings.iter().filter(|one| one.path == path);
    let one = found.next().unwrap_or_else(|| panic!("no {path}"));
    format!("{} {}", one.value, one.origin)
}

#[test]
fn a_file_says_all_that_a_client_needs() {
    let settings = read(FILE, &Overrides::default());

    assert_eq!(settings.config.mode, Mode::Hybrid);
    assert_eq!(settings.config.deadline.to_string(), "10s");
    assert_eq!(settings.config.retry.attempts, 2);
    let protocols: Vec<Protocol> = settings.endpoints.iter().map(|at| at.protocol).collect();
    assert_eq!(protocols, [Protocol::OipGrpc, Protocol::Openai]);
}

#[test]
fn the_later_of_default_file_environment_and_set_wins_and_is_named() {
    let settings = read(
        FILE,
        &overrides(
            &["retry.attempts=4"],
            &[
                ("DEADLINE", "7s"),
                ("INFEROMETER_CLIENT__RETRY__ATTEMPTS", "3"),
                ("INFEROMETER_CLIENT__RETRY__BACKOFF", "1ms"),
                ("INFEROMETER_CLIENT__ENDPOINTS__1__URL", "http://c"),
            ],
        ),
    );

    assert_eq!(settings.config.retry.attempts, 4);
    assert_eq!(settings.endpoints[1].url, "http://c");
    for (path, expected) in [
        ("mode", "hybrid client.yaml:1"),
        ("deadline", "7s client.yaml:2"),
        ("connect_deadline", "1s default"),
        ("retry.attempts", "4 --set retry.attempts=4"),
        (
            "retry.backoff",
            "1ms environment variable INFEROMETER_CLIENT__RETRY__BACKOFF",
        ),
        ("retry.max_backoff", "2s default"),
        ("endpoints[0].protocol", "oip_grpc client.yaml:5"),
        (
            "endpoints[1].url",
            "http://c environment variable INFEROMETER_CLIENT__ENDPOINTS__1__URL",
        ),
        ("endpoints[1].api_key.env", "KEY_OF_B client.yaml:6"),
        ("endpoints[1].weight", "2 client.yaml:6"),
    ] {
        assert_eq!(source(&settings, path), expected, "{path}");
    }
}

#[test]
fn an_empty_block_is_a_client_without_endpoints() {
    let settings = read("{}", &Overrides::default());

    assert_eq!(settings.config, ClientConfig::default());
    assert_eq!(settings.endpoints, []);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_do() {
    let mistakes = [
        "dedline: 3s\n",
        "attempts: 3\n",
        "endpoint: []\n",
        "endpoints: []\n",
        "endpoints: [ { protocol: openai, url: models.example } ]\n",
        "endpoints:\n  - { protocol: openai, url: http://a, wieght: 2 }\n",
        "endpoints:\n  - { protocol: openai, url: http://a, api_key: planted }\n",
        "endpoints:\n  - { protocol: openai, url: 'http://me:planted@a' }\n",
        "mode: grpc\nendpoints: [ { protocol: openai, url: http://a } ]\n",
        "retry: { attempts: 30 }\n",
        "deadline: 0s\n",
        "deadline: 10\n",
        "mode: rset\n",
        "proxy: http://me:planted@proxy:3128\n",
        "",
        "[]",
        "name: my-first\n",
    ];
    let mut gallery: Vec<String> = mistakes
        .iter()
        .map(|text| told(text, &Overrides::default()))
        .collect();
    for over in [
        overrides(&["retry.atempts=3"], &[]),
        overrides(&["retry.attempts"], &[]),
        overrides(&[], &[("INFEROMETER_CLIENT__DEADLINE", "soon")]),
        overrides(
            &[],
            &[("INFEROMETER_CLIENT__ENDPOINTS__0__API_KEY", "planted")],
        ),
        overrides(
            &[],
            &[("INFEROMETER_CLIENT__ENDPOINTS__2__URL", "http://c")],
        ),
        overrides(&[], &[("INFEROMETER_CLIENT_DEADLINE", "3s")]),
    ] {
        gallery.push(told(FILE, &over));
    }

    insta::assert_snapshot!(gallery.join("\n\n"));
}
