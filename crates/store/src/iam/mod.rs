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

pub(crate) use attachments::attach;
use fleetwright_core::error::ErrorCode;
pub use granted::GrantedPolicy;
pub use identities::{Identity, IdentityKind, IdentityName, NewIdentity};
pub(crate) use identities::{create, find as find_identity, row as identity_row};
pub(crate) use managed::row as managed_policy_row;
pub use managed::{ManagedPolicy, NewManagedPolicy, PolicyKey};
pub(crate) use oidc::require as provider_row;
pub use oidc::{OidcChange, OidcProvider};
pub use roles::{Role, RoleTerms, RoleUpdate};

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
