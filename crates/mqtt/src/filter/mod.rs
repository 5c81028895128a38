//! Topics and filters: their grammar, matching, and a tree of subscriptions.
//!
//! Matching is AWS's: `sensor/#` does not match `sensor` (developer guide, MQTT topics), and a
//! wildcard in the first level does not match a topic that begins with `$` [MQTT-4.7.2-1].

mod grammar;
mod subscribers;
#[cfg(test)]
mod tests;
mod tree;

pub use grammar::{
    FilterError, TopicError, is_disallowed, matches, split_share, validate_filter, validate_topic,
};
pub use tree::SubscriptionTree;
