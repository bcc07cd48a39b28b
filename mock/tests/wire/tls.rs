//! TLS on both ports: who is let in, and what is spoken inside.

use crate::mock;
use http::{Request, Version};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use inferometer_mock::{Error, Mock, MockSpec, Tls};
use inferometer_proto::inference::ServerLiveRequest;
use inferometer_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tonic::transport::{self, Channel, ClientTlsConfig};

const SELF_SIGNED: &str = r#"{"tls":"self_signed"}"#;

/// A client's end of TLS: whom it trusts, who it is, and which protocol it offers.
struct Trust {
    authority: Option<String>,
    identity: Option<(String, String)>,
    alpn: &'static str,
}

impl Trust {
    fn in_nobody() -> Self {
        Self {
            authority: None,
            identity: None,
            alpn: "h2",
        }
    }

    fn in_authority(pem: &str) -> Self {
        Self {
            authority: Some(pem.to_owned()),
            ..Self::in_nobody()
        }
    }

    fn config(self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        if let Some(pem) = &self.authority {
            roots
                .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
                .unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![self.alpn.into()];
        config
    }
}

/// The version in which the mock answers `/health`, or why it did not.
async fn version(mock: &Mock, trust: Trust) -> Result<Version, Box<dyn std::error::Error>> {
    let url = mock.rest_url() + "/health";
    let address = mock.rest_url().trim_start_matches("https://").to_owned();
    let stream = TcpStream::connect(address).await?;
    let is_http_2 = trust.alpn == "h2";
    let connector = TlsConnector::from(Arc::new(trust.config()));
    let stream = connector.connect("127.0.0.1".try_into()?, stream).await?;
    let agreed = stream.get_ref().1.alpn_protocol().unwrap_or_default();
    assert_eq!(agreed == b"h2", is_http_2);
    let request = Request::get(url).header("host", "mock");
    let request = request.body(Empty::<Bytes>::new())?;
    let stream = TokioIo::new(stream);
    let response = if is_http_2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::select! {
            response = sender.send_request(request) => response?,
            _ = connection => return Err(io::Error::other("the connection ended").into()),
        }
    } else {
        let (mut sender, connection) = http1::handshake(stream).await?;
        tokio::select! {
            response = sender.send_request(request) => response?,
            _ = connection => return Err(io::Error::other("the connection ended").into()),
        }
    };
    assert_eq!(response.status(), 200);
    Ok(response.version())
}

#[tokio::test]
async fn a_self_signed_mock_speaks_http_1_and_2_to_those_who_trust_it() {
    let mock = mock(SELF_SIGNED).await;
    let trust = Trust::in_authority(mock.certificate_pem().unwrap());
    let http_1 = Trust {
        alpn: "http/1.1",
        ..Trust::in_authority(mock.certificate_pem().unwrap())
    };

    let by_http_2 = version(&mock, trust).await.unwrap();
    let by_http_1 = version(&mock, http_1).await.unwrap();
    let by_a_stranger = version(&mock, Trust::in_nobody()).await;

    assert!(mock.rest_url().starts_with("https://127.0.0.1:"));
    assert_eq!(by_http_2, Version::HTTP_2);
    assert_eq!(by_http_1, Version::HTTP_11);
    assert!(by_a_stranger.is_err());
}

#[tokio::test]
async fn a_plain_mock_speaks_http_1_and_2_too_and_has_no_certificate() {
    let mock = mock("{}").await;
    let ask = async |client: reqwest::ClientBuilder| {
        let url = mock.rest_url() + "/health";
        let response = client.build().unwrap().get(url).send().await.unwrap();
        response.version()
    };

    let preferred = ask(reqwest::Client::builder()).await;
    let asked_for = ask(reqwest::Client::builder().http2_prior_knowledge()).await;

    assert_eq!(preferred, Version::HTTP_11);
    assert_eq!(asked_for, Version::HTTP_2);
    assert_eq!(mock.certificate_pem(), None);
}

async fn live(channel: Channel) -> bool {
    let mut client = GrpcInferenceServiceClient::new(channel);
    let answer = client.server_live(ServerLiveRequest {}).await.unwrap();
    answer.into_inner().live
}

#[tokio::test]
async fn grpc_is_spoken_inside_tls() {
    let mock = mock(SELF_SIGNED).await;
    let authority = transport::Certificate::from_pem(mock.certificate_pem().unwrap());
    let trusting = ClientTlsConfig::new().ca_certificate(authority);
    let endpoint = Channel::from_shared(mock.grpc_url())
        .unwrap()
        .tls_config(trusting)
        .unwrap();

    let live = live(endpoint.connect().await.unwrap()).await;

    assert!(live);
}

/// An authority, and the files of a mock whose certificate it has signed and which lets in those it has signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A certificate and its key, in PEM.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn spec(&self) -> MockSpec {
        let (certificate, key) = self.sign("127.0.0.1");
        serde_json::from_value(serde_json::json!({ "tls": {
            "certificate": self.file("mock.pem", &certificate),
            "key": self.file("mock.key", &key),
            "client_ca": self.file("ca.pem", &self.issuer.pem()),
        }}))
        .unwrap()
    }
}

#[tokio::test]
async fn only_clients_that_the_authority_has_signed_are_let_in() {
    let (authority, other) = (Authority::new(), Authority::new());
    let mock = Mock::start(authority.spec()).await.unwrap();
    let as_signed_by = |signer: &Authority| Trust {
        identity: Some(signer.sign("client")),
        ..Trust::in_authority(&authority.issuer.pem())
    };

    let signed = version(&mock, as_signed_by(&authority)).await;
    let signed_elsewhere = version(&mock, as_signed_by(&other)).await;
    let unsigned = version(&mock, Trust::in_authority(&authority.issuer.pem())).await;

    assert_eq!(signed.unwrap(), Version::HTTP_2);
    assert!(signed_elsewhere.is_err());
    assert!(unsigned.is_err());
    assert_eq!(mock.certificate_pem(), None);
}

#[tokio::test]
async fn files_that_hold_no_certificate_are_named() {
    let authority = Authority::new();
    let spec = authority.spec();
    let empty = authority.file("mock.pem", "");

    let error = Mock::start(spec).await.unwrap_err();

    assert!(matches!(error, Error::Tls(_)));
    let told = error.to_string();
    let expected = format!(
        "could not read a certificate in PEM from `{}`: ",
        empty.display()
    );
    assert!(told.starts_with(&expected), "{told}");
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused() {
    let authority = Authority::new();
    let spec = authority.spec();
    let (_, key) = authority.sign("127.0.0.1");
    let key = authority.file("mock.key", &key);

    let error = Mock::start(spec).await.unwrap_err();

    let told = error.to_string();
    let expected = format!(
        "could not use the certificate `{}` with the key `{}`: ",
        key.with_extension("pem").display(),
        key.display()
    );
    assert!(told.starts_with(&expected), "{told}");
}

#[tokio::test]
async fn a_file_without_an_end_is_not_read_to_it() {
    let authority = Authority::new();
    let mut spec = authority.spec();
    let Some(Tls::Files(files)) = &mut spec.tls else {
        panic!("it has files")
    };
    files.certificate = "/dev/zero".into();

    let error = Mock::start(spec).await.unwrap_err();

    let told = error.to_string();
    assert!(
        told.contains("expected at most 1048576 bytes, found more"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_begins_is_given_up_after_10_seconds() {
    let mock = mock(SELF_SIGNED).await;
    let address = mock.rest_url();
    let mut silent = TcpStream::connect(address.trim_start_matches("https://"))
        .await
        .unwrap();
    let start = Instant::now();

    let read = silent.read(&mut [0; 1]).await.unwrap();

    assert_eq!(read, 0);
    let waited = start.elapsed();
    assert!(
        (Duration::from_secs(10)..Duration::from_millis(10_010)).contains(&waited),
        "{waited:?}"
    );
}
