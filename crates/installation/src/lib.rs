//! The data directory as a whole: whether its parts fit, its authorities, administrator and audit
//! trail, its backup, and what is wrong with it.

mod administrator;
pub mod audit;
mod authorities;
pub mod backup;
pub mod doctor;
pub mod issuance;
pub mod issuing;
pub mod parts;
pub mod twins;

pub use administrator::{ResetCredentials, found, reset_credentials, write_endpoint};
pub use authorities::Authorities;
