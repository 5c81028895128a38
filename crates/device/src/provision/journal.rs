//! How far provisioning got: pure transitions between states that are types. The shell saves each
//! new state before it goes on, so that a cut at any step loses nothing that the server has given.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::message::{
    CertificateResponse, CsrRequest, RegisterRequest, RegisterThingResponse, Rejection,
};
use super::{Method, Operation, ProvisionConfig, ProvisionError};
use crate::{Identity, KeyType, SecretPem, key};

/// AWS: "Device provisioning MQTT API": the ownership token expires after one hour.
const TOKEN_SECONDS: u64 = 3600;

/// `pending.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub(crate) enum Journal {
    /// Nothing yet; never written.
    Fresh,
    /// The device has a key and no certificate for it.
    KeyMade(DeviceKey),
    /// The server has issued a certificate; it cannot be used before RegisterThing.
    CertificateIssued(Box<Issued>),
    /// RegisterThing was accepted; only files remain to be written.
    Registered(Box<Identity>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceKey {
    key_type: KeyType,
    key_pem: SecretPem,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issued {
    method: Method,
    key_pem: SecretPem,
    certificate_id: String,
    certificate_pem: String,
    ownership_token: String,
    /// By this device's clock, seconds since 1970.
    issued_at: u64,
    /// The RegisterThing that may have arrived: no response to it came.
    unanswered: Option<Registration>,
}

/// The template and parameters of a RegisterThing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    template: String,
    parameters: BTreeMap<String, String>,
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    MakeKey(KeyType),
    Request(Operation),
    /// Its token is too old, or it is for another kind of key.
    GiveUpCertificate {
        certificate_id: String,
    },
    Commit(Box<Identity>),
}

/// What a rejection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Retry,
    Final,
}

impl Journal {
    pub(super) fn key_made(key_type: KeyType, key_pem: SecretPem) -> Self {
        Self::KeyMade(DeviceKey { key_type, key_pem })
    }

    pub(super) fn certificate_id(&self) -> Option<&str> {
        match self {
            Self::Fresh | Self::KeyMade(_) => None,
            Self::CertificateIssued(issued) => Some(&issued.certificate_id),
            Self::Registered(identity) => Some(&identity.certificate_id),
        }
    }

    /// The next step towards the identity that `config` describes, at `now` (seconds since 1970).
    pub(super) fn next_step(
        &self,
        config: &ProvisionConfig,
        now: u64,
    ) -> Result<Step, ProvisionError> {
        Ok(match (self, config.method) {
            (Self::KeyMade(key), Method::Csr { key_type }) if key.key_type == key_type => {
                Step::Request(Operation::CreateCertificateFromCsr)
            }
            (Self::Fresh | Self::KeyMade(_), Method::Csr { key_type }) => Step::MakeKey(key_type),
            (Self::Fresh | Self::KeyMade(_), Method::Keys) => {
                Step::Request(Operation::CreateKeysAndCertificate)
            }
            (Self::CertificateIssued(issued), _) => issued.next_step(config, now)?,
            (Self::Registered(identity), _) => Step::Commit(identity.clone()),
        })
    }

    /// The payload of a request.
    pub(super) fn payload(
        &self,
        operation: Operation,
        config: &ProvisionConfig,
    ) -> Result<Vec<u8>, ProvisionError> {
        let payload = match (operation, self) {
            (Operation::CreateCertificateFromCsr, Self::KeyMade(device)) => {
                let csr = key::signing_request(&device.key_pem)?;
                serde_json::to_vec(&CsrRequest { certificate_signing_request: &csr })
            }
            (Operation::RegisterThing, Self::CertificateIssued(issued)) => {
                serde_json::to_vec(&RegisterRequest {
                    certificate_ownership_token: &issued.ownership_token,
                    parameters: &config.parameters,
                })
            }
            _ => Ok(b"{}".to_vec()),
        };
        payload.map_err(|cause| ProvisionError::Settings(format!("not JSON: {cause}")))
    }

    /// Notes that RegisterThing goes out; `true` if an earlier one is unanswered.
    pub(super) fn mark_sent(&mut self, operation: Operation, config: &ProvisionConfig) -> bool {
        let (Operation::RegisterThing, Self::CertificateIssued(issued)) = (operation, self) else {
            return false;
        };
        let wanted = Registration::of(config);
        let before = issued.unanswered.as_ref() == Some(&wanted);
        issued.unanswered = Some(wanted);
        before
    }

    /// The server accepted.
    pub(super) fn accepted(
        &self,
        operation: Operation,
        payload: &[u8],
        config: &ProvisionConfig,
        now: u64,
    ) -> Result<Self, ProvisionError> {
        let malformed = |reason: &str| ProvisionError::MalformedResponse {
            operation,
            reason: reason.to_owned(),
        };
        if let (Operation::RegisterThing, Self::CertificateIssued(issued)) = (operation, self) {
            let answer: RegisterThingResponse = serde_json::from_slice(payload)
                .map_err(|_| malformed("no thingName and deviceConfiguration in it"))?;
            return Ok(Self::Registered(Box::new(Identity {
                thing_name: answer.thing_name.filter(|name| !name.is_empty()),
                certificate_id: issued.certificate_id.clone(),
                certificate_pem: issued.certificate_pem.clone(),
                key_pem: issued.key_pem.clone(),
                device_configuration: answer.device_configuration,
                ca_pem: config.ca_pem.clone(),
                endpoint: config.endpoint.clone(),
                template: config.template.clone(),
            })));
        }
        // serde's own text could quote the private key.
        let answer: CertificateResponse = serde_json::from_slice(payload).map_err(|_| {
            malformed("no certificateId, certificatePem and certificateOwnershipToken in it")
        })?;
        let key_pem = match (operation, self) {
            (Operation::CreateCertificateFromCsr, Self::KeyMade(key)) => key.key_pem.clone(),
            _ => answer.private_key.ok_or_else(|| malformed("no privateKey in it"))?,
        };
        Ok(Self::CertificateIssued(Box::new(Issued {
            method: config.method,
            key_pem,
            certificate_id: answer.certificate_id,
            certificate_pem: answer.certificate_pem,
            ownership_token: answer.certificate_ownership_token,
            issued_at: now,
            unanswered: None,
        })))
    }

    /// The server rejected. `sent_before` tells that an earlier RegisterThing of the same content
    /// was never answered, and so may have been accepted.
    pub(super) fn rejected(
        &self,
        operation: Operation,
        rejection: &Rejection,
        sent_before: bool,
    ) -> (Self, Verdict) {
        let verdict = if rejection.is_transient() { Verdict::Retry } else { Verdict::Final };
        let (Operation::RegisterThing, Self::CertificateIssued(issued)) = (operation, self) else {
            return (self.clone(), verdict);
        };
        // The token is of no use: another certificate, by the same key.
        if rejection.error_code == "InvalidCertificateOwnershipToken" {
            return (self.without_certificate(), Verdict::Retry);
        }
        if sent_before {
            return (self.clone(), verdict);
        }
        match rejection.status_code {
            // "You may not": key and certificate are dropped. So do AWS's sample clients, on 403
            // alone; every other code keeps them for the next attempt.
            403 => (Self::Fresh, Verdict::Final),
            500.. => (self.clone(), verdict),
            _ => {
                let answered = Issued { unanswered: None, ..(**issued).clone() };
                (Self::CertificateIssued(Box::new(answered)), verdict)
            }
        }
    }

    /// Back to before the certificate; a key made here stays.
    pub(super) fn without_certificate(&self) -> Self {
        match self {
            Self::CertificateIssued(issued) => match issued.method {
                Method::Csr { key_type } => Self::key_made(key_type, issued.key_pem.clone()),
                Method::Keys => Self::Fresh,
            },
            other => other.clone(),
        }
    }
}

impl Issued {
    fn next_step(&self, config: &ProvisionConfig, now: u64) -> Result<Step, ProvisionError> {
        let give_up = Step::GiveUpCertificate { certificate_id: self.certificate_id.clone() };
        if let Some(unanswered) = &self.unanswered {
            let same = self.method == config.method && *unanswered == Registration::of(config);
            return match (same, config.force) {
                // However old: the server may have registered it, and then answers the same again.
                (true, _) => Ok(Step::Request(Operation::RegisterThing)),
                (false, true) => Ok(give_up),
                (false, false) => Err(ProvisionError::EarlierAttempt {
                    template: unanswered.template.clone(),
                    parameters: unanswered.parameters.clone(),
                }),
            };
        }
        let age = now.saturating_sub(self.issued_at);
        if self.method != config.method || age >= TOKEN_SECONDS {
            return Ok(give_up);
        }
        Ok(Step::Request(Operation::RegisterThing))
    }
}

impl Registration {
    fn of(config: &ProvisionConfig) -> Self {
        Self { template: config.template.clone(), parameters: config.parameters.clone() }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh => f.write_str("nothing yet"),
            Self::KeyMade(key) => write!(f, "the key is made ({})", key.key_type),
            Self::CertificateIssued(issued) => {
                write!(f, "certificate {} is issued, not yet registered", issued.certificate_id)
            }
            Self::Registered(identity) => {
                write!(f, "certificate {} is registered", identity.certificate_id)
            }
        }
    }
}
