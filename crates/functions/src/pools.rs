//! The pools of all revisions: those that new invocations use, and those that finish.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::function::FunctionName;
use parking_lot::{Mutex, MutexGuard};

use super::pool::Pool;
use super::revision::Key;

/// All pools of this server.
#[derive(Default)]
pub(super) struct Pools(Mutex<State>);

#[derive(Default)]
struct State {
    current: HashMap<Key, Arc<Pool>>,
    /// Of functions that have changed since: their last workers finish.
    leaving: Vec<Arc<Pool>>,
}

impl Pools {
    /// The pool of a revision, if there is one.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Pool>> {
        self.state().current.get(key).cloned()
    }

    /// Keeps a pool, unless another task was faster; returns the one that is kept.
    pub(super) fn keep(&self, key: Key, pool: Arc<Pool>) -> Arc<Pool> {
        Arc::clone(self.state().current.entry(key).or_insert(pool))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Pool>> {
        self.state().iter().cloned().collect()
    }

    /// Retires the pools of a function.
    pub(super) fn retire(&self, name: &FunctionName) {
        let gone: Vec<Arc<Pool>> = {
            let mut state = self.state();
            let gone = state.current.extract_if(|key, _| key.name == *name);
            let gone: Vec<Arc<Pool>> = gone.map(|(_, pool)| pool).collect();
            state.leaving.extend(gone.iter().cloned());
            gone
        };
        for pool in gone {
            pool.retire();
        }
    }

    /// Ends the worker that has been idle longest, of any function; false when none is idle.
    pub(super) fn end_longest_idle(&self) -> bool {
        let all = self.all();
        let idle = all.iter().filter_map(|pool| Some((pool.idle_since()?, pool)));
        idle.min_by_key(|(since, _)| *since).is_some_and(|(_, pool)| pool.end_idle(Duration::ZERO))
    }

    /// Forgets pools without workers. The code that no other pool has is taken away by its hash;
    /// gives what that left.
    pub(super) fn forget_unused(
        &self,
        take_away: impl Fn(&[u8; 32]) -> Option<PathBuf>,
    ) -> Vec<PathBuf> {
        let mut state = self.state();
        // A pool that another task holds is about to be used.
        let unused = |pool: &Arc<Pool>| Arc::strong_count(pool) == 1 && pool.is_empty();
        let mut gone: Vec<Arc<Pool>> =
            state.current.extract_if(|_, pool| unused(pool)).map(|(_, pool)| pool).collect();
        gone.extend(state.leaving.extract_if(.., |pool| unused(pool)));
        let mut left = Vec::new();
        for pool in gone {
            let code = &pool.revision.code;
            if !state.iter().any(|other| other.revision.code == *code) {
                // Under the lock: no other task can begin to use it.
                left.extend(take_away(code));
            }
        }
        left
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

impl State {
    fn iter(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.current.values().chain(&self.leaving)
    }
}
