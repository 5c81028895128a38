//! Turns: of those who act on the same thing, one after the other.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// Locks of one kind of thing. Two things may share one, which costs time and nothing else. (ours)
const LOCKS: usize = 256;

/// The turns of one kind of thing. Who holds one must not ask for another of the same kind.
#[derive(Debug)]
pub struct Turns {
    hasher: RandomState,
    locks: [Mutex<()>; LOCKS],
}

/// A turn; the next one's when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Turn<'t>(#[expect(dead_code, reason = "held, and dropped")] Option<MutexGuard<'t, ()>>);

impl Default for Turns {
    fn default() -> Self {
        Self { hasher: RandomState::new(), locks: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Turns {
    /// Waits for the turn of whoever acts on `thing`, in the order of asking. Cancel-safe.
    pub async fn take(&self, thing: &(impl Hash + ?Sized)) -> Turn<'_> {
        let index = usize::try_from(self.hasher.hash_one(thing)).unwrap_or_default() % LOCKS;
        Turn(match self.locks.get(index) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn who_acts_on_the_same_thing_waits_and_who_acts_on_another_does_not() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("a").await;
        let waiting = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { drop(turns.take("a").await) })
        };
        // Of many others, some have a lock of their own.
        let mut free = 0;
        for other in 0..20 {
            let turn = std::pin::pin!(turns.take(&other));
            free += usize::from(is_ready(turn).await);
        }
        assert!(free > 0 && !waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
    }

    /// Whether a future is ready at once.
    async fn is_ready(future: impl Future + Unpin) -> bool {
        tokio::select! {
            biased;
            _ = future => true,
            () = std::future::ready(()) => false,
        }
    }
}
