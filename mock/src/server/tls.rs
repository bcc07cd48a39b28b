//! The mock's end of TLS: its certificate, whom it lets in, and which protocols it offers.
//!
//! ```text
//! Tls::SelfSigned -> a certificate for localhost, 127.0.0.1 and ::1 \
//! Tls::Files      -> certificate, key, perhaps an authority for clients -> Identity (acceptor, ALPN h2 and http/1.1)
//! ```

use crate::spec::{Tls, TlsFiles};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fmt::{self, Debug, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

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
    #[error("could not use the certificate: {0}")]
    Unfit(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TlsError {
    fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unfit(Box::new(error))
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
        let made = rcgen::generate_simple_self_signed(names).map_err(TlsError::unfit)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        Ok(Self {
            acceptor: acceptor(vec![made.cert.der().clone()], key, None)?,
            self_signed: Some(made.cert.pem()),
        })
    }

    fn from_files(files: &TlsFiles) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(unreadable(&files.key, "a private key"))?;
        let authority = files.client_ca.as_deref().map(certificates).transpose()?;
        Ok(Self {
            acceptor: acceptor(certificates(&files.certificate)?, key, authority)?,
            self_signed: None,
        })
    }
}

/// All certificates in a file, which are one at least.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(none) if none.is_empty() => Err(pem::Error::NoItemsFound),
        read => read,
    }
    .map_err(unreadable(file, "a certificate"))
}

fn unreadable(file: &Path, kind: &'static str) -> impl FnOnce(pem::Error) -> TlsError {
    move |source| TlsError::File {
        file: file.to_owned(),
        kind,
        source,
    }
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authority: Option<Vec<CertificateDer<'static>>>,
) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::unfit)?;
    let builder = match authority {
        Some(authority) => builder.with_client_cert_verifier(verifier(authority, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(TlsError::unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Lets in clients whose certificate one of `authority` has signed.
fn verifier(
    authority: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in authority {
        roots.add(certificate).map_err(TlsError::unfit)?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(TlsError::unfit)
}
