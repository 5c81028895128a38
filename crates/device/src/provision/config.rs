//! What to provision, with what, where.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ProvisionError;
use crate::{Credentials, Endpoint, KeyType, RetryPolicy, random};

/// The longest template name (AWS: `CreateProvisioningTemplate`, `templateName`).
const MAX_TEMPLATE_NAME: usize = 36;

/// Where the private key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// `CreateCertificateFromCsr`: the key is made here and never leaves the device.
    Csr {
        /// Which kind.
        key_type: KeyType,
    },
    /// `CreateKeysAndCertificate`: the server makes an RSA-2048 key and sends it once.
    Keys,
}

impl Default for Method {
    fn default() -> Self {
        Self::Csr { key_type: KeyType::default() }
    }
}

/// Settings of one provisioning.
#[derive(Debug, Clone)]
pub struct ProvisionConfig {
    /// The server.
    pub endpoint: Endpoint,
    /// The CA certificates, PEM, that the server's certificate must chain to.
    pub ca_pem: String,
    /// The claim certificate and its key.
    pub claim: Credentials,
    /// Name of the provisioning template.
    pub template: String,
    /// Parameters for the template; names are case-sensitive.
    pub parameters: BTreeMap<String, String>,
    /// Where the private key is made.
    pub method: Method,
    /// MQTT client id of the claim connection. Two devices with one client id cut each other off,
    /// so the default is random.
    pub client_id: String,
    /// The longest wait for each step: connection, acknowledgement, response.
    pub step_timeout: Duration,
    /// What happens when a step fails in passing.
    pub retry: RetryPolicy,
    /// Provision anew although the store has an identity, which is replaced when the new one is
    /// complete; and abandon a cut attempt that was for something else.
    pub force: bool,
}

impl ProvisionConfig {
    /// By CSR with a P-256 key, no parameters, client id `claim-` and 16 random digits, 30 s a
    /// step, the default retries.
    pub fn new(
        endpoint: Endpoint,
        ca_pem: impl Into<String>,
        claim: Credentials,
        template: impl Into<String>,
    ) -> Self {
        Self {
            endpoint,
            ca_pem: ca_pem.into(),
            claim,
            template: template.into(),
            parameters: BTreeMap::new(),
            method: Method::default(),
            client_id: random::client_id("claim"),
            step_timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            force: false,
        }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The same with another method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The same with `force` set.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Refuses here what a server would only answer with a closed connection.
    pub(super) fn check(&self) -> Result<(), ProvisionError> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let name = &self.template;
        if name.is_empty() || name.len() > MAX_TEMPLATE_NAME || !name.bytes().all(fits) {
            return Err(ProvisionError::Settings(format!(
                "{name:?} is not a template name: 1 to {MAX_TEMPLATE_NAME} letters, digits, '_' or '-'"
            )));
        }
        if self.client_id.is_empty() || self.client_id.len() > 128 {
            return Err(ProvisionError::Settings(format!(
                "{:?} is not a client id: it has 1 to 128 characters",
                self.client_id
            )));
        }
        Ok(())
    }
}
