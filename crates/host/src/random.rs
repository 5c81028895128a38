//! Random bytes and identifiers.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand;
use fleetwright_core::error::Refusal;
use fleetwright_core::uuid::Uuid;

/// `N` random bytes.
///
/// # Errors
/// `InternalFailure` when the system gives none.
pub fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::internal("the system gives no random bytes"))?;
    Ok(bytes)
}

/// A fresh identifier of a resource: a UUID, version 4.
///
/// # Errors
/// As [`bytes()`].
pub fn uuid() -> Result<Uuid, Refusal> {
    bytes().map(Uuid::from_random)
}

/// A fresh id of a request. Should the system give no random bytes, the ids count up instead: they
/// only need to differ.
pub fn request_id() -> String {
    static FALLBACK: AtomicU64 = AtomicU64::new(0);
    let counted = || Uuid(u128::from(FALLBACK.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
    uuid().unwrap_or_else(|_| counted()).to_string()
}
