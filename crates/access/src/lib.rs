//! Who calls: users and roles, their keys and sessions, the issuers of web identities, and the
//! policies that say what a caller may do.

pub mod access_keys;
pub mod caller;
pub mod credentials;
pub mod identities;
pub mod issuers;
pub mod session_token;
pub mod signing_key;
