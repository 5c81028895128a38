//! Subscriptions by filter.

use std::collections::BTreeMap;

use super::subscribers::Subscribers;

/// Subscriptions by filter: which keys, each with its value, ask for a topic. A key stands at
/// most once at each filter.
///
/// Filters without a wildcard are found in one look-up; those with one stand in a tree of levels,
/// where a look-up costs as much as there are branches that fit the topic. It does not recurse,
/// and its maps are ordered: names chosen by a peer cannot make them slow.
#[derive(Debug, Clone)]
pub struct SubscriptionTree<K, V> {
    exact: BTreeMap<Box<str>, Subscribers<K, V>>,
    nodes: Vec<Node<K, V>>,
    /// Nodes out of use.
    free: Vec<usize>,
    len: usize,
}

/// A level of wildcard filters.
#[derive(Debug, Clone)]
struct Node<K, V> {
    children: BTreeMap<Box<str>, usize>,
    /// Subscribers of the filter that ends here.
    here: Subscribers<K, V>,
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self { children: BTreeMap::new(), here: Subscribers::default() }
    }
}

/// The node at which all wildcard filters begin.
const ROOT: usize = 0;

impl<K, V> Default for SubscriptionTree<K, V> {
    fn default() -> Self {
        Self { exact: BTreeMap::new(), nodes: vec![Node::default()], free: Vec::new(), len: 0 }
    }
}

impl<K: Ord, V> SubscriptionTree<K, V> {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of subscriptions.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no subscription.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Subscribes `key` to `filter` (well formed, without `$share/{name}/`); returns the value
    /// that it replaces.
    pub fn insert(&mut self, filter: &str, key: K, value: V) -> Option<V> {
        let replaced = if has_wildcard(filter) {
            let node = self.make(filter);
            self.nodes.get_mut(node).and_then(|node| node.here.insert(key, value))
        } else if let Some(subscribers) = self.exact.get_mut(filter) {
            subscribers.insert(key, value)
        } else {
            self.exact.entry(Box::from(filter)).or_default().insert(key, value)
        };
        if replaced.is_none() {
            self.len += 1;
        }
        replaced
    }

    /// Ends the subscription of `key` to `filter`; returns its value.
    pub fn remove(&mut self, filter: &str, key: &K) -> Option<V> {
        let removed = if has_wildcard(filter) {
            let path = self.path(filter)?;
            let node = self.nodes.get_mut(*path.last()?)?;
            let removed = node.here.remove(key)?;
            self.prune(filter, &path);
            removed
        } else {
            let subscribers = self.exact.get_mut(filter)?;
            let removed = subscribers.remove(key)?;
            if subscribers.is_empty() {
                self.exact.remove(filter);
            }
            removed
        };
        self.len -= 1;
        Some(removed)
    }

    /// Calls `found` for every subscription whose filter matches `topic`. A key with several
    /// matching filters is found several times.
    pub fn matches<'a>(&'a self, topic: &str, mut found: impl FnMut(&'a K, &'a V)) {
        if let Some(subscribers) = self.exact.get(topic) {
            subscribers.each(&mut found);
        }
        if self.nodes.len() - self.free.len() == 1 {
            return;
        }
        // A wildcard in the first level does not match a topic that begins with `$`.
        let mut wild = !topic.starts_with('$');
        let mut here = vec![ROOT];
        let mut next = Vec::new();
        for level in topic.split('/') {
            for node in here.drain(..).filter_map(|index| self.nodes.get(index)) {
                next.extend(node.children.get(level));
                if wild {
                    next.extend(node.children.get("+"));
                    let rest = node.children.get("#").and_then(|index| self.nodes.get(*index));
                    if let Some(rest) = rest {
                        rest.here.each(&mut found);
                    }
                }
            }
            std::mem::swap(&mut here, &mut next);
            wild = true;
        }
        for node in here.into_iter().filter_map(|index| self.nodes.get(index)) {
            node.here.each(&mut found);
        }
    }

    /// Calls `found` for the subscriptions of exactly this filter.
    pub fn at<'a>(&'a self, filter: &str, mut found: impl FnMut(&'a K, &'a V)) {
        let subscribers = if has_wildcard(filter) {
            self.path(filter).and_then(|path| self.nodes.get(*path.last()?)).map(|node| &node.here)
        } else {
            self.exact.get(filter)
        };
        if let Some(subscribers) = subscribers {
            subscribers.each(&mut found);
        }
    }

    /// The node of a wildcard filter, made if need be.
    fn make(&mut self, filter: &str) -> usize {
        let mut index = ROOT;
        for level in filter.split('/') {
            let known = self.nodes.get(index).and_then(|node| node.children.get(level)).copied();
            index = known.unwrap_or_else(|| {
                let child = self.free.pop().unwrap_or_else(|| {
                    self.nodes.push(Node::default());
                    self.nodes.len() - 1
                });
                if let Some(node) = self.nodes.get_mut(index) {
                    node.children.insert(Box::from(level), child);
                }
                child
            });
        }
        index
    }

    /// The nodes from the root to a wildcard filter's.
    fn path(&self, filter: &str) -> Option<Vec<usize>> {
        let mut path = vec![ROOT];
        let mut node = self.nodes.get(ROOT)?;
        for level in filter.split('/') {
            let index = *node.children.get(level)?;
            path.push(index);
            node = self.nodes.get(index)?;
        }
        Some(path)
    }

    /// Frees the nodes of a path that lead nowhere any more, from its end.
    fn prune(&mut self, filter: &str, path: &[usize]) {
        let steps = path.iter().zip(path.iter().skip(1)).zip(filter.split('/'));
        let steps: Vec<_> = steps.collect();
        for ((parent, child), level) in steps.into_iter().rev() {
            let Some(node) = self.nodes.get_mut(*child) else { return };
            if !node.children.is_empty() || !node.here.is_empty() {
                return;
            }
            *node = Node::default();
            self.free.push(*child);
            if let Some(parent) = self.nodes.get_mut(*parent) {
                parent.children.remove(level);
            }
        }
    }
}

fn has_wildcard(filter: &str) -> bool {
    filter.contains(['+', '#'])
}
