use super::*;
use inferometer_mock::Token;
use std::collections::BTreeSet;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn spec(yaml: &str) -> MockSpec {
    serde_saphyr::from_str(yaml).unwrap()
}

fn greeting(spec: &MockSpec) -> Greeting<'_> {
    Greeting {
        rest: "127.0.0.1:8000".parse().unwrap(),
        grpc: "127.0.0.1:8001".parse().unwrap(),
        admin: "127.0.0.1:8002".parse().unwrap(),
        spec,
        described_in: None,
        certificate: None,
        certificate_file: None,
    }
}

#[test]
fn without_a_file_it_is_addresses_and_examples_that_fit_a_narrow_terminal() {
    let spec = MockSpec::default();

    let text = greeting(&spec).text();

    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn with_a_file_it_tells_in_short_what_this_describes() {
    let spec = spec(
        "
models:
  - { name: large, loaded: false, load_time: 2s, size: 8GiB }
  - { name: resnet, inputs: [{ name: x, datatype: FP32, shape: [-1, 4] }], outputs: [{ name: y, datatype: BF16, shape: [-1, 2] }] }
latency: { lognormal: { median: 20ms, sigma: 0.4 } }
capacity: { slots: 8 }
faults: [{ status: { share: 1%, http: 503 } }, { stall: { every: 100 } }]
tls: self_signed
api_keys: [planted-key]
admin: { token: planted-token }
",
    );
    let file = Path::new("mock.yaml");
    let greeting = Greeting {
        described_in: Some(file),
        certificate: Some(PEM),
        ..greeting(&spec)
    };

    let text = greeting.text();

    assert!(!text.contains("planted"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_client_that_must_show_a_certificate_is_told_how_by_each_tool() {
    let spec = spec(
        "tls: { certificate: certs/my server.pem, key: server.key, client_ca: ca.pem }\nmodels: [{ name: it's, loaded: false }]",
    );

    let text = greeting(&spec).text();

    insta::assert_snapshot!(text);
}

#[test]
fn a_certificate_that_was_written_to_a_file_is_not_printed() {
    let spec = spec("tls: self_signed");
    let file = Path::new("/tmp/its.pem");
    let greeting = Greeting {
        certificate: Some(PEM),
        certificate_file: Some(file),
        ..greeting(&spec)
    };

    let text = greeting.text();

    assert!(!text.contains("MIIB"), "{text}");
    assert!(text.contains("--cacert /tmp/its.pem "), "{text}");
    assert!(text.contains("cafile=\"/tmp/its.pem\""), "{text}");
    assert!(
        text.contains("root_certificates=\"/tmp/its.pem\""),
        "{text}"
    );
}

#[test]
fn what_listens_everywhere_is_asked_on_this_machine() {
    let spec = MockSpec::default();
    let greeting = Greeting {
        rest: "0.0.0.0:8000".parse().unwrap(),
        grpc: "[::]:8001".parse().unwrap(),
        ..greeting(&spec)
    };

    let text = greeting.text();

    assert!(text.contains("curl http://127.0.0.1:8000/v1/"), "{text}");
    assert!(
        text.contains("InferenceServerClient(\"[::1]:8001\")"),
        "{text}"
    );
    assert!(greeting.addresses().contains("http://0.0.0.0:8000/v1"));
}

#[test]
fn the_examples_ask_a_model_that_can_answer() {
    let asked = |models: &str| {
        let spec = spec(&format!("models: {models}"));
        example_model(&spec.models).unwrap().name.clone()
    };
    let tensors = "inputs: [{ name: x, datatype: FP32, shape: [1] }], answer: echo";

    assert_eq!(asked("[{ name: a, loaded: false }, { name: b }]"), "b");
    assert_eq!(
        asked(&format!("[{{ name: a, {tensors} }}, {{ name: b }}]")),
        "b"
    );
    assert_eq!(
        asked(&format!(
            "[{{ name: a, loaded: false }}, {{ name: b, {tensors} }}]"
        )),
        "b"
    );
    assert_eq!(asked("[{ name: a, loaded: false }]"), "a");
}

#[test]
fn many_models_and_faults_are_counted_and_nothing_in_a_name_leaves_its_line() {
    let mut spec = MockSpec {
        models: (0..12).map(|n| ModelSpec::named(format!("m{n}"))).collect(),
        api_keys: vec![Token::new("one"), Token::new("two")],
        ..MockSpec::default()
    };
    spec.models[0].name = "\u{1b}[2J\u{202e}\nm0".to_owned();

    let text = description::text(&spec);

    let expected = [
        r"  models            \u{1b}[2J\u{202e}\nm0: loaded",
        "                    m9: loaded",
        "                    and 2 more",
        "  api_keys          2, of which every client has to send one",
    ];
    let lines: BTreeSet<&str> = text.lines().collect();
    for line in expected {
        assert!(lines.contains(line), "{line}\n{text}");
    }
    assert_eq!(lines.len(), 12);
}
