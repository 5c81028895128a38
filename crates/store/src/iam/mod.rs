//! IAM: users, roles and groups, their policies, and the issuers that roles may trust. Documents
//! are checked by the caller; every list is within a quota.

mod attachments;
mod granted;
mod groups;
mod identities;
mod inline;
mod managed;
mod oidc;
mod roles;

pub use granted::GrantedPolicy;
pub use identities::{Identity, IdentityKind, IdentityName, NewIdentity};
pub use managed::{ManagedPolicy, ManagedPolicyVersion, NewManagedPolicy, PolicyKey};
pub use oidc::OidcProvider;
pub use roles::{Role, RoleTerms, RoleUpdate};

pub(crate) use attachments::attach;
pub(crate) use identities::{create, find as find_identity, row as identity_row};

use fleetwright_core::error::ErrorCode;

use crate::StoreError;

/// The quota `name` is used up.
fn quota(name: &str, max: usize) -> StoreError {
    StoreError::refused(ErrorCode::LimitExceeded, format!("Cannot exceed quota for {name}: {max}"))
}

fn missing(message: String) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, message)
}

/// A name as it is compared.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The least text after every text that begins with `prefix`, for ASCII texts.
fn past(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}
