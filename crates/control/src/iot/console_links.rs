//! Links to the console.

use std::sync::Arc;

use fleetwright_core::authorization::Authorized;
use serde_json::json;

use crate::Control;
use crate::console::LINK_SECONDS;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("CreateConsoleLink", create_console_link)];

/// `CreateConsoleLink`: the token of a link that makes whoever opens it first the caller, in the
/// console, for a while.
async fn create_console_link(control: &Control, call: &Authorized<Call>) -> Outcome {
    let caller = Arc::clone(&call.context.caller);
    let (token, expires) = control.console_links.make(caller, control.now())?;
    Ok(Answer::json(json!({
        "token": token,
        "expiration": expires.epoch_seconds(),
        "seconds": LINK_SECONDS,
    })))
}
