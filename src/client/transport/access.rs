//! How an endpoint is entered: whom its `https` is believed, as whom the client presents itself, and with which key. Read
//! from `tls: { roots: ca.pem }` and `api_key: { env: OPENAI_API_KEY }` once, before anything is connected.

mod terms;

use crate::client::config::{Identity, Roots, Tls};
use crate::client::error::chain;
use crate::client::{Endpoint, Error};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Url};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{self, ClientTlsConfig};
use tonic::{Request, Status};

/// The most that is read of a file of certificates or keys, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// The field that says whom to trust.
const ROOTS: &str = "tls.roots";
/// The field that says as whom to appear.
const IDENTITY: &str = "tls.identity";

/// What one endpoint needs to be entered.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// The unix domain socket that stands for its host and port.
    socket: Option<PathBuf>,
    tls: Option<Trust>,
    /// The value of the header `authorization`, marked as sensitive.
    authorization: Option<HeaderValue>,
}

/// The files of TLS, checked.
#[derive(Debug, Clone)]
struct Trust {
    /// The certificates that alone are trusted; those of the system when there are none.
    roots: Option<Pem>,
    identity: Option<(Pem, Pem)>,
}

/// The text of a PEM file, perhaps of a private key.
#[derive(Clone)]
struct Pem(Vec<u8>);

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Access {
    /// Reads what the endpoint at this position needs; no file of TLS for one that is spoken to in plain text.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub(super) fn read(
        position: usize,
        endpoint: &Endpoint,
        tls: Option<&Tls>,
    ) -> Result<Self, Error> {
        let field = format!("endpoint {position}: api_key");
        let authorization = match (&endpoint.given_key, &endpoint.api_key) {
            (Some(key), _) => Some(key.bearer(&field, "the key given")?),
            (None, Some(place)) => Some(place.read(&field)?.bearer(&field, &place.named())?),
            (None, None) => None,
        };
        let tls = tls.map(|tls| Trust::read(endpoint, tls)).transpose()?;
        Ok(Self {
            socket: socket(&endpoint.url).map(PathBuf::from),
            tls,
            authorization,
        })
    }

    /// The unix domain socket that stands for its host and port.
    #[cfg(unix)]
    pub(super) fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// The value of the header `authorization`, if there is a key.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// The terms on which our own connections over HTTP/1.1 are encrypted; none for those in plain text.
    ///
    /// # Errors
    /// [`Error::Setup`].
    pub(super) fn terms(&self) -> Result<Option<Arc<rustls::ClientConfig>>, Error> {
        let terms = self.tls.as_ref().map(Trust::terms).transpose();
        terms.map_err(|error| Error::Setup(Box::new(error)))
    }

    /// Lets `builder` enter over REST.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub(super) fn rest(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let headers = self.authorization.iter().cloned();
        let headers = headers.map(|value| (AUTHORIZATION, value));
        let builder = builder.default_headers(headers.collect::<HeaderMap>());
        #[cfg(unix)]
        let builder = match &self.socket {
            Some(path) => builder.unix_socket(path.as_path()),
            None => builder,
        };
        match &self.tls {
            Some(trust) => trust.rest(builder),
            // Nothing is encrypted: the system's certificates are not even read.
            None => Ok(builder.tls_certs_only([])),
        }
    }

    /// The way in over gRPC to `base`, where each call has to show the [`Key`] besides.
    ///
    /// # Errors
    /// [`Error::Setup`] for what the files cannot tell.
    pub(super) fn grpc(&self, base: &Url) -> Result<transport::Endpoint, Error> {
        let address = match &self.socket {
            Some(path) => format!("{UNIX}{}", path.display()),
            None => base.to_string(),
        };
        let endpoint = transport::Endpoint::from_shared(address)
            .map_err(|error| Error::Setup(Box::new(error)))?;
        match &self.tls {
            Some(trust) => endpoint
                .tls_config(trust.grpc())
                .map_err(|error| Error::Setup(Box::new(error))),
            None => Ok(endpoint),
        }
    }

    /// What each call over gRPC shows.
    ///
    /// # Errors
    /// [`Error::Setup`], which no key causes that a header can hold.
    pub(super) fn key(&self) -> Result<Key, Error> {
        let Some(value) = &self.authorization else {
            return Ok(Key(None));
        };
        let mut value = MetadataValue::try_from(value.as_bytes())
            .map_err(|error| Error::Setup(Box::new(error)))?;
        value.set_sensitive(true);
        Ok(Key(Some(value)))
    }
}

/// How the URL of a unix domain socket begins.
const UNIX: &str = "unix:";

/// The path of the unix domain socket that a URL such as `unix:/run/model.sock` names, where there are any.
pub(super) fn socket(url: &str) -> Option<&str> {
    if cfg!(unix) {
        url.strip_prefix(UNIX)
    } else {
        None
    }
}

/// Shows a key in the metadata of each call, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Key(Option<MetadataValue<Ascii>>);

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            let metadata = request.metadata_mut();
            metadata.insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Trust {
    fn read(endpoint: &Endpoint, tls: &Tls) -> Result<Self, Error> {
        let named = String::from(tls.roots.clone());
        let roots = match (&endpoint.trusted, &tls.roots) {
            (Some(pem), _) => Some(Pem(pem.clone().into_bytes())),
            (None, Roots::System) => None,
            (None, Roots::File(path)) => Some(read_pem(ROOTS, path)?),
        };
        let alone = Self {
            roots,
            identity: None,
        };
        alone.try_out(ROOTS, &named)?;
        let Some(Identity { certificate, key }) = &tls.identity else {
            return Ok(alone);
        };
        let named = format!("{} with {}", certificate.display(), key.display());
        let identity = Some((
            read_pem("tls.identity.certificate", certificate)?,
            read_pem("tls.identity.key", key)?,
        ));
        let whole = Self { identity, ..alone };
        whole.try_out(IDENTITY, &named)?;
        Ok(whole)
    }

    /// Finds what is wrong before it is in use, while it is known which file it is.
    fn try_out(&self, field: &str, named: &str) -> Result<(), Error> {
        let built = self
            .on(reqwest::Client::builder())
            .and_then(ClientBuilder::build);
        built.map(drop).map_err(|error| {
            let reasons: Vec<String> = chain(&error).skip(1).map(ToString::to_string).collect();
            unusable(field, named, reasons.join(": "))
        })?;
        let is_empty = self
            .certificates()
            .is_ok_and(|found| found.is_some_and(|found| found.is_empty()));
        if is_empty {
            return Err(unusable(
                field,
                named,
                "no certificate stands in it".to_owned(),
            ));
        }
        Ok(())
    }

    fn rest(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        self.on(builder)
            .map_err(|error| Error::Setup(Box::new(error)))
    }

    fn certificates(&self) -> reqwest::Result<Option<Vec<Certificate>>> {
        let roots = self.roots.as_ref();
        roots
            .map(|Pem(pem)| Certificate::from_pem_bundle(pem))
            .transpose()
    }

    fn on(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let builder = match self.certificates()? {
            Some(certificates) => builder.tls_certs_only(certificates),
            None => builder,
        };
        let Some((Pem(certificate), Pem(key))) = &self.identity else {
            return Ok(builder);
        };
        let both = [certificate.as_slice(), b"\n", key].concat();
        Ok(builder.identity(reqwest::Identity::from_pem(&both)?))
    }

    fn grpc(&self) -> ClientTlsConfig {
        let tls = match &self.roots {
            Some(Pem(pem)) => {
                ClientTlsConfig::new().ca_certificate(transport::Certificate::from_pem(pem))
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        match &self.identity {
            Some((Pem(certificate), Pem(key))) => {
                tls.identity(transport::Identity::from_pem(certificate, key))
            }
            None => tls,
        }
    }
}

/// Reads a file that should be PEM.
fn read_pem(field: &str, path: &Path) -> Result<Pem, Error> {
    let refused = |reason: String| unusable(field, &path.display().to_string(), reason);
    let pem = bounded(path).map_err(|error| refused(error.to_string()))?;
    let is_pem = pem.windows(BEGIN.len()).any(|here| here == BEGIN);
    if !is_pem {
        return Err(refused("no PEM stands in it".to_owned()));
    }
    Ok(Pem(pem))
}

/// How each block of PEM begins.
const BEGIN: &[u8] = b"-----BEGIN ";

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut file = File::open(path)?.take(FILE_LIMIT);
    file.read_to_end(&mut content)?;
    if file.get_mut().read(&mut [0])? > 0 {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(content)
}

fn unusable(field: &str, named: &str, reason: String) -> Error {
    Error::Unusable {
        field: field.to_owned(),
        named: named.to_owned(),
        reason,
        remedy: match field {
            ROOTS => {
                "name a PEM file of certificates, or `system` where the operating system has some"
            }
            _ => "name a PEM file of the client's certificate and one of its private key",
        },
    }
}
