//! One page of a listing, by key: a page begins after the last key of the one before.

use fleetwright_core::limits;

/// Some items, and the key to go on after; `next` is `None` on the last page. A filtered page
/// may be short, even empty, and still have a next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K = String> {
    /// The items, in the order of their keys.
    pub items: Vec<T>,
    /// What to pass as `after` for the next page.
    pub next: Option<K>,
}

/// The first text after every name that begins with `prefix`: '~' is past every character of a
/// name.
pub(crate) fn after_prefix(prefix: &str) -> String {
    format!("{prefix}~")
}

/// A page's size within its bounds: 1 to [`limits::PAGE`].
pub(crate) fn size(asked: usize) -> usize {
    asked.clamp(1, limits::PAGE)
}

impl<T, K> Page<T, K> {
    /// A page of `items`, of which one more than `size` was fetched to see whether there is more.
    pub(crate) fn cut(mut items: Vec<T>, size: usize, key: impl Fn(&T) -> K) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}
