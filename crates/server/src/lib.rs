//! The shell and the stories: the device gateway, provisioning, hooks and the control plane.
//!
//! The walk of one request goes one way: `gateway → provisioning ← control`; gateway and control
//! never name each other. See `ARCHITECTURE.md`.

mod admin;
mod api;
mod app;
pub mod audit;
mod authorities;
pub mod backup;
pub mod bulk;
mod clock;
mod closing;
pub mod config;
pub mod control;
mod credentials;
mod data_dir;
pub mod doctor;
pub mod events;
pub mod functions;
pub mod gateway;
pub mod hooks;
pub mod identities;
mod installation;
pub mod issuance;
mod issuers;
pub mod keys;
mod listening;
mod outgoing;
pub mod policies;
pub mod presence;
pub mod provisioning;
mod random;
mod registration;
mod sealing;
mod serve;
mod session_token;
mod signing_keys;
mod slots;
pub mod telemetry;
mod tls;
mod twins;

pub use admin::{ResetCredentials, reset_credentials};
pub use app::StartError;
pub use serve::{private_files, serve};
