//! What a connection needs.

use std::time::Duration;

use crate::{Endpoint, Identity, SecretPem, random};

/// A certificate chain and its private key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client certificate, then intermediates if there are any.
    pub certificate_pem: String,
    /// PKCS#8, PKCS#1 or SEC1.
    pub key_pem: SecretPem,
}

impl Credentials {
    /// Takes over both texts; they are parsed when a connection opens.
    pub fn new(certificate_pem: impl Into<String>, key_pem: impl Into<String>) -> Self {
        Self { certificate_pem: certificate_pem.into(), key_pem: SecretPem::new(key_pem) }
    }
}

/// Everything that a connection needs.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// The server.
    pub endpoint: Endpoint,
    /// The CA certificates, PEM, that the server's certificate must chain to.
    pub ca_pem: String,
    /// Who we are.
    pub credentials: Credentials,
    /// MQTT client id: for a device its thing name, so that thing policy variables resolve.
    pub client_id: String,
    /// Time between pings; at least one second.
    pub keep_alive: Duration,
    /// The longest wait for a connection, and for each acknowledgement.
    pub timeout: Duration,
}

impl ConnectionConfig {
    /// Keep-alive 60 s, time-out 30 s.
    pub fn new(
        endpoint: Endpoint,
        ca_pem: impl Into<String>,
        credentials: Credentials,
        client_id: impl Into<String>,
    ) -> Self {
        Self {
            endpoint,
            ca_pem: ca_pem.into(),
            credentials,
            client_id: client_id.into(),
            keep_alive: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
        }
    }

    /// Connects as the provisioned device, to the server that provisioned it. The client id is the
    /// thing name, or a random one if the template made no thing.
    pub fn of_identity(identity: &Identity) -> Self {
        let credentials =
            Credentials::new(identity.certificate_pem.as_str(), identity.key_pem.expose());
        let client_id = match &identity.thing_name {
            Some(name) => name.clone(),
            None => random::client_id("device"),
        };
        Self::new(identity.endpoint.clone(), identity.ca_pem.as_str(), credentials, client_id)
    }
}
