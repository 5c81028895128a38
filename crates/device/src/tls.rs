//! Mutual TLS: the server is checked by the given CA, the device shows its certificate.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::{ConnectionConfig, ConnectionError};

/// The TLS settings of one connection.
pub(crate) fn client_config(
    config: &ConnectionConfig,
) -> Result<Arc<ClientConfig>, ConnectionError> {
    let credentials = &config.credentials;
    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA certificate", &config.ca_pem)? {
        roots.add(certificate).map_err(|cause| unusable("CA certificate", cause))?;
    }
    let chain = certificates("client certificate", &credentials.certificate_pem)?;
    let key = PrivateKeyDer::from_pem_slice(credentials.key_pem.expose().as_bytes())
        .map_err(|cause| unusable("private key", cause))?;

    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| unusable("TLS provider", cause))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|cause| unusable("client certificate with its private key", cause))?;
    tls.alpn_protocols = config.endpoint.alpn().map(<[u8]>::to_vec).into_iter().collect();
    Ok(Arc::new(tls))
}

fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, ConnectionError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|cause| unusable(what, cause))?;
    if found.is_empty() {
        return Err(unusable(what, "there is no BEGIN CERTIFICATE in it"));
    }
    Ok(found)
}

fn unusable(what: &str, cause: impl std::fmt::Display) -> ConnectionError {
    ConnectionError::Credentials { what: what.to_owned(), cause: cause.to_string() }
}
