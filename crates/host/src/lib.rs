//! What the machine gives to a server: its clocks, random bytes, files written whole or not at all,
//! secrets at rest, TLS, and sockets in and out.

pub mod background;
pub mod cache;
pub mod clock;
pub mod data_dir;
pub mod graceful_close;
pub mod idle_time;
pub mod named_files;
pub mod outgoing;
pub mod proxy_protocol;
pub mod random;
pub mod sealing;
pub mod slots;
mod start_error;
pub mod tls;
pub mod turns;

pub use start_error::StartError;
