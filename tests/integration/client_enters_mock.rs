//! The embedded client before locked doors: TLS, certificates of its own, and keys, over both protocols.

use crate::relay::{Relay, authority};
use inferometer::client::{
    ApiKey, Client, ClientConfig, Endpoint, Failed, FailureKind, HttpVersion, Identity, Input,
    Mode, Protocol, Request, Roots, Secret, Tls,
};
use inferometer_mock::{Mock, MockSpec};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const MODES: [Mode; 2] = [Mode::Rest, Mode::Grpc];

async fn mock(spec: serde_json::Value) -> Mock {
    let spec: MockSpec = serde_json::from_value(spec).unwrap();
    Mock::start(spec).await.unwrap()
}

fn endpoints(mock: &Mock) -> [Endpoint; 2] {
    [
        Endpoint::new(Protocol::Openai, mock.rest_url()),
        Endpoint::new(Protocol::OipGrpc, mock.grpc_url()),
    ]
}

/// What a client hears when it asks for four tokens, streamed.
async fn asked(mode: Mode, tls: &Tls, endpoints: &[Endpoint]) -> Result<String, Failed> {
    let config = ClientConfig {
        mode,
        tls: tls.clone(),
        ..ClientConfig::default()
    };
    asked_by(&config, endpoints).await
}

async fn asked_by(config: &ClientConfig, endpoints: &[Endpoint]) -> Result<String, Failed> {
    let client = Client::new(config, endpoints).unwrap();
    let answer = client.inference().execute(&prompt()).await?;
    // Calls besides inference have to get in as well.
    client.models().list().await.unwrap();
    Ok(answer.text)
}

/// Asks for four tokens, streamed.
fn prompt() -> Request {
    Request {
        id: "locked".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt("one two three".to_owned()),
        max_tokens: 4,
        stream: true,
        temperature: None,
        top_p: None,
    }
}

/// A folder with an authority and what it has signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate and its key.
    fn signs(self, name: &str, whom: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([whom.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        self
    }

    fn roots(&self) -> Roots {
        Roots::File(self.path("ca.pem"))
    }

    fn identity(&self, certificate: &str, key: &str) -> Tls {
        Tls {
            roots: self.roots(),
            identity: Some(Identity {
                certificate: self.path(certificate),
                key: self.path(key),
            }),
        }
    }
}

#[tokio::test]
async fn a_server_is_believed_by_those_who_trust_its_certificate_alone() {
    let mock = mock(json!({ "tls": "self_signed" })).await;
    let pem = mock.certificate_pem().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mock.pem");
    fs::write(&path, pem).unwrap();
    let strangers = Authority::new();
    let from_file = Tls {
        roots: Roots::File(path),
        ..Tls::default()
    };
    let other = Tls {
        roots: strangers.roots(),
        ..Tls::default()
    };

    for mode in MODES {
        let given = endpoints(&mock).map(|endpoint| endpoint.trusting(pem));
        let heard_by_given = asked(mode, &other, &given).await.unwrap();
        let heard_by_file = asked(mode, &from_file, &endpoints(&mock)).await.unwrap();
        let refused = asked(mode, &other, &endpoints(&mock)).await.unwrap_err();

        assert_eq!(heard_by_given, " alpha bravo charlie delta");
        assert_eq!(heard_by_file, " alpha bravo charlie delta");
        assert_eq!(refused.failure.kind, FailureKind::Connect);
        let told = refused.failure.message;
        assert!(told.contains("invalid peer certificate: "), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_the_clients() {
    let authority = Authority::new()
        .signs("mock", "127.0.0.1")
        .signs("client", "client");
    let files = json!({
        "certificate": authority.path("mock.pem"),
        "key": authority.path("mock.key"),
        "client_ca": authority.path("ca.pem"),
    });
    let mock = mock(json!({ "tls": files })).await;
    let known = authority.identity("client.pem", "client.key");
    let unknown = Tls {
        roots: authority.roots(),
        identity: None,
    };

    for mode in MODES {
        let heard = asked(mode, &known, &endpoints(&mock)).await.unwrap();
        let refused = asked(mode, &unknown, &endpoints(&mock)).await.unwrap_err();

        assert_eq!(heard, " alpha bravo charlie delta");
        let told = refused.failure.message;
        assert!(told.contains("CertificateRequired"), "{told}");
    }
}

#[tokio::test]
async fn a_key_opens_every_call_and_another_none() {
    let mock = mock(json!({ "api_keys": ["sk-planted", "sk-second"] })).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "sk-second\n").unwrap();

    for (mode, refusal) in [
        (Mode::Rest, FailureKind::Http(401)),
        (Mode::Grpc, FailureKind::Grpc(16)),
    ] {
        let given = endpoints(&mock).map(|at| at.with_key(Secret::new("sk-planted")));
        let in_file = endpoints(&mock).map(|mut at| {
            at.api_key = Some(ApiKey::File(path.clone()));
            at
        });
        let other = endpoints(&mock).map(|at| at.with_key(Secret::new("planted-other")));

        let heard = asked(mode, &Tls::default(), &given).await.unwrap();
        let heard_by_file = asked(mode, &Tls::default(), &in_file).await.unwrap();
        let refused = asked(mode, &Tls::default(), &other).await.unwrap_err();
        let keyless = asked(mode, &Tls::default(), &endpoints(&mock))
            .await
            .unwrap_err();

        assert_eq!(heard, " alpha bravo charlie delta");
        assert_eq!(heard_by_file, " alpha bravo charlie delta");
        assert_eq!(refused.failure.kind, refusal);
        assert_eq!(keyless.failure.kind, refusal);
        let client = Client::new(
            &ClientConfig {
                mode,
                ..ClientConfig::default()
            },
            &given,
        );
        let shown = format!("{client:?} {given:?} {refused:?} {refused}");
        assert!(!shown.contains("planted"), "{shown}");
        assert!(!serde_json::to_string(&given).unwrap().contains("planted"));
    }
}

/// The REST endpoint of a mock, which signs for itself or does not encrypt at all, with another authority in its URL.
fn rest_at(mock: &Mock, at: &str) -> Endpoint {
    let [mut rest, _] = endpoints(mock);
    rest.url = rest.url.replace(&authority(&rest.url), at);
    match mock.certificate_pem() {
        Some(pem) => rest.trusting(pem),
        None => rest,
    }
}

#[tokio::test]
async fn http_2_needs_one_connection_for_all_plain_and_encrypted() {
    for tls in [json!(null), json!("self_signed")] {
        let mut spec = json!({ "latency": { "fixed": "50ms" } });
        if !tls.is_null() {
            spec["tls"] = tls;
        }
        let mock = mock(spec).await;

        for (http_version, connections) in [(HttpVersion::Two, 1), (HttpVersion::One, 3)] {
            let relay = Relay::to(&mock.rest_url()).await;
            let config = ClientConfig {
                http_version,
                ..ClientConfig::default()
            };
            let client = Client::new(&config, &[rest_at(&mock, &relay.authority)]).unwrap();

            let (inference, asked) = (client.inference(), prompt());
            let answers = tokio::join!(
                inference.execute(&asked),
                inference.execute(&asked),
                inference.execute(&asked)
            );

            for answer in [answers.0, answers.1, answers.2] {
                assert_eq!(answer.unwrap().text, " alpha bravo charlie delta");
            }
            assert_eq!(relay.seen().len(), connections, "{http_version:?}");
        }
    }
}

#[tokio::test]
async fn a_proxy_gets_plain_requests_whole_and_passes_encrypted_ones_on() {
    let plain = mock(json!({})).await;
    let encrypted = mock(json!({ "tls": "self_signed" })).await;
    let at = authority(&plain.rest_url());
    let whole = format!("POST http://{at}/v1/completions HTTP/1.1");
    let tunnel = format!("CONNECT {} HTTP/1.1", authority(&encrypted.rest_url()));

    for (mock, line) in [(&plain, whole), (&encrypted, tunnel)] {
        let proxy = Relay::proxy().await;
        let config = ClientConfig {
            proxy: Some(format!("http://{}", proxy.authority)),
            ..ClientConfig::default()
        };
        let endpoint = rest_at(mock, &authority(&mock.rest_url()));

        let heard = asked_by(&config, &[endpoint]).await.unwrap();

        assert_eq!(heard, " alpha bravo charlie delta");
        assert_eq!(proxy.seen(), [line]);
    }
}

#[tokio::test]
async fn a_unix_domain_socket_is_an_endpoint_of_any_protocol() {
    let mock = mock(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("unix:{}", folder.path().join("nobody").display());

    for (mode, [rest, grpc]) in MODES.map(|mode| (mode, endpoints(&mock))) {
        let mut endpoint = if mode == Mode::Rest { rest } else { grpc };
        let path = folder.path().join(format!("{mode}.sock"));
        let _relay = Relay::from_socket(&path, &endpoint.url);
        endpoint.url = format!("unix:{}", path.display());
        let heard = asked(mode, &Tls::default(), &[endpoint.clone()]).await;
        endpoint.url.clone_from(&nobody);
        let refused = asked(mode, &Tls::default(), &[endpoint]).await;

        assert_eq!(heard.unwrap(), " alpha bravo charlie delta");
        assert_eq!(refused.unwrap_err().failure.kind, FailureKind::Connect);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_field_and_what_to_do() {
    let authority = Authority::new()
        .signs("client", "client")
        .signs("other", "other");
    fs::write(authority.path("empty.pem"), "").unwrap();
    fs::write(authority.path("huge.pem"), vec![b'-'; 1024 * 1024 + 1]).unwrap();
    let roots = |name: &str| Tls {
        roots: Roots::File(authority.path(name)),
        identity: None,
    };

    for (tls, field, reason) in [
        (
            roots("none.pem"),
            "tls.roots",
            "No such file or directory (os error 2)",
        ),
        (roots("empty.pem"), "tls.roots", "no PEM stands in it"),
        (roots("huge.pem"), "tls.roots", "it is longer than 1 MiB"),
        (
            roots("client.key"),
            "tls.roots",
            "no certificate stands in it",
        ),
        (
            authority.identity("empty.pem", "client.key"),
            "tls.identity.certificate",
            "no PEM stands in it",
        ),
        (
            authority.identity("client.pem", "none.key"),
            "tls.identity.key",
            "No such file or directory (os error 2)",
        ),
        (
            authority.identity("client.pem", "other.pem"),
            "tls.identity",
            "private key or certificate not found",
        ),
        (
            authority.identity("client.pem", "other.key"),
            "tls.identity",
            "keys may not be consistent",
        ),
    ] {
        let config = ClientConfig {
            tls,
            ..ClientConfig::default()
        };
        let endpoint = Endpoint::new(Protocol::Openai, "https://127.0.0.1:1");

        let told = Client::new(&config, &[endpoint]).unwrap_err().to_string();

        let begin = format!("{field}: could not use `");
        assert!(told.starts_with(&begin), "{told}");
        assert!(told.contains(reason), "{told}");
        assert!(told.contains("; name a PEM file of"), "{told}");
    }
}
