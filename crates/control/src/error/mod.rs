//! Errors of the control plane: a kind, a message for the caller and a cause for the log. How a
//! kind is named to the caller is its row of one table; each protocol renders its own answers.

mod kind;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::text::shown_arn;
use fleetwright_store::StoreError;
use http::{Method, StatusCode};
pub(crate) use kind::ErrorKind;

use crate::service::Service;

/// A request that is refused or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    /// For the caller; no cause, no secret.
    pub(crate) message: String,
    /// `resourceId` and `resourceArn`.
    pub(crate) resource: Option<Box<(String, String)>>,
    /// For the log, never sent.
    cause: Option<String>,
}

impl ApiError {
    pub(crate) fn new(kind: impl Into<ErrorKind>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into(), resource: None, cause: None }
    }

    /// An operation or path that the service does not have.
    pub(crate) fn unknown_operation(method: &Method, path: &str) -> Self {
        let path = shown_arn(path);
        let message = format!(
            "{method} {path} is no operation of this service; check the path and its encoding."
        );
        Self::new(ErrorKind::UnknownOperation, message)
    }

    /// The same error with a cause for the log.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The same error, of another kind if it is a quota that is used up: some quotas have an error
    /// of their own.
    #[must_use]
    pub(crate) fn with_quota(self, kind: ErrorKind) -> Self {
        match self.kind {
            ErrorKind::Code(ErrorCode::LimitExceeded) => Self::new(kind, self.message),
            _ => self,
        }
    }

    /// AWS's name of the error in this service.
    pub(crate) fn name(&self, service: Service) -> &'static str {
        self.kind.column(service).0
    }

    /// The HTTP status of the error, as this service answers it.
    pub(crate) fn status(&self, service: Service) -> StatusCode {
        let status = StatusCode::from_u16(self.kind.column(service).1);
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Logs message and cause under the request's id.
    pub(crate) fn log(&self, service: Service, request_id: &str) {
        let (error, status) = (self.name(service), self.status(service));
        let Self { message, cause, .. } = self;
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
            tracing::error!(request_id, error, cause = cause.as_deref(), "{message}");
        } else {
            tracing::info!(request_id, error, cause = cause.as_deref(), "{message}");
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, cause, resource } = refusal;
        Self { kind: code.into(), message, resource, cause }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}
