//! Tokens of OpenID Connect issuers: what one says, whether it is for us, in its time, and signed
//! by a key of its issuer.
//!
//! [`Unverified::read`] takes a token apart, [`Unverified::fits`] compares it with the provider
//! that is registered for its issuer, [`Fitting::verified`] gives what it proves. Fetching the
//! issuer's documents and the arithmetic of signatures are the shell's.

mod claims;
mod documents;
mod error;
mod key;
mod token;

#[cfg(test)]
mod tests;

pub use claims::WebIdentity;
pub use documents::{discovery_url, keys_url};
pub use error::TokenError;
pub use key::{Algorithm, Curve, KeySet, Material};
pub use token::{Fitting, Provider, Unverified};
