//! The certificate authority: CSR, key policy, build, sign, check; the RSA key pool.
//!
//! Private keys of the authority never leave this crate, but for the server's own TLS key. Serial
//! numbers of devices and the time come in as arguments; the authority and the pool live in
//! directories that the caller names and has locked.

pub mod authority;
pub mod brought;
mod check;
mod csr;
mod der;
mod directory;
pub mod error;
pub mod facts;
mod files;
mod issuer;
mod key_policy;
pub mod key_pool;
pub mod pem;
mod profile;
mod report;
pub mod requested;
mod seal;
pub mod server_identity;
mod signature;
mod signer;
mod tbs;

pub use authority::{Authority, AuthorityNames, Issued, Prepared};
pub use brought::BroughtCertificate;
pub use error::{AuthorityError, KeyPoolError, UnreadableCertificate};
pub use facts::{CertificateReading, certificate_facts, certificate_id, tbs_digest};
pub use key_pool::{DEFAULT_CAPACITY, DeviceKey, KeyPool};
pub use pem::{certificate_der, pem};
pub use report::{AuthorityReport, Validity, report};
pub use requested::RequestedCertificate;
pub use server_identity::ServerIdentity;
pub use signer::OwnKeys;
