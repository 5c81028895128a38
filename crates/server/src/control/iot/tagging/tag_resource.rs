//! `TagResource`: adds tags, replacing the values of keys that exist.

use super::tagged::tagged;
use crate::control::iot::members::invalid;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "TagResource";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let resource = tagged(&control.home, members.required_text("resourceArn")?)?;
    let tags = tags::tags(&members)?;
    if tags.is_empty() {
        return Err(invalid("The member 'tags' is required, with at least one tag.").into());
    }
    control.store.tag(resource, tags).await?;
    Ok(Answer::empty())
}
