use super::*;
use crate::client::{ApiKey, Protocol};
use serde_json::json;

fn read(value: serde_json::Value) -> Result<Launch, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn minimal() -> Launch {
    read(json!({
        "command": ["server", "--port={port}", "{\"grpc\": {port.grpc}}"],
        "environment": { "METRICS": "{port.metrics}", "THREADS": 4, "QUIET": true, "HF": { "env": "HF" } },
        "endpoints": [
            { "protocol": "openai", "url": "http://127.0.0.1:{port}/v1" },
            { "protocol": "oip_grpc", "url": "http://127.0.0.1:{port.grpc}" },
        ],
    }))
    .unwrap()
}

#[test]
fn what_is_left_out_has_its_default_and_values_are_texts() {
    let launch = minimal();

    assert_eq!(launch.ready_within, Period::from_secs(60));
    assert_eq!(launch.stop_within, Period::from_secs(10));
    assert_eq!(
        launch.environment["THREADS"],
        Variable::Text("4".to_owned())
    );
    assert_eq!(
        launch.environment["QUIET"],
        Variable::Text("true".to_owned())
    );
    assert_eq!(
        launch.environment["HF"],
        Variable::Secret(ApiKey::Env("HF".to_owned()))
    );
    assert_eq!(
        read(serde_json::to_value(&launch).unwrap()).unwrap(),
        launch
    );
}

#[test]
fn ports_are_known_by_their_names_and_filled_in() {
    let launch = minimal();

    let endpoints = launch.endpoints_at(|name| if name.is_empty() { 8000 } else { 8001 });

    let told: Vec<String> = launch.told_ports().into_iter().collect();
    assert_eq!(told, ["", "grpc", "metrics"]);
    let asked: Vec<String> = launch.asked_ports().into_iter().collect();
    assert_eq!(asked, ["", "grpc"]);
    assert_eq!(
        endpoints,
        [
            Endpoint::new(Protocol::Openai, "http://127.0.0.1:8000/v1"),
            Endpoint::new(Protocol::OipGrpc, "http://127.0.0.1:8001"),
        ]
    );
}

#[test]
fn other_braces_stay_as_they_are() {
    let fill = |text| {
        filled(text, |placeholder| match placeholder {
            Placeholder::Port(name) => Some(format!("<{name}>")),
            Placeholder::Inferometer => None,
        })
    };

    for text in [
        "{",
        "{}",
        "}{",
        "{prot}",
        "{port",
        "{port.}",
        "{port.A}",
        "{inferometer}",
        "{\"a\": {}}",
    ] {
        assert_eq!(fill(text), text);
    }
    assert_eq!(fill("{{port}}"), "{<>}");
    assert_eq!(fill("{a{port.b-1}{port}"), "{a<b-1><>");
}

#[test]
fn what_is_no_launch_is_refused() {
    let endpoints = json!([{ "protocol": "openai", "url": "http://127.0.0.1:{port}" }]);
    for (launch, told) in [
        (
            json!({ "command": [], "endpoints": endpoints }),
            "expected a program and its arguments",
        ),
        (
            json!({ "command": ["a"], "endpoints": [] }),
            "expected at least one endpoint",
        ),
        (
            json!({ "command": ["a"], "endpoints": endpoints, "environment": { "A": [1] } }),
            "expected a value, or the place of a secret",
        ),
        (
            json!({ "command": ["a"], "endpoints": endpoints, "stop_within": "25h" }),
            "24h",
        ),
        (
            json!({ "command": ["a"], "endpoints": endpoints, "ready_within": null }),
            "invalid",
        ),
    ] {
        let error = read(launch).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}
