//! `GetRegistrationCode`: the same code until it is deleted.

use fleetwright_core::ca_certificate::RegistrationCode;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::random;

pub(super) const NAME: &str = "GetRegistrationCode";

pub(super) async fn run(control: &Control, _call: &Call) -> Outcome {
    let code = match control.store.registration_code().await? {
        Some(code) => code,
        None => {
            let fresh = RegistrationCode::from_random(random::bytes()?);
            control.store.registration_code_or(fresh).await?
        }
    };
    Ok(Answer::json(json!({"registrationCode": code.as_str()})))
}
