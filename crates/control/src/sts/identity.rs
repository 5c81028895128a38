//! Who a caller is, and a session of its own.

use std::collections::BTreeMap;

use fleetwright_access::caller::{Caller, CallerKind, Session};
use fleetwright_access::session_token;
use fleetwright_core::authorization::Authorized;

use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome, invalid};
use crate::sts::credentials;
use crate::{Control, auth};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("GetCallerIdentity", get_caller_identity),
    operation!("GetAccessKeyInfo", get_access_key_info),
    operation!("GetSessionToken", get_session_token),
];

/// `GetCallerIdentity`: needs no permission.
async fn get_caller_identity(_control: &Control, call: &Authorized<Call>) -> Outcome {
    let caller = &call.context.caller;
    Ok(Element::new()
        .text("Arn", &caller.arn)
        .text("UserId", &caller.user_id)
        .text("Account", &caller.account))
}

/// `GetAccessKeyInfo`: the account of an access key.
async fn get_access_key_info(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.form.required("AccessKeyId")?;
    if control.store.access_key(id).await?.is_none() {
        return Err(invalid("The specified access key ID is not one of this account."));
    }
    Ok(Element::new().text("Account", control.scope.account.as_str()))
}

/// Seconds that the credentials live. AWS: 15 minutes to 36 hours, 12 hours by default.
const SECONDS: std::ops::RangeInclusive<u32> = 900..=129_600;
const DEFAULT: u32 = 43_200;

/// `GetSessionToken`: temporary credentials of the calling user, with the same rights.
async fn get_session_token(control: &Control, call: &Authorized<Call>) -> Outcome {
    let permanent = call.context.caller.session.is_none();
    if !permanent || !matches!(call.context.caller.kind, CallerKind::User { .. }) {
        let message = format!(
            "Cannot call GetSessionToken with session credentials ({}…); use a user's own access \
             key.",
            auth::TEMPORARY
        );
        return Err(ApiError::new(ErrorKind::AccessDenied, message));
    }
    let seconds = call.form.integer("DurationSeconds", SECONDS)?.unwrap_or(DEFAULT);
    let now = control.now();
    let session = Session {
        issued: now,
        expires: now.plus_millis(i64::from(seconds) * 1000),
        policies: Vec::new(),
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
        source_identity: None,
        federated: None,
        device: None,
    };
    let made = session_token::make(&control.sealing, Caller::clone(&call.context.caller), session)?;
    Ok(Element::new().nested("Credentials", credentials(&made)))
}
