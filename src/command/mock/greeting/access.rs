//! How a client gets in, as each tool says it: `--cacert mock.pem` to curl, `root_certificates="mock.pem"` to Triton's
//! client. A key is never written out: the examples read it from the environment, where its owner puts it.

use super::quote;
use inferometer_mock::{MockSpec, Tls};
use std::path::Path;

/// The environment variable from which the examples take a key.
pub(super) const KEY: &str = "MOCK_KEY";

/// Where the examples expect a certificate that the mock has made for itself.
pub(super) const CERTIFICATE: &str = "mock.pem";

/// The files by which a client shows who it is, for their owner to put there.
const OWN: (&str, &str) = ("client.pem", "client.key");

/// What a client needs in order to get in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Access {
    /// The file of the certificate to trust; none without TLS.
    pub(super) trusted: Option<String>,
    /// Must it show a certificate of its own?
    pub(super) shows_its_own: bool,
    /// Must it send a key?
    pub(super) sends_a_key: bool,
}

impl Access {
    /// What a mock of this specification asks for; `certificate` is where its own certificate was written to.
    pub(super) fn to(spec: &MockSpec, certificate: Option<&Path>) -> Self {
        let (trusted, shows_its_own) = match &spec.tls {
            None => (None, false),
            Some(Tls::SelfSigned) => {
                let file = certificate.map_or(CERTIFICATE.into(), Path::to_string_lossy);
                (Some(file.into_owned()), false)
            }
            Some(Tls::Files(files)) => (
                Some(files.certificate.to_string_lossy().into_owned()),
                files.client_ca.is_some(),
            ),
        };
        Self {
            trusted,
            shows_its_own,
            sends_a_key: !spec.api_keys.is_empty(),
        }
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> &'static str {
        match self.trusted {
            Some(_) => "https",
            None => "http",
        }
    }

    /// Options of curl.
    pub(super) fn curl(&self) -> Vec<String> {
        self.options("--cacert", "--cert", "--key")
    }

    /// Options of grpcurl.
    pub(super) fn grpcurl(&self) -> Vec<String> {
        match self.trusted {
            Some(_) => self.options("-cacert", "-cert", "-key"),
            None => [vec!["-plaintext".to_owned()], self.options("", "", "")].concat(),
        }
    }

    fn options(&self, trust: &str, own: &str, own_key: &str) -> Vec<String> {
        let (certificate, key) = OWN;
        let trusted = self
            .trusted
            .iter()
            .map(|file| format!("{trust} {}", quote::shell(file)));
        let shown = self
            .shows_its_own
            .then(|| format!("{own} {certificate} {own_key} {key}"));
        let sent = self
            .sends_a_key
            .then(|| format!("-H \"authorization: Bearer ${KEY}\""));
        trusted.chain(shown).chain(sent).collect()
    }

    /// What OpenAI's SDK is made with besides its address, an argument on each line, behind the lines that prepare it.
    pub(super) fn openai(&self) -> (Vec<String>, Vec<String>) {
        let key = if self.sends_a_key {
            format!("api_key=os.environ[\"{KEY}\"]")
        } else {
            "api_key=\"none\"".to_owned()
        };
        let Some(file) = &self.trusted else {
            return (Vec::new(), vec![key]);
        };
        let file = quote::python(file);
        let mut prepared = vec![format!("trust = ssl.create_default_context(cafile={file})")];
        if self.shows_its_own {
            let (certificate, key) = OWN;
            prepared.push(format!(
                "trust.load_cert_chain(\"{certificate}\", \"{key}\")"
            ));
        }
        let trusting = "http_client=openai.DefaultHttpxClient(verify=trust)".to_owned();
        (prepared, vec![key, trusting])
    }

    /// What Triton's client over HTTP is made with besides its address.
    pub(super) fn triton_http(&self) -> Vec<String> {
        let (certificate, key) = OWN;
        let own = if self.shows_its_own {
            format!(", \"certfile\": \"{certificate}\", \"keyfile\": \"{key}\"")
        } else {
            String::new()
        };
        let options = |file| {
            let file = quote::python(file);
            vec![
                "ssl=True".to_owned(),
                format!("ssl_options={{\"ca_certs\": {file}{own}}}"),
            ]
        };
        self.trusted.as_deref().map(options).unwrap_or_default()
    }

    /// What Triton's client over gRPC is made with besides its address.
    pub(super) fn triton_grpc(&self) -> Vec<String> {
        let Some(file) = &self.trusted else {
            return Vec::new();
        };
        let file = quote::python(file);
        let mut options = vec!["ssl=True".to_owned(), format!("root_certificates={file}")];
        if self.shows_its_own {
            let (certificate, key) = OWN;
            options.push(format!("certificate_chain=\"{certificate}\""));
            options.push(format!("private_key=\"{key}\""));
        }
        options
    }

    /// What a call of Triton's client takes besides its tensors.
    pub(super) fn triton_call(&self) -> Vec<String> {
        let headers = format!("headers={{\"authorization\": \"Bearer \" + os.environ[\"{KEY}\"]}}");
        self.sends_a_key.then_some(headers).into_iter().collect()
    }
}
