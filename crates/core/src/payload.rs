//! Requests and answers of the provisioning MQTT API: one shape, JSON and CBOR.
//!
//! AWS: "Device provisioning MQTT API", IoT Developer Guide. Unknown members are ignored, as on
//! AWS; an empty payload reads as an empty object.

use std::collections::BTreeMap;
use std::fmt;

use crate::certificate::CertificateId;
use crate::error::{ErrorCode, Refusal};
use crate::limits;
use crate::ownership::TokenText;
use crate::reserved_topic::Format;
use crate::text::shown;
use crate::tree::{Members, Tree};

pub(crate) mod encode;
#[cfg(test)]
mod tests;

use encode::{Field, encode};

/// A `CreateCertificateFromCsr` request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateFromCsr {
    /// `certificateSigningRequest`: PEM text, not empty, at most [`limits::CSR_CHARS`].
    pub csr: String,
}

/// A `RegisterThing` request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterThing {
    /// `certificateOwnershipToken`: not empty, within its bound.
    pub token: TokenText,
    /// `parameters`: empty when absent; at most [`limits::REGISTER_PARAMETERS`], names and values
    /// within [`limits::PARAMETER_KEY_CHARS`] and [`limits::PARAMETER_VALUE_CHARS`].
    pub parameters: BTreeMap<String, String>,
}

/// Reads a `CreateKeysAndCertificate` request, which asks nothing: empty, an empty object, or an
/// object of whatever members.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] when it is neither empty nor an object in `format`.
pub fn decode_create_keys(bytes: &[u8], format: Format) -> Result<(), Refusal> {
    members(bytes, format).map(|_| ())
}

/// Reads a `CreateCertificateFromCsr` request.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`]: not an object in `format`, or `certificateSigningRequest`
/// missing, empty, too long or no text. The CSR itself is not looked into.
pub fn decode_create_from_csr(bytes: &[u8], format: Format) -> Result<CreateFromCsr, Refusal> {
    const MEMBER: &str = "certificateSigningRequest";
    match members(bytes, format)?.get(MEMBER) {
        Some(Tree::Text(csr)) if csr.chars().count() > limits::CSR_CHARS => {
            Err(invalid(format!("{MEMBER} must have at most {} characters.", limits::CSR_CHARS)))
        }
        Some(Tree::Text(csr)) if !csr.is_empty() => Ok(CreateFromCsr { csr: csr.clone() }),
        None | Some(Tree::Null | Tree::Text(_)) => {
            Err(invalid(format!("{MEMBER} is missing: send the CSR as PEM text.")))
        }
        Some(other) => {
            Err(invalid(format!("{MEMBER} must be a string of PEM text, not {}.", other.kind())))
        }
    }
}

/// Reads a `RegisterThing` request.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`]: not an object in `format`, or a member of the wrong type or out
/// of bounds. [`ErrorCode::InvalidToken`]: `certificateOwnershipToken` missing, empty, or no
/// token at all.
pub fn decode_register_thing(bytes: &[u8], format: Format) -> Result<RegisterThing, Refusal> {
    const TOKEN: &str = "certificateOwnershipToken";
    let members = members(bytes, format)?;
    let token = match members.get(TOKEN) {
        Some(Tree::Text(text)) => text.as_str(),
        None | Some(Tree::Null) => "",
        Some(other) => {
            return Err(invalid(format!("{TOKEN} must be a string, not {}.", other.kind())));
        }
    };
    let parameters = match members.get("parameters") {
        None | Some(Tree::Null) => BTreeMap::new(),
        Some(tree) => {
            tree.parameters("parameters").map_err(|error| invalid(format!("{error}.")))?
        }
    };
    let token = TokenText::parse(token).map_err(|refusal| match members.get(TOKEN) {
        Some(_) => refusal,
        None => {
            let names: Vec<&str> = members.iter().map(|(name, _)| shown(name)).collect();
            let names = if names.is_empty() { "nothing".into() } else { names.join(", ") };
            refusal.because(format!("the payload has no {TOKEN}; it has {names}"))
        }
    })?;
    Ok(RegisterThing { token, parameters })
}

fn invalid(message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message)
}

/// The way out when a payload is written in the other format.
fn other_format(bytes: &[u8], format: Format) -> &'static str {
    match (format, bytes) {
        (Format::Cbor, [b'{', ..]) => "; this is JSON: publish to the topic that ends in /json",
        // A map of CBOR, which no UTF-8 text begins with.
        (Format::Json, [0xa0..=0xbf, ..]) => {
            "; this is CBOR: publish to the topic that ends in /cbor"
        }
        _ => "",
    }
}

/// The members of a request; size is checked before anything is built.
fn members(bytes: &[u8], format: Format) -> Result<Members, Refusal> {
    if bytes.len() > limits::PAYLOAD_BYTES {
        let rule = limits::PAYLOAD_BYTES;
        return Err(invalid(format!("The payload must have at most {rule} bytes.")));
    }
    let tree = match format {
        _ if bytes.is_empty() => return Ok(Members::default()),
        Format::Json => Tree::from_json(bytes),
        Format::Cbor => Tree::from_cbor(bytes),
    };
    let other = other_format(bytes, format);
    let tree =
        tree.map_err(|error| invalid(format!("The payload is not readable: {error}{other}.")))?;
    match tree {
        Tree::Map(members) => Ok(members),
        other => Err(invalid(format!("The payload must be an object, not {}.", other.kind()))),
    }
}

/// The answer to `CreateKeysAndCertificate`. Holds a private key: `Debug` shows only the id.
pub struct KeysCreated<'a> {
    /// `certificateId`
    pub certificate_id: CertificateId,
    /// `certificatePem`
    pub certificate_pem: &'a str,
    /// `privateKey`: PKCS#1 PEM text.
    pub private_key_pem: &'a str,
    /// `certificateOwnershipToken`
    pub token: &'a TokenText,
}

impl KeysCreated<'_> {
    /// The payload of the answer. It holds the private key.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        let id = self.certificate_id.to_string();
        let fields = [
            ("certificateId", Field::Text(&id)),
            ("certificatePem", Field::Text(self.certificate_pem)),
            ("privateKey", Field::Text(self.private_key_pem)),
            ("certificateOwnershipToken", Field::Text(self.token.as_str())),
        ];
        encode(&fields, format)
    }
}

impl fmt::Debug for KeysCreated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysCreated")
            .field("certificate_id", &self.certificate_id)
            .finish_non_exhaustive()
    }
}

/// The answer to `CreateCertificateFromCsr`.
#[derive(Debug)]
pub struct CsrCertificateCreated<'a> {
    /// `certificateId`
    pub certificate_id: CertificateId,
    /// `certificatePem`
    pub certificate_pem: &'a str,
    /// `certificateOwnershipToken`
    pub token: &'a TokenText,
}

impl CsrCertificateCreated<'_> {
    /// The payload of the answer.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        let id = self.certificate_id.to_string();
        let fields = [
            ("certificateOwnershipToken", Field::Text(self.token.as_str())),
            ("certificateId", Field::Text(&id)),
            ("certificatePem", Field::Text(self.certificate_pem)),
        ];
        encode(&fields, format)
    }
}

/// The answer to `RegisterThing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingRegistered {
    /// `deviceConfiguration`: always sent, `{}` when the template has none.
    pub device_configuration: BTreeMap<String, String>,
    /// `thingName`: left out when the template has no thing.
    pub thing_name: Option<String>,
}

impl ThingRegistered {
    /// The payload of the answer.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        // AWS: this order of members, observed in an exchange of 2022-01-31.
        let mut fields = vec![("deviceConfiguration", Field::Map(&self.device_configuration))];
        if let Some(name) = &self.thing_name {
            fields.push(("thingName", Field::Text(name)));
        }
        encode(&fields, format)
    }
}

/// The answer on `…/rejected`; always all three members, which clients read without a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// `statusCode`
    pub status_code: u16,
    /// `errorCode`
    pub error_code: &'static str,
    /// `errorMessage`
    pub error_message: String,
}

impl From<&Refusal> for Rejected {
    fn from(refusal: &Refusal) -> Self {
        Self {
            status_code: refusal.code.mqtt_status(),
            error_code: refusal.code.mqtt_name(),
            error_message: refusal.message.clone(),
        }
    }
}

impl Rejected {
    /// The payload of the answer.
    pub fn encode(&self, format: Format) -> Vec<u8> {
        let fields = [
            ("statusCode", Field::Number(self.status_code.into())),
            ("errorCode", Field::Text(self.error_code)),
            ("errorMessage", Field::Text(&self.error_message)),
        ];
        encode(&fields, format)
    }
}
