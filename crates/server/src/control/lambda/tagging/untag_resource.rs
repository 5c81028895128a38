//! `UntagResource`.

use super::resource;
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::tags::check_key;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UntagResource";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let resource = resource(control, call)?;
    let keys: Vec<String> = call.query.all("tagKeys").map(str::to_owned).collect();
    if keys.is_empty() {
        return Err(invalid("The query parameter 'tagKeys' is required.").into());
    }
    for key in &keys {
        check_key(key).map_err(invalid)?;
    }
    control.store.untag(resource, keys).await?;
    Ok(Answer::nothing())
}
