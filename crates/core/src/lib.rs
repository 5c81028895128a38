//! Fleetwright's domain: names, ARNs, limits, templates, policies, certificates, hooks and
//! registry rules.
//!
//! Everything here is a pure function over values: no I/O, no clock, no randomness, no task.
//! Time comes in as [`certificate::Instant`]; random bytes come in as arguments.

pub mod arn;
pub mod audit;
pub mod authorization;
pub mod authorizer;
pub mod ca_certificate;
pub mod certificate;
pub mod certificate_provider;
pub mod error;
pub mod event;
pub mod fleet_index;
pub mod function;
pub mod hook;
pub mod limits;
pub mod managed_policy;
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
pub mod template;
pub mod web_identity;

mod tree;
