//! Device keys for `CreateKeysAndCertificate`: from the pool at once, or in line for the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fleetwright_ca::{DeviceKey, KeyPool};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_host::idle_time;
use tokio::sync::Semaphore;

/// Requests that may wait for a key at once. (ours)
const WAITING: usize = 4096;
/// How often a full pool is looked at again, should a wake-up have been missed.
const FULL_POOL_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause after keys that could not be kept, for instance on a full disk: a key costs
/// 80 ms of a core. (ours)
const FAILURE_PAUSE: Duration = Duration::from_secs(30);

/// Keys that are made at once, with whatever nobody else uses of a processor. (ours)
const AT_ONCE: usize = 64;
/// Beyond these, the filler rests this many times as long as it worked, unless a request waits.
/// (ours)
const REST: u32 = 9;
/// Longest rest after a key. (ours)
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How full the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLevel {
    /// Keys that are ready.
    pub ready: usize,
    /// Keys that there may be.
    pub capacity: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

/// Hands out keys in the order of asking. One permit of `ready` stands for one key of the pool.
pub struct DeviceKeys {
    pool: Arc<KeyPool>,
    ready: Arc<Semaphore>,
    waiting: AtomicUsize,
    patience: Duration,
}

impl DeviceKeys {
    /// Takes over an opened pool and starts the thread that fills it; `patience` is the longest
    /// wait of a request.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(pool: KeyPool, patience: Duration) -> std::io::Result<Arc<Self>> {
        let keys = Arc::new(Self {
            ready: Arc::new(Semaphore::new(pool.len())),
            pool: Arc::new(pool),
            waiting: AtomicUsize::new(0),
            patience,
        });
        announce(&keys.level());
        let filler = Arc::downgrade(&keys);
        idle_time::spawn("key-pool", move || {
            let mut after_failure = FULL_POOL_PAUSE;
            let mut first_fill = true;
            while let Some(keys) = filler.upgrade() {
                let begun = Instant::now();
                let filled = keys.pool.refill_one();
                let level = keys.level();
                if first_fill && matches!(filled, Ok(false)) {
                    first_fill = false;
                    tracing::info!(keys = level.ready, "the key pool is full");
                }
                if matches!(filled, Ok(true)) {
                    keys.ready.add_permits(1);
                }
                drop(keys);
                match filled {
                    Ok(true) => {
                        after_failure = FULL_POOL_PAUSE;
                        std::thread::sleep(rest(&level, begun.elapsed()));
                    }
                    Ok(false) => std::thread::sleep(FULL_POOL_PAUSE),
                    Err(error) => {
                        tracing::error!(%error, retry = ?after_failure, "no key could be made for the pool");
                        std::thread::sleep(after_failure);
                        after_failure = FAILURE_PAUSE.min(after_failure * 2);
                    }
                }
            }
        })?;
        Ok(keys)
    }

    /// Keys that are ready now, how many there may be, and requests that wait for one.
    pub fn level(&self) -> PoolLevel {
        PoolLevel {
            ready: self.pool.len(),
            capacity: self.pool.capacity(),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// The next key; waits its turn when the pool is empty.
    ///
    /// # Errors
    /// [`ErrorCode::ServiceUnavailable`] when too many wait, or the wait is too long.
    pub async fn take(&self) -> Result<DeviceKey, Refusal> {
        let busy = |cause: &str| {
            Refusal::new(
                ErrorCode::ServiceUnavailable,
                "No key is ready; retry in a few seconds, or send a CSR with \
                 CreateCertificateFromCsr.",
            )
            .because(cause)
        };
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy("too many requests wait for a key"));
        }
        // The semaphore is fair: permits go to waiters in the order of their asking.
        let permit = tokio::time::timeout(self.patience, self.ready.acquire()).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let permit =
            permit.map_err(|_| busy("the key pool is empty"))?.map_err(Refusal::internal)?;
        permit.forget();
        self.pool.try_take().ok_or_else(|| Refusal::internal("the key pool lost a key"))
    }
}

/// How long the filler rests after a key that took so long: it takes a tenth of a processor once
/// there are enough for a moment's demand.
fn rest(level: &PoolLevel, took: Duration) -> Duration {
    match level.ready < AT_ONCE || level.waiting > 0 {
        true => Duration::ZERO,
        false => LONGEST_REST.min(took.saturating_mul(REST)),
    }
}

fn announce(level: &PoolLevel) {
    let PoolLevel { ready, capacity, .. } = *level;
    if ready < capacity {
        tracing::info!(
            ready,
            capacity,
            "the key pool fills: the first {AT_ONCE} keys at once, more with a tenth of a processor, \
             all behind any other work; [provisioning] key-pool-capacity says how many"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filler_rests_unless_keys_are_wanted() {
        let took = Duration::from_millis(70);
        let rest = |ready, waiting| rest(&PoolLevel { ready, capacity: 1024, waiting }, took);
        assert_eq!(rest(AT_ONCE - 1, 0), Duration::ZERO);
        assert_eq!(rest(AT_ONCE, 0), Duration::from_millis(630));
        assert_eq!(rest(AT_ONCE, 1), Duration::ZERO);
    }
}
