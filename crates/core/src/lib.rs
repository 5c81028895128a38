//! Fleetwright's domain: names, ARNs, limits, templates, policies, certificates, hooks and
//! registry rules.
//!
//! Everything here is a pure function over values: no I/O, no clock, no randomness, no task.
//! Time comes in as [`time::Timestamp`]; random bytes come in as arguments.

pub mod arn;
pub mod audit;
pub mod authorization;
pub mod authorizer;
pub mod aws_service;
pub mod ca_certificate;
pub mod certificate;
pub mod certificate_provider;
pub mod configuration;
pub mod connection;
pub mod credentials_file;
pub mod error;
pub mod event;
pub mod fleet_index;
pub mod function;
pub mod hook;
pub mod job;
pub mod limits;
pub mod logging;
pub mod managed_policy;
pub mod matched_text;
pub mod names;
pub mod ownership;
pub mod payload;
pub mod plan;
pub mod policy;
pub mod propagation;
pub mod rate;
pub mod registry;
pub mod reserved_topic;
pub mod service_request;
pub mod shadow;
pub mod template;
pub mod text;
pub mod time;
pub mod url;
pub mod uuid;
pub mod web_identity;

mod number;
mod tree;
