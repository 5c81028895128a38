//! The control plane: AWS operations over HTTP.
//!
//! A request goes through these steps, and the first that refuses it answers it:
//!
//! 1. `door`: the presented signature (its form, its scope, the clock), judged without a secret.
//! 2. `body`: the body within the bound of its operation, once the access key is known.
//! 3. `auth`: the signature, recomputed over what was received.
//! 4. `rest` or `query`: the operation that method and path, or the parameter `Action`, name.
//! 5. `admission`: a permit, as a bounded number of requests is answered at once.
//! 6. `authorize`: the caller's policies, evaluated for every permission that the operation needs.
//! 7. `admission`: the operation's rate, of which only an authorized caller spends.
//! 8. `operation`: the function that answers, on the `Authorized` call and nothing less.
//!
//! `AssumeRoleWithWebIdentity` and a link to the console come without a signature; their tokens stand
//! in for it.
//! `trail` records the request, and every response carries `x-amzn-RequestId`.

mod absent_service;
mod admission;
mod auth;
mod authorize;
mod body;
mod connections;
mod console;
mod device;
mod door;
mod error;
mod health;
mod iam;
mod iot;
mod iot_data;
mod iot_jobs_data;
mod lambda;
mod lint;
mod operation;
mod plane;
mod query;
mod refusal;
mod reports;
mod rest;
mod service;
pub mod settings;
mod signed_upgrade;
mod sts;
mod trail;

#[cfg(test)]
mod tests;

pub use admission::Admission;
pub use authorize::{DeviceCaller, Peer};
pub use connections::{Asked, Connections, DirectMessage};
pub use console::Links as ConsoleLinks;
pub use device::answer_device;
pub use door::router;
pub use plane::{
    Control, ControlPlane, Endpoints, Examine, FindCredentials, Measure, PublishMessage,
};
pub use signed_upgrade::{GrantedPolicies, NotSigned, SignedUpgrade, verify_upgrade};
