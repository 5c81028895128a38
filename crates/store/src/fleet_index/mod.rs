//! Fleet indexing: the registry is the index. What is indexed, the things and groups that fit a
//! query, and membership of dynamic thing groups, which follows every write.

mod configuration;
mod cursor;
mod documents;
mod find;
mod find_groups;
mod follow;
mod presence;

pub(crate) use configuration::read as configuration;
pub(crate) use find::not_indexed;
pub(crate) use follow::{Queries, begin_filling, fill, follow, leave_newest, mark};
pub use presence::{ConnectionFacts, Presence};
