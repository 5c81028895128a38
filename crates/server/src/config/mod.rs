//! Configuration: a TOML file and the command line become checked [`Settings`].
//!
//! One file per section. An unknown key is an error that names the nearest known key; an option
//! given on the command line (or as `FLEETWRIGHT_…`) wins over the file, the file over the default.

mod audit;
mod bulk;
mod claims;
mod control;
mod file;
mod functions;
mod hooks;
mod listen;
mod mqtt;
mod provisioning;
mod settings;
#[cfg(test)]
mod tests;
mod web_identity;

pub use audit::Audit;
pub use bulk::Bulk;
pub use claims::{ClaimLimits, Claims};
pub use control::Control;
pub use file::{ConfigError, ConfigFile};
pub use functions::{Containment, Functions};
pub use hooks::{HookCommand, Hooks, LambdaEndpoint};
pub use listen::{Addresses, MqttListen};
pub use mqtt::{ConnectRefusalCode, Mqtt};
pub use provisioning::Provisioning;
pub use settings::{Given, Settings, SettingsError};
pub use web_identity::WebIdentity;
