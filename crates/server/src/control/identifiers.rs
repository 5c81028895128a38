//! Random identifiers in the form of UUIDs, version 4.

use std::sync::atomic::{AtomicU64, Ordering};

use fleetwright_core::error::Refusal;
use fleetwright_store::Uuid;

/// A fresh identifier of a resource.
pub(super) fn fresh() -> Result<Uuid, Refusal> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(Refusal::internal)?;
    Ok(Uuid::from_random(bytes))
}

/// A fresh id of a request. Should the system give no random bytes, the ids count up instead:
/// they only need to differ.
pub(super) fn of_request() -> String {
    static FALLBACK: AtomicU64 = AtomicU64::new(0);
    let id = fresh().unwrap_or_else(|_| {
        Uuid(u128::from(FALLBACK.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
    });
    id.to_string()
}
