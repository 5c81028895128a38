//! `DeleteRegistrationCode`: the next one is another.

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteRegistrationCode";

pub(super) async fn run(control: &Control, _call: &Call) -> Outcome {
    control.store.delete_registration_code().await?;
    Ok(Answer::empty())
}
