//! A request's body, within the bound of its operation. It is read once an access key is known,
//! so that an unknown caller can send nothing but the small form of an unsigned operation.

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::auth::AuthError;
use super::error::{ApiError, ErrorKind};
use super::lambda::{self, LargeBody};
use super::service::Service;

/// Bytes of a request's body. (ours)
pub(super) const BODY_BYTES: usize = 1024 * 1024;
/// Time that a client has to send the body. (ours)
const BODY_TIME: Duration = Duration::from_secs(30);
/// The same for a deployment package. (ours)
const PACKAGE_TIME: Duration = Duration::from_secs(120);
/// Requests with deployment packages that are read and answered at once; further ones wait: each
/// may take several times its bytes in memory. (ours)
const PACKAGES: usize = 4;

static PACKAGE: Semaphore = Semaphore::const_new(PACKAGES);

/// How much of a body is read.
pub(super) struct BodyBound {
    bytes: usize,
    time: Duration,
    is_package: bool,
    /// The message for a larger one.
    refusal: String,
}

/// A body, and the permit of a large one; kept until the request is answered.
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    _permit: Option<SemaphorePermit<'static>>,
}

impl BodyBound {
    /// The bound of a request by its path: the operation is looked up once the signature
    /// is verified.
    pub(super) fn of(service: Service, parts: &Parts) -> Self {
        let large = match service {
            Service::Lambda => lambda::large_body(&parts.method, parts.uri.path()),
            _ => None,
        };
        match large {
            Some(LargeBody { operation, bytes, is_package }) => Self {
                bytes,
                time: if is_package { PACKAGE_TIME } else { BODY_TIME },
                is_package,
                refusal: format!(
                    "Request must be smaller than {bytes} bytes for the {operation} operation"
                ),
            },
            None => Self::up_to(BODY_BYTES),
        }
    }

    /// Any body of so many bytes.
    pub(super) fn up_to(bytes: usize) -> Self {
        let refusal = format!("The body is larger than {bytes} bytes.");
        Self { bytes, time: BODY_TIME, is_package: false, refusal }
    }
}

/// Reads a body within its bound.
///
/// # Errors
/// Too large, too slow, or broken off.
pub(super) async fn read_body(body: Body, bound: &BodyBound) -> Result<ReadBody, ApiError> {
    let read = async {
        let permit = if bound.is_package { PACKAGE.acquire().await.ok() } else { None };
        let collected = Limited::new(body, bound.bytes).collect().await?;
        Ok::<_, Box<dyn Error + Send + Sync>>(ReadBody {
            bytes: collected.to_bytes(),
            _permit: permit,
        })
    };
    let collected = timeout(bound.time, read).await.map_err(|_| {
        ApiError::new(
            ErrorKind::RequestTimeout,
            format!("The body did not arrive within {} seconds.", bound.time.as_secs()),
        )
    })?;
    match collected {
        Ok(body) => Ok(body),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::new(ErrorKind::RequestEntityTooLarge, bound.refusal.clone()))
        }
        Err(error) => {
            let broken = AuthError::Malformed("the body broke off".into());
            Err(ApiError::from(broken).because(error))
        }
    }
}
