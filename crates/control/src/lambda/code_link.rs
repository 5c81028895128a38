//! Links to deployment packages: a link is the permission to read one package for ten minutes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_host::random;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};

use crate::refusal::refuse;
use crate::rest::Call;
use crate::rest::members::invalid;
use crate::service::Service;
use crate::{Control, ControlPlane};

/// Where packages are.
pub(crate) const ROUTE: &str = "/function-code/{token}";
/// Life of a link, milliseconds. AWS: `FunctionCodeLocation`, "a presigned URL", ten minutes.
const LINK_MILLIS: i64 = 10 * 60 * 1000;
/// Bytes of a link's token that are looked at.
const TOKEN_BYTES: usize = 256;
const PURPOSE: &str = "link to a function's code";

/// The link to a package.
pub(super) fn url(control: &Control, call: &Call, sha256: &[u8; 32]) -> Result<String, Refusal> {
    let host = call.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| invalid("The request has no Host header."))?;
    let until = control.now().plus_millis(LINK_MILLIS).0;
    let content = [sha256.as_slice(), &until.to_be_bytes()].concat();
    let sealed = control.sealing.seal(PURPOSE, &content).map_err(Refusal::internal)?;
    let token = URL_SAFE_NO_PAD.encode(sealed);
    Ok(format!("{}://{host}{}", control.own_scheme, ROUTE.replace("{token}", &token)))
}

/// The package behind a link.
pub(crate) async fn answer(
    State(control): State<Arc<ControlPlane>>,
    Path(token): Path<String>,
) -> Response {
    let found = match open(&control, &token) {
        Some(sha256) => control.registry.function_code(&sha256).await.map_err(Refusal::from),
        None => Ok(None),
    };
    let found = found.and_then(|zip| {
        zip.ok_or_else(|| {
            Refusal::new(
                ErrorCode::ResourceNotFound,
                "This link leads to no code, or its ten minutes are over; call GetFunction again.",
            )
        })
    });
    match found {
        Ok(zip) => {
            let mut response = Response::new(Body::from(zip));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(refusal) => refuse(&refusal.into(), Service::Lambda, &random::request_id()),
    }
}

/// The package of a link, if the link is one of ours and not expired.
fn open(control: &ControlPlane, token: &str) -> Option<[u8; 32]> {
    let sealed = (token.len() <= TOKEN_BYTES).then(|| URL_SAFE_NO_PAD.decode(token).ok())??;
    let opened = control.sealing.open_sealed(PURPOSE, &sealed).ok()?;
    let (sha256, until) = opened.split_at_checked(32)?;
    let until = i64::from_be_bytes(until.try_into().ok()?);
    (control.now().0 < until).then(|| sha256.try_into().ok()).flatten()
}
