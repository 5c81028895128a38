//! The subscriptions of one filter.

use std::collections::BTreeMap;

/// Keys with their values, each key once. Most filters have one subscriber, some have all
/// devices of a fleet: few stand in a list, many in a map.
#[derive(Debug, Clone)]
pub(super) enum Subscribers<K, V> {
    Few(Vec<(K, V)>),
    Many(BTreeMap<K, V>),
}

/// Subscribers up to which a list is searched.
const FEW: usize = 16;

impl<K, V> Default for Subscribers<K, V> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<K: Ord, V> Subscribers<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(list) => list.is_empty(),
            Self::Many(map) => map.is_empty(),
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self {
            Self::Many(map) => map.insert(key, value),
            Self::Few(list) => {
                if let Some((_, old)) = list.iter_mut().find(|(held, _)| *held == key) {
                    return Some(std::mem::replace(old, value));
                }
                if list.len() < FEW {
                    list.reserve_exact(1);
                    list.push((key, value));
                } else {
                    let all = std::mem::take(list).into_iter().chain([(key, value)]);
                    *self = Self::Many(all.collect());
                }
                None
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        match self {
            Self::Many(map) => map.remove(key),
            Self::Few(list) => {
                let index = list.iter().position(|(held, _)| held == key)?;
                Some(list.swap_remove(index).1)
            }
        }
    }

    pub(super) fn each<'a>(&'a self, found: &mut impl FnMut(&'a K, &'a V)) {
        match self {
            Self::Few(list) => list.iter().for_each(|(key, value)| found(key, value)),
            Self::Many(map) => map.iter().for_each(|(key, value)| found(key, value)),
        }
    }
}
