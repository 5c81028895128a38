//! The certificate authority as its callers see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy takes only the functions marked #[test] for tests"
)]

mod brought;
mod company;
mod csr;
mod directory;
mod facts;
mod import;
mod key_pool;
mod openssl;
mod profile;
mod requested;
mod server_chain;
mod server_identity;
mod support;
