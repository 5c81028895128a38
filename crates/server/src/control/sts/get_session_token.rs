//! `GetSessionToken`: temporary credentials of the user who asks, with the same rights.

use std::collections::BTreeMap;

use http::StatusCode;

use super::credentials;
use crate::control::caller::{Caller, CallerKind, Session};
use crate::control::error::Failure;
use crate::control::query::{Call, Element, Outcome};
use crate::control::{Control, auth};
use crate::session_token;

pub(super) const NAME: &str = "GetSessionToken";

/// Seconds that the credentials live. AWS: 15 minutes to 36 hours, 12 hours if not said.
const SECONDS: std::ops::RangeInclusive<u32> = 900..=129_600;
const DEFAULT: u32 = 43_200;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let permanent = call.caller.session.is_none();
    if !permanent || !matches!(call.caller.kind, CallerKind::User { .. }) {
        let message = format!(
            "Cannot call GetSessionToken with session credentials ({}…); use a user's own access \
             key.",
            auth::TEMPORARY
        );
        return Err(Failure::new(StatusCode::FORBIDDEN, "AccessDenied", message));
    }
    let seconds = call.form.integer("DurationSeconds", SECONDS)?.unwrap_or(DEFAULT);
    let now = (control.clock)();
    let session = Session {
        issued: now,
        expires: now.plus_millis(i64::from(seconds) * 1000),
        policies: Vec::new(),
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
        source_identity: None,
        federated: None,
    };
    let made = session_token::make(&control.sealing, Caller::clone(&call.caller), session)?;
    Ok(Element::new().nested("Credentials", credentials(&made)))
}
