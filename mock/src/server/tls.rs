//! The mock's end of TLS: its certificate, whom it lets in, and which protocols it offers.
//!
//! ```text
//! Tls::SelfSigned -> a certificate for localhost, 127.0.0.1 and ::1 \
//! Tls::Files      -> certificate, key, perhaps an authority for clients -> Identity (acceptor, ALPN h2 and http/1.1)
//! ```

use crate::spec::{Tls, TlsFiles};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fmt::{self, Debug, Formatter};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What the mock calls the certificate that it makes for itself.
const OWN: &str = "its own certificate";

/// Why TLS cannot be spoken as specified.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file holds nothing of its kind.
    #[error("could not read {kind} in PEM from `{}`: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// `a certificate` or `a private key`.
        kind: &'static str,
        /// What was wrong with it.
        source: pem::Error,
    },
    /// What the files hold does not fit together, or cannot be used.
    #[error("could not use {what}: {source}")]
    Unfit {
        /// What cannot be used, with its files, such as ``the certificate `a.pem` with the key `a.key` ``.
        what: String,
        /// What was wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The largest file: a chain of certificates has some ten thousand bytes.
const LARGEST: u64 = 1 << 20;

/// Why what is named so cannot be used.
fn unfit<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl Fn(E) -> TlsError {
    move |error| TlsError::Unfit {
        what: what.to_owned(),
        source: Box::new(error),
    }
}

/// Who the mock is to its clients.
#[derive(Clone)]
pub(super) struct Identity {
    /// Does the handshake.
    pub(super) acceptor: TlsAcceptor,
    /// The certificate that clients have to trust, in PEM, when the mock has made it for itself.
    pub(super) self_signed: Option<String>,
}

impl Debug for Identity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// The identity that a specification describes.
    pub(super) fn try_new(tls: &Tls) -> Result<Self, TlsError> {
        match tls {
            Tls::SelfSigned => Self::self_signed(),
            Tls::Files(files) => Self::from_files(files),
        }
    }

    fn self_signed() -> Result<Self, TlsError> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).map_err(unfit(OWN))?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        Ok(Self {
            acceptor: acceptor(OWN, vec![made.cert.der().clone()], key, None)?,
            self_signed: Some(made.cert.pem()),
        })
    }

    fn from_files(files: &TlsFiles) -> Result<Self, TlsError> {
        let key = contents(&files.key).and_then(|pem| PrivateKeyDer::from_pem_slice(&pem));
        let key = key.map_err(unreadable(&files.key, "a private key"))?;
        let verifier = files.client_ca.as_deref().map(verifier).transpose()?;
        let what = format!(
            "the certificate `{}` with the key `{}`",
            files.certificate.display(),
            files.key.display()
        );
        let chain = certificates(&files.certificate)?;
        Ok(Self {
            acceptor: acceptor(&what, chain, key, verifier)?,
            self_signed: None,
        })
    }
}

/// All certificates in a file, which are one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = contents(file)
        .and_then(|pem| CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>());
    match read {
        Ok(none) if none.is_empty() => Err(pem::Error::NoItemsFound),
        read => read,
    }
    .map_err(unreadable(file, "a certificate"))
}

/// What stands in a file, unless that is more than a file of its kind can hold.
fn contents(file: &Path) -> Result<Vec<u8>, pem::Error> {
    let mut contents = Vec::new();
    let read = File::open(file)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut contents))
        .map_err(pem::Error::Io)?;
    if u64::try_from(read).is_ok_and(|read| read <= LARGEST) {
        Ok(contents)
    } else {
        let message = format!("expected at most {LARGEST} bytes, found more");
        Err(pem::Error::Io(io::Error::other(message)))
    }
}

fn unreadable(file: &Path, kind: &'static str) -> impl FnOnce(pem::Error) -> TlsError {
    move |source| TlsError::File {
        file: file.to_owned(),
        kind,
        source,
    }
}

fn acceptor(
    what: &str,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<TlsAcceptor, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit(what))?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(unfit(what))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Lets in clients whose certificate one of those in a file has signed.
fn verifier(authority: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let what = format!("the authority for clients in `{}`", authority.display());
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority)? {
        roots.add(certificate).map_err(unfit(&what))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(unfit(&what))
}

#[cfg(test)]
mod hostile;
