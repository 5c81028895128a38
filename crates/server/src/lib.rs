//! The server: configuration, the wiring of its parts, start and stop.
//!
//! The walk of one request goes one way: `gateway → provisioning ← control`, each a crate of its
//! own. See `ARCHITECTURE.md`.

mod api;
mod app;
mod callers;
pub mod calling;
mod changes;
mod chores;
pub mod config;
mod connections;
mod console;
pub mod containment;
mod damage;
mod health;
mod https;
mod listening;
mod metrics;
mod on_disk;
mod process;
mod ready_file;
mod reload;
mod serve;
pub mod telemetry;

pub use fleetwright_host::StartError;
pub use process::private_files;
pub use serve::serve;
