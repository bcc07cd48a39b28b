//! The terms of TLS as rustls wants them, the same that reqwest makes of the same files: TLS 1.2 or 1.3 by aws-lc-rs, the
//! platform's verifier or the given roots alone, HTTP/1.1 by ALPN.

use super::{Pem, Trust};
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, DEFAULT_VERSIONS, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;

impl Trust {
    /// The terms that these files make. They have been tried out before.
    pub(super) fn terms(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let provider = CryptoProvider::get_default().cloned();
        let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(DEFAULT_VERSIONS)?;
        let builder = match &self.roots {
            Some(roots) => builder.with_root_certificates(store(roots)?),
            None => builder.with_platform_verifier()?,
        };
        let mut terms = match &self.identity {
            Some((certificate, key)) => {
                with_identity(builder, &[&certificate.0[..], b"\n", &key.0].concat())?
            }
            None => builder.with_no_client_auth(),
        };
        terms.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(terms))
    }
}

fn store(Pem(roots): &Pem) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(roots) {
        store.add(certificate.map_err(|error| unreadable(&error))?)?;
    }
    Ok(store)
}

/// Both may stand in either file.
fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    both: &[u8],
) -> Result<ClientConfig, rustls::Error> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(both).collect();
    let chain = chain.map_err(|error| unreadable(&error))?;
    let key = PrivateKeyDer::from_pem_slice(both).map_err(|error| unreadable(&error))?;
    builder.with_client_auth_cert(chain, key)
}

fn unreadable(error: &pem::Error) -> rustls::Error {
    rustls::Error::General(error.to_string())
}
