//! AWS Lambda: functions, their versions and aliases, who may invoke them, and invocations.
//!
//! An operation is one file in its family's folder, as in the family of AWS IoT.

mod account;
mod aliases;
pub(super) mod code_link;
mod environment;
mod functions;
mod invocations;
mod page;
mod permissions;
mod reference;
mod refusal;
mod role;
mod settings;
mod shape;
mod tagging;
mod versions;
mod zip;

use std::sync::LazyLock;

use fleetwright_core::limits::FUNCTION_PAYLOAD_BYTES;
use http::Method;

use super::error::Failure;
use super::iot::Operation;
use super::iot::route::{Labels, Routes};
pub(crate) use refusal::{named, refuse};

/// Every operation of the service model whose path is its own, `METHOD PATH NAME`, one a line.
const KNOWN: &str = include_str!("known_operations.txt");

const FAMILIES: &[&[Operation]] = &[
    account::OPERATIONS,
    aliases::OPERATIONS,
    functions::OPERATIONS,
    invocations::OPERATIONS,
    permissions::OPERATIONS,
    tagging::OPERATIONS,
    versions::OPERATIONS,
];

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::read(KNOWN, FAMILIES));

/// Bodies of `CreateFunction`: 50 MB in Base64 and the rest. AWS: by its error message.
const CREATE_BYTES: usize = 70_167_211;
/// Bodies of `UpdateFunctionCode`. AWS: by its error message.
const UPDATE_BYTES: usize = 69_905_067;

/// The operation of a request. Errors as [`Routes::find`].
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Operation, Labels), Failure> {
    ROUTES.find(method, path)
}

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
    let (operation, _) = find(method, path).ok()?;
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
