//! AWS IoT's data plane over HTTP: publishing and retained messages. The protocol is that of the
//! control plane; the signing name tells the two apart.

use std::sync::LazyLock;

use http::Method;

use super::error::Failure;
use super::iot::Operation;
use super::iot::route::{Labels, Routes};

/// Every operation of the service model, `METHOD PATH NAME`, one a line. A topic may hold slashes
/// that a client does not encode.
const KNOWN: &str = include_str!("known_operations.txt");

const FAMILIES: &[&[Operation]] = &[];

static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::read(KNOWN, FAMILIES));

/// The operation of a request. Errors as [`Routes::find`].
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Operation, Labels), Failure> {
    ROUTES.find(method, path)
}
