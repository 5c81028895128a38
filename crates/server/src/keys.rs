//! Device keys for `CreateKeysAndCertificate`: from the pool at once, or in line for the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fleetwright_ca::{DeviceKey, KeyPool};
use fleetwright_core::error::{ErrorCode, Refusal};
use tokio::sync::Semaphore;

/// Requests that may wait for a key at once. (ours)
const WAITING: usize = 4096;
/// How often a full pool is looked at again, should a wake-up have been missed.
const FULL_POOL_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause after keys that could not be kept, for instance on a full disk: a key costs
/// 80 ms of a core. (ours)
const FAILURE_PAUSE: Duration = Duration::from_secs(30);

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
        let filler = Arc::downgrade(&keys);
        std::thread::Builder::new().name("key-pool".into()).spawn(move || {
            // Keys are made in idle time: this thread yields to every other.
            let _ = rustix::process::setpriority_process(None, 19);
            let mut after_failure = FULL_POOL_PAUSE;
            while let Some(keys) = filler.upgrade() {
                let filled = keys.pool.refill_one();
                if matches!(filled, Ok(true)) {
                    keys.ready.add_permits(1);
                }
                drop(keys);
                match filled {
                    Ok(true) => after_failure = FULL_POOL_PAUSE,
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
