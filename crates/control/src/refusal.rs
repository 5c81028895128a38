//! Errors in the response of their service.

use axum::response::Response;

use crate::error::ApiError;
use crate::service::Service;
use crate::{lambda, query, rest};

/// Logs an error and renders it as its service does.
pub(crate) fn refuse(error: &ApiError, service: Service, request_id: &str) -> Response {
    error.log(service, request_id);
    match service {
        Service::Iot | Service::IotData | Service::IotJobsData => rest::refuse(error, service),
        Service::Lambda => lambda::refuse(error),
        Service::Iam | Service::Sts => query::refuse(error, service, request_id),
    }
}
