//! `ClearDefaultAuthorizer`.

use super::describe_default_authorizer::no_default;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ClearDefaultAuthorizer";

pub(super) async fn run(control: &Control, _: &Call) -> Outcome {
    match control.store.clear_default_authorizer().await? {
        true => Ok(Answer::empty()),
        false => Err(no_default().into()),
    }
}
