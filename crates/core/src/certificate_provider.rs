//! The certificate provider's function: what it is asked and what it may answer (AWS: guide,
//! "Self-managed certificate signing using AWS IoT Core certificate provider").

use std::fmt;

use serde::Serialize;

use crate::tree::Tree;
use crate::{limits, text};

/// What the function is asked; serialized as a JSON object with AWS's three members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningRequest<'a> {
    /// The device's CSR, PEM.
    pub certificate_signing_request: &'a str,
    /// Id of the certificate that the connection was opened with.
    pub principal_id: &'a str,
    /// The client id of the connection.
    pub client_id: &'a str,
}

/// An answer holds no certificate. For the log: it may quote the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoCertificate(String);

impl fmt::Display for NoCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function's answer holds no certificate: {}", self.0)
    }
}

impl std::error::Error for NoCertificate {}

/// The member `certificatePem` of a function's answer. Whether it is the certificate that was asked
/// for is another question.
///
/// # Errors
/// Anything but a JSON object with that text; more than [`limits::HOOK_ANSWER_BYTES`].
pub fn certificate_pem(answer: &[u8]) -> Result<String, NoCertificate> {
    let fail = |reason: String| Err(NoCertificate(reason));
    if answer.len() > limits::HOOK_ANSWER_BYTES {
        return fail(format!("it is longer than {} bytes", limits::HOOK_ANSWER_BYTES));
    }
    let tree = Tree::from_json(answer).map_err(|error| NoCertificate(error.to_string()))?;
    let Tree::Map(members) = &tree else {
        return fail(format!("it must be a JSON object, not {}", tree.kind()));
    };
    match (members.get("certificatePem"), members.get("errorMessage")) {
        (Some(Tree::Text(pem)), _) => Ok(pem.clone()),
        (Some(other), _) => fail(format!("certificatePem must be a string, not {}", other.kind())),
        (None, Some(Tree::Text(text))) => {
            let shown = text::cut(text, 200);
            fail(format!("the function failed: {shown}"))
        }
        (None, _) => fail("certificatePem is missing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_is_asked_with_awss_three_members() {
        let request = SigningRequest {
            certificate_signing_request: "csr",
            principal_id: "0a",
            client_id: "press-7",
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"certificateSigningRequest":"csr","principalId":"0a","clientId":"press-7"}"#
        );
    }

    #[test]
    fn only_an_object_with_the_text_holds_a_certificate() {
        let read = |answer: &str| certificate_pem(answer.as_bytes());
        assert_eq!(read(r#"{"certificatePem":"pem","more":1}"#).as_deref(), Ok("pem"));
        for (answer, why) in [
            ("", "holds no certificate"),
            ("[]", "JSON object"),
            ("{}", "is missing"),
            (r#"{"certificatePem":7}"#, "must be a string"),
            (r#"{"certificatePem":"a","certificatePem":"b"}"#, "more than once"),
            (r#"{"errorMessage":"no key"}"#, "no key"),
        ] {
            let refused = read(answer).unwrap_err().to_string();
            assert!(refused.contains(why), "{answer}: {refused}");
        }
        assert!(read(&" ".repeat(limits::HOOK_ANSWER_BYTES + 1)).is_err());
    }
}
