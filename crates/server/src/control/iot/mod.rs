//! AWS IoT's operations. An operation is one file in its family's folder: a `NAME` and a `run`,
//! and one line in the family's `OPERATIONS`. Method and path come from `known_operations.txt`.

mod attributes;
mod audit;
mod authorizers;
mod billing_groups;
mod ca_certificates;
mod call;
mod certificate_providers;
mod certificate_transfers;
mod certificates;
mod domain_configurations;
mod endpoint;
mod event_configurations;
mod fleet_indexing;
mod function_logs;
mod functions;
mod hook_test;
mod lint;
pub(crate) mod members;
mod named;
mod page;
mod policies;
mod provisioning_templates;
mod registration;
mod role_aliases;
pub(in crate::control) mod route;
mod tagging;
pub(in crate::control) mod tags;
mod thing_groups;
mod thing_types;
mod things;

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};

use super::Control;
use super::error::Failure;
pub(crate) use call::{Answer, Call, put};
use http::Method;
pub(crate) use route::Labels;
use route::Routes;

/// What an operation comes to.
pub(crate) type Outcome = Result<Answer, Failure>;
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// An operation that is offered.
pub(crate) struct Operation {
    /// AWS's name.
    pub(crate) name: &'static str,
    /// Runs it; reached by [`Operation::answer`] only.
    run: for<'a> fn(&'a Control, &'a Call) -> Running<'a>,
}

impl Operation {
    /// An operation of a service of paths; only an authorized call runs it.
    pub(crate) const fn new(
        name: &'static str,
        run: for<'a> fn(&'a Control, &'a Call) -> Running<'a>,
    ) -> Self {
        Self { name, run }
    }

    /// Runs the operation on a call that its caller may make.
    pub(crate) async fn answer(&self, control: &Control, call: &Authorized<Call>) -> Outcome {
        (self.run)(control, call.get()).await
    }
}

/// The table entry of the operation in a module.
macro_rules! operation {
    ($module:ident) => {
        crate::control::iot::Operation::new($module::NAME, |control, call| {
            Box::pin($module::run(control, call))
        })
    };
}
pub(crate) use operation;

const FAMILIES: &[&[Operation]] = &[
    audit::OPERATIONS,
    authorizers::OPERATIONS,
    billing_groups::OPERATIONS,
    ca_certificates::OPERATIONS,
    certificate_transfers::OPERATIONS,
    certificate_providers::OPERATIONS,
    certificates::OPERATIONS,
    domain_configurations::OPERATIONS,
    endpoint::OPERATIONS,
    event_configurations::OPERATIONS,
    fleet_indexing::OPERATIONS,
    function_logs::OPERATIONS,
    hook_test::OPERATIONS,
    policies::OPERATIONS,
    provisioning_templates::OPERATIONS,
    tagging::OPERATIONS,
    registration::OPERATIONS,
    role_aliases::OPERATIONS,
    thing_groups::OPERATIONS,
    thing_types::OPERATIONS,
    things::OPERATIONS,
];

/// A refusal of a value from one of core's rules.
fn refusal(error: impl Into<Refusal>) -> Failure {
    error.into().into()
}

/// A named resource does not exist.
pub(crate) fn not_found(kind: &str, name: impl std::fmt::Display) -> Refusal {
    Refusal::new(ErrorCode::ResourceNotFound, format!("The {kind} '{name}' does not exist."))
}

/// Every operation of the service model and our own, `METHOD PATH NAME`, one a line.
const KNOWN: &str = include_str!("known_operations.txt");

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::read(KNOWN, FAMILIES));

/// The operation of a request. Errors as [`Routes::find`].
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Operation, Labels), Failure> {
    ROUTES.find(method, path)
}

/// Method, path and name of every operation that is offered.
#[cfg(test)]
pub(crate) fn offered_paths() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    KNOWN.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (method, path, name) = (words.next()?, words.next()?, words.next()?);
        offered().any(|operation| operation.name == name).then_some((method, path, name))
    })
}

/// Every operation that is offered.
#[cfg(test)]
fn offered() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().flat_map(|family| family.iter())
}
