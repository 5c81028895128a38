//! Who may be registered just now: a few certificates at a time, each of them once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::certificate::CertificateId;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

/// First connections that are looked into at once. (ours)
const AT_ONCE: usize = 16;
/// Longest wait of a first connection for its turn. (ours)
const PATIENCE: Duration = Duration::from_secs(5);

/// The turns; no more certificates are known than have one.
pub(crate) struct Turns {
    permits: Semaphore,
    under_way: Arc<Mutex<HashSet<CertificateId>>>,
    patience: Duration,
}

/// A turn; ends when dropped.
pub(super) struct Turn<'a> {
    certificate: CertificateId,
    under_way: Arc<Mutex<HashSet<CertificateId>>>,
    _permit: SemaphorePermit<'a>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { permits: Semaphore::new(AT_ONCE), under_way: Arc::default(), patience: PATIENCE }
    }
}

impl Turns {
    /// A turn for a certificate; `None` when it has one already, or none is free in time.
    pub(super) async fn take(&self, certificate: CertificateId) -> Option<Turn<'_>> {
        let permit =
            tokio::time::timeout(self.patience, self.permits.acquire()).await.ok()?.ok()?;
        let new = self.under_way.lock().insert(certificate);
        let under_way = Arc::clone(&self.under_way);
        new.then(|| Turn { certificate, under_way, _permit: permit })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        under_way.remove(&self.certificate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_certificate_has_one_turn_at_a_time() {
        let turns = Turns::default();
        let (one, two) = (CertificateId([1; 32]), CertificateId([2; 32]));
        let turn = turns.take(one).await;
        assert!(turn.is_some());
        assert!(turns.take(one).await.is_none());
        assert!(turns.take(two).await.is_some());
        drop(turn);
        assert!(turns.take(one).await.is_some());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let turns = Turns { patience: Duration::from_millis(1), ..Turns::default() };
        let mut held = Vec::new();
        for n in 0..AT_ONCE {
            held.extend(turns.take(CertificateId([n as u8; 32])).await);
        }
        assert_eq!(held.len(), AT_ONCE);
        assert!(turns.take(CertificateId([99; 32])).await.is_none());
        held.pop();
        assert!(turns.take(CertificateId([99; 32])).await.is_some());
    }
}
