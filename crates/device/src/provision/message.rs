//! The three operations on the wire: topics and payloads.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An operation of the provisioning interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The server makes key and certificate.
    CreateKeysAndCertificate,
    /// The server signs our request.
    CreateCertificateFromCsr,
    /// The template is applied; the certificate becomes usable.
    RegisterThing,
}

impl Operation {
    /// The request topic. Responses come on it with `/accepted` or `/rejected` appended.
    pub(super) fn topic(self, template: &str) -> String {
        match self {
            Self::CreateKeysAndCertificate => "$aws/certificates/create/json".into(),
            Self::CreateCertificateFromCsr => "$aws/certificates/create-from-csr/json".into(),
            Self::RegisterThing => format!("$aws/provisioning-templates/{template}/provision/json"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateKeysAndCertificate => "CreateKeysAndCertificate",
            Self::CreateCertificateFromCsr => "CreateCertificateFromCsr",
            Self::RegisterThing => "RegisterThing",
        })
    }
}

/// Payload of `create-from-csr`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CsrRequest<'a> {
    pub(super) certificate_signing_request: &'a str,
}

/// Payload of `provision`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisterRequest<'a> {
    pub(super) certificate_ownership_token: &'a str,
    pub(super) parameters: &'a BTreeMap<String, String>,
}

/// `accepted` of both create operations; `private_key` only when the server made the key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateResponse {
    pub(super) certificate_id: String,
    pub(super) certificate_pem: String,
    pub(super) certificate_ownership_token: String,
    pub(super) private_key: Option<crate::SecretPem>,
}

/// `accepted` of RegisterThing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisterThingResponse {
    pub(super) thing_name: Option<String>,
    #[serde(default)]
    pub(super) device_configuration: BTreeMap<String, serde_json::Value>,
}

/// Payload of `/accepted`, or what `/rejected` says.
pub(super) enum Response {
    Accepted(Vec<u8>),
    Rejected(Rejection),
}

/// The server's `/rejected` response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The operation that was rejected.
    pub operation: Operation,
    /// As in HTTP: 4xx is about the request, 5xx about the server.
    pub status_code: u16,
    /// The kind, for example `InvalidParameters`.
    pub error_code: String,
    /// `errorMessage`, for people.
    pub error_message: String,
}

impl Rejection {
    /// Reads a `/rejected` payload. Every member is optional here: a refusal that is malformed is
    /// a refusal still.
    pub(super) fn parse(operation: Operation, payload: &[u8]) -> Self {
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Wire {
            status_code: u16,
            error_code: String,
            error_message: String,
        }
        let wire = serde_json::from_slice(payload).unwrap_or_else(|_| Wire {
            error_message: "(the answer was not the expected JSON)".into(),
            ..Wire::default()
        });
        Self {
            operation,
            status_code: wire.status_code,
            error_code: wire.error_code,
            error_message: wire.error_message,
        }
    }

    /// Throttled, or the server's own fault: the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        self.status_code == 429 || self.status_code >= 500
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rejected: {} {}: {}",
            self.operation, self.status_code, self.error_code, self.error_message
        )
    }
}
