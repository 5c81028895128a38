//! `UntagResource`: a key that is not there is no error.

use super::tagged::tagged;
use crate::control::iot::members::invalid;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "UntagResource";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let resource = tagged(&control.home, members.required_text("resourceArn")?)?;
    let keys = members.names("tagKeys", |key| tags::check_key(key).map(|()| key.to_owned()))?;
    if keys.is_empty() {
        return Err(invalid("The member 'tagKeys' is required, with at least one key.").into());
    }
    control.store.untag(resource, keys).await?;
    Ok(Answer::empty())
}
