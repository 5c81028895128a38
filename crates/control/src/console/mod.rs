//! Sign-in to the console by a link: a caller asks for one, and whoever opens it first, within a
//! minute, is that caller for a while.

mod links;
mod session;

pub(crate) use links::LINK_SECONDS;
pub use links::Links;
pub(crate) use session::{BODY_BYTES, OPERATION, Opened, is_opening};
