//! Fleet indexing: the registry is the index. What is indexed, the things and groups that fit a
//! query, and membership of dynamic thing groups, which follows every write.

mod configuration;
mod documents;
mod find;
mod find_groups;
mod follow;
mod place;
mod presence;

pub(crate) use configuration::read as configuration;
pub use find::Found;
pub(crate) use find::not_indexed;
pub(crate) use follow::{Queries, begin_filling, fill, follow, leave_newest};
pub use presence::{ConnectionFacts, Presence};
