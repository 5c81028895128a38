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
pub(crate) use refusal::refuse;

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

/// The operations whose bodies may be large: what AWS calls them there, and their bytes.
pub(super) fn body_bytes(method: &Method, path: &str) -> Option<(&'static str, usize)> {
    let (operation, _) = find(method, path).ok()?;
    match operation.name {
        "CreateFunction" => Some(("CreateFunction", CREATE_BYTES)),
        "UpdateFunctionCode" => Some(("UpdateFunctionCode", UPDATE_BYTES)),
        "Invoke" => Some(("InvokeFunction", FUNCTION_PAYLOAD_BYTES)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
