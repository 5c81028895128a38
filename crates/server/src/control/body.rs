//! A request's body, within the bound of its operation. It is read once an access key is known,
//! so that a stranger sends nothing but the small form of an operation that a token opens.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::auth::AuthError;
use super::error::Failure;
use super::lambda;
use super::service::Service;

/// Bytes of a request's body. (ours)
pub(super) const BODY_BYTES: usize = 1024 * 1024;
/// Time that a client has to send the body. (ours)
const BODY_TIME: Duration = Duration::from_secs(30);
/// The same for a large body. (ours)
const LARGE_BODY_TIME: Duration = Duration::from_secs(300);
/// Large bodies that are read and worked on at once; further ones wait. (ours)
const LARGE_BODIES: usize = 4;

static LARGE: Semaphore = Semaphore::const_new(LARGE_BODIES);

/// How much of a body is read.
pub(super) struct BodyBound {
    bytes: usize,
    time: Duration,
    /// What a larger one is told.
    refusal: String,
}

impl BodyBound {
    /// The bound of a request, told by its path: the operation is looked up once the signature
    /// is verified.
    pub(super) fn of(service: Service, parts: &Parts) -> Self {
        let large = match service {
            Service::Lambda => lambda::body_bytes(&parts.method, parts.uri.path()),
            _ => None,
        };
        match large {
            Some((name, bytes)) => Self {
                bytes,
                time: LARGE_BODY_TIME,
                refusal: format!(
                    "Request must be smaller than {bytes} bytes for the {name} operation"
                ),
            },
            None => Self::up_to(BODY_BYTES),
        }
    }

    /// Any body of so many bytes.
    pub(super) fn up_to(bytes: usize) -> Self {
        let refusal = format!("The body is larger than {bytes} bytes.");
        Self { bytes, time: BODY_TIME, refusal }
    }
}

/// Reads a body within its bound.
///
/// # Errors
/// Too large, too slow, or broken off.
pub(super) async fn read_body(body: Body, bound: &BodyBound) -> Result<Bytes, Failure> {
    let read = async {
        let _permit = match bound.bytes > BODY_BYTES {
            true => LARGE.acquire().await.ok(),
            false => None,
        };
        Limited::new(body, bound.bytes).collect().await
    };
    let collected = timeout(bound.time, read).await.map_err(|_| {
        Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeoutException",
            format!("The body did not arrive within {} seconds.", bound.time.as_secs()),
        )
    })?;
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            bound.refusal.clone(),
        )),
        Err(error) => {
            let mut failure = Failure::from(AuthError::Malformed("the body broke off".into()));
            failure.cause = Some(error.to_string());
            Err(failure)
        }
    }
}
