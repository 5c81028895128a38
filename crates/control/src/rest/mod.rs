//! The REST protocol of AWS IoT, its data plane and Lambda: method and path name an operation;
//! its members are in the path, the query, headers and a JSON body.

mod answer;
mod call;
mod error;
pub(crate) mod members;
pub(crate) mod page;
mod parameters;
mod route;
pub(crate) mod tags;

use std::fmt::Display;

pub(crate) use answer::{Answer, error_type, json_response, put};
pub(crate) use call::{Call, description};
pub(crate) use error::refuse;
use fleetwright_core::error::{ErrorCode, Refusal};
pub(crate) use route::Offer;

use crate::error::ApiError;

/// An operation of this protocol.
pub(crate) type Operation = crate::operation::Operation<Call, Answer>;
/// How an operation ends.
pub(crate) type Outcome = Result<Answer, ApiError>;

/// A named resource does not exist.
pub(crate) fn not_found(kind: &str, name: impl Display) -> Refusal {
    Refusal::new(ErrorCode::ResourceNotFound, format!("The {kind} '{name}' does not exist."))
}
