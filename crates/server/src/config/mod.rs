//! Configuration: a TOML file, the environment and the command line become checked [`Settings`].
//!
//! Each room declares the keys of its section and what they take; here they are read, looked at and
//! merged. The command line wins over the environment, the environment over the file, the file over
//! the default. Whatever cannot be used is named with the place where it was given, all at once.

mod endpoints;
mod error;
mod file;
mod given;
mod keys;
mod listen;
mod log_filter;
mod origin;
mod pairs;
mod read;
mod sections;
mod settings;
mod show;
#[cfg(test)]
mod tests;
mod value;
mod values;

pub use error::ConfigError;
pub use given::Given;
pub use listen::MqttListen;
pub use log_filter::LogFilter;
pub use origin::Origin;
pub use read::{Configuration, Sources};
pub use settings::Settings;
pub use show::Shown;
