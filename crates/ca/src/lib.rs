//! The certificate authority: CSR, key policy, build, sign, check; the RSA key pool.
//!
//! Private keys of the authority never leave this crate, but for the server's own TLS key. Serial
//! numbers of devices and the time come in as arguments; the authority and the pool live in
//! directories that the caller names and has locked.

pub mod authority;
mod authority_chain;
pub mod brought;
mod chain;
mod check;
mod csr;
mod der;
mod directory;
mod ends;
pub mod error;
pub mod facts;
mod files;
mod import;
mod instead;
mod issued;
mod issuer;
mod key_policy;
pub mod key_pool;
mod names;
mod overview;
pub mod pem;
mod previous;
mod profile;
mod report;
mod request;
pub mod requested;
mod seal;
mod server_chain;
pub mod server_identity;
mod signature;
mod signer;
mod tbs;

pub use authority::Authority;
pub use brought::BroughtCertificate;
pub use ends::{Ending, days_left};
pub use error::{AuthorityError, KeyPoolError, UnreadableCertificate};
pub use facts::{CertificateReading, certificate_facts, certificate_id, tbs_digest};
pub use import::{Import, Imported, import, retire};
pub use issued::{Issued, Prepared};
pub use key_pool::{DeviceKey, KeyPool};
pub use names::AuthorityNames;
pub use overview::{Overview, Shown, ShownPrevious, overview};
pub use pem::{certificate_der, pem};
pub use report::{AuthorityReport, Validity, report};
pub use request::{IssuingRequest, request_issuing};
pub use requested::RequestedCertificate;
pub use server_chain::ServerChain;
pub use server_identity::ServerIdentity;
pub use signer::OwnKeys;
