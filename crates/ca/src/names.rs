//! What the CA certificates are called.

use crate::error::AuthorityError;

/// The common names of the two CA certificates; they matter on the first start only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityNames {
    /// Of the root, which devices trust. 1 to 64 characters.
    pub root: String,
    /// Of the issuing CA, which signs device and server certificates. 1 to 64 characters.
    pub issuing: String,
}

impl Default for AuthorityNames {
    fn default() -> Self {
        Self { root: "Fleetwright Root CA".into(), issuing: "Fleetwright Issuing CA".into() }
    }
}

/// Whether a common name can stand in a certificate.
pub(crate) fn check(whose: &str, name: &str) -> Result<(), AuthorityError> {
    if (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(AuthorityError::NotIssuable(format!(
        "the common name of the {whose} must be 1 to 64 printable characters"
    )))
}
