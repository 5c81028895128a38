//! Lambda functions: how they are named, which runtimes there are, who may invoke them.
//!
//! AWS: AWS Lambda Developer Guide and API Reference (`lambda/2015-03-31`).

mod environment;
mod permission;
mod reference;
mod runtime;
mod service_call;
mod weight;

#[cfg(test)]
mod tests;

pub use environment::{InvalidEnvironment, check_environment};
pub use permission::{
    InvalidPermission, InvokePrincipal, Permission, PermissionRequest, policy_document,
};
pub use reference::{FunctionRef, InvalidFunctionRef, InvalidVersion, Qualifier, Version};
pub use runtime::{Runtime, RuntimeKind, UnsupportedRuntime};
pub use service_call::{MayInvoke, MayNotInvoke, ServiceCall, Source, service_may_invoke};
pub use weight::{InvalidWeight, Weight};

pub use crate::names::{AliasName, FunctionName, StatementId};
