//! A link is opened: its token stands in for a signature, and temporary credentials are the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use fleetwright_access::caller::{Caller, Session};
use fleetwright_access::session_token;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::plane::ControlPlane;

/// Its name in the audit trail.
pub(crate) const OPERATION: &str = "OpenConsoleLink";
/// Where it is.
const PATH: &str = "/fleetwright/console-sessions";
/// Bytes of a body, which has the token. (ours)
pub(crate) const BODY_BYTES: usize = 1024;
/// Longest life of the console's credentials, seconds. (ours; AWS's console: 12 hours)
const SECONDS: i64 = 43_200;

/// Whether a request opens a link; it has no signature.
pub(crate) fn is_opening(parts: &Parts) -> bool {
    parts.method == Method::POST
        && parts.uri.path() == PATH
        && !parts.headers.contains_key(AUTHORIZATION)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    token: String,
}

/// A link that was open: proof of its caller.
pub(crate) struct Opened(Arc<Caller>);

impl Opened {
    /// Takes the link whose token the body has.
    ///
    /// # Errors
    /// There is none, or no longer.
    pub(crate) fn take(plane: &ControlPlane, body: &[u8]) -> Result<Self, ApiError> {
        let asked = serde_json::from_slice::<Request>(body).ok();
        let caller = asked.and_then(|asked| plane.console_links.take(&asked.token, plane.now()));
        caller.map(Self).ok_or_else(|| {
            let message = "This link was used, or its minute is over: ask for another with \
                           `fleetwright console`.";
            ApiError::new(ErrorKind::AccessDenied, message)
        })
    }

    /// ARN of the caller.
    pub(crate) fn principal(&self) -> String {
        self.0.arn.clone()
    }

    /// Temporary credentials with the caller's rights: a session of a user of its own, or what is
    /// left of the session that asked for the link, with all that narrows it.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn answer(self, control: &Control) -> Result<Response, ApiError> {
        let now = control.now();
        let longest = now.plus_millis(SECONDS * 1000);
        let session = match self.0.session.clone() {
            Some(asking) => Session { expires: asking.expires.min(longest), ..asking },
            None => Session {
                issued: now,
                expires: longest,
                policies: Vec::new(),
                policy_arns: Vec::new(),
                tags: BTreeMap::new(),
                source_identity: None,
                federated: None,
                device: None,
            },
        };
        let made = session_token::make(&control.sealing, Caller::clone(&self.0), session)?;
        let answer = json!({
            "accessKeyId": made.access_key_id,
            "secretAccessKey": made.secret.as_str(),
            "sessionToken": made.token,
            "region": control.scope.region.as_str(),
            "expiration": made.expires.epoch_seconds(),
        });
        let mut response = Response::new(Body::from(answer.to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
