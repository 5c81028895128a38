//! AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations.
//!
//! A file per resource, as in AWS IoT.

mod absent;
mod aliases;
pub(super) mod code_link;
mod concurrency;
mod environment;
mod error;
mod function_updates;
mod functions;
mod invocations;
mod lints;
mod page;
mod permissions;
mod reference;
mod role;
mod settings;
mod shape;
mod tagging;
mod versions;
mod zip;

pub(crate) use error::refuse;
use fleetwright_core::limits::FUNCTION_PAYLOAD_BYTES;
use http::Method;

use crate::rest::Offer;

/// What is offered.
pub(crate) static OFFER: Offer = Offer::with_older(
    include_str!("known_operations.txt"),
    include_str!("older_paths.txt"),
    &[
        absent::OPERATIONS,
        aliases::OPERATIONS,
        concurrency::OPERATIONS,
        function_updates::OPERATIONS,
        functions::OPERATIONS,
        invocations::OPERATIONS,
        permissions::OPERATIONS,
        tagging::OPERATIONS,
        versions::OPERATIONS,
    ],
);

/// Bodies of `CreateFunction`: 50 MB in Base64 and the rest. AWS: by its error message.
const CREATE_BYTES: usize = 70_167_211;
/// Bodies of `UpdateFunctionCode`. AWS: by its error message.
const UPDATE_BYTES: usize = 69_905_067;

/// What the body of an operation may hold, when that is more than elsewhere.
pub(super) struct LargeBody {
    /// The operation as AWS's message calls it.
    pub(super) operation: &'static str,
    pub(super) bytes: usize,
    /// Whether it holds a deployment package.
    pub(super) is_package: bool,
}

/// The bound of a body, if that is a large one.
pub(super) fn large_body(method: &Method, path: &str) -> Option<LargeBody> {
    let (operation, _) = OFFER.find(method, path).ok()?;
    let (operation, bytes, is_package) = match operation.name {
        "CreateFunction" => ("CreateFunction", CREATE_BYTES, true),
        "UpdateFunctionCode" => ("UpdateFunctionCode", UPDATE_BYTES, true),
        "Invoke" => ("InvokeFunction", FUNCTION_PAYLOAD_BYTES, false),
        _ => return None,
    };
    Some(LargeBody { operation, bytes, is_package })
}

#[cfg(test)]
mod tests;
