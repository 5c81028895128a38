//! What was read elsewhere, kept until it changes there.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Values by their keys, at most `capacity`: at the bound all are forgotten and loaded again as
/// needed. What was read before a change is not kept after it.
#[derive(Debug)]
pub struct Cache<K, V> {
    capacity: usize,
    entries: Mutex<HashMap<K, V>>,
    changes: AtomicU64,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// Nothing is kept yet.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, entries: Mutex::default(), changes: AtomicU64::new(0) }
    }

    /// The value of a key, loaded unless it is kept; `None`, which is not kept, when there is none.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn get_or_load<E>(
        &self,
        key: K,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let kept = self.entries.lock().get(&key).cloned();
        if kept.is_some() {
            return Ok(kept);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let loaded = load.await?;
        if let Some(value) = &loaded {
            let mut entries = self.entries.lock();
            if changes == self.changes.load(Ordering::Acquire) {
                if entries.len() >= self.capacity {
                    entries.clear();
                }
                entries.insert(key, value.clone());
            }
        }
        Ok(loaded)
    }

    /// A key's value changed.
    pub fn forget(&self, key: &K) {
        self.forget_where(|kept| kept == key);
    }

    /// The values of some keys changed.
    pub fn forget_where(&self, mut changed: impl FnMut(&K) -> bool) {
        let mut entries = self.entries.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        entries.retain(|key, _| !changed(key));
    }

    /// Any value may have changed.
    pub fn forget_all(&self) {
        self.forget_where(|_| true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn load(cache: &Cache<&'static str, u8>, key: &'static str, value: u8) -> u8 {
        let loaded = cache.get_or_load(key, async { Ok::<_, ()>(Some(value)) });
        loaded.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_value_is_kept_for_its_key_until_it_changes() {
        let cache = Cache::new(10);
        assert_eq!(load(&cache, "a", 1).await, 1);
        assert_eq!(load(&cache, "a", 2).await, 1);
        assert_eq!(load(&cache, "b", 3).await, 3);
        cache.forget(&"a");
        assert_eq!((load(&cache, "a", 4).await, load(&cache, "b", 5).await), (4, 3));
        cache.forget_all();
        assert_eq!((load(&cache, "a", 6).await, load(&cache, "b", 7).await), (6, 7));
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = Cache::new(10);
        let during = cache.get_or_load("a", async {
            cache.forget(&"other");
            Ok::<_, ()>(Some(1))
        });
        assert_eq!(during.await, Ok(Some(1)));
        assert_eq!(load(&cache, "a", 2).await, 2);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_what_is_not_there_or_failed() {
        let cache = Cache::<_, u8>::new(10);
        assert_eq!(cache.get_or_load("a", async { Ok::<_, ()>(None) }).await, Ok(None));
        assert_eq!(cache.get_or_load("a", async { Err("why") }).await, Err("why"));
        assert_eq!(load(&cache, "a", 2).await, 2);
    }

    #[tokio::test]
    async fn no_more_is_kept_than_the_bound_says() {
        let cache = Cache::new(3);
        for key in ["a", "b", "c", "d"] {
            load(&cache, key, 1).await;
        }
        assert_eq!(cache.entries.lock().len(), 1);
    }
}
