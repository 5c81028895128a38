//! Random bytes for the shells; `core` is given them.

use aws_lc_rs::rand;
use fleetwright_core::error::Refusal;
use fleetwright_store::Uuid;

/// `N` random bytes.
///
/// # Errors
/// `InternalFailure` when the system gives none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::internal("the system gives no random bytes"))?;
    Ok(bytes)
}

/// A fresh identifier of a resource: a UUID, version 4.
///
/// # Errors
/// As [`bytes()`].
pub(crate) fn uuid() -> Result<Uuid, Refusal> {
    bytes().map(Uuid::from_random)
}
