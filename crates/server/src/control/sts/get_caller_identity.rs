//! `GetCallerIdentity`: whoever signs may ask who they are.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "GetCallerIdentity";

pub(super) async fn run(_control: &Control, call: &Call) -> Outcome {
    let caller = &call.caller;
    Ok(Element::new()
        .text("Arn", &caller.arn)
        .text("UserId", &caller.user_id)
        .text("Account", &caller.account))
}
