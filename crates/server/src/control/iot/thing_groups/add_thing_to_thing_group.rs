//! `AddThingToThingGroup`: there already is no error.

use super::properties::group;
use crate::control::iot::named::thing;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AddThingToThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (thing, group) = (thing(&control.home, &members)?, group(&control.home, &members)?);
    let over_dynamic = members.flag("overrideDynamicGroups")?.unwrap_or(false);
    control.store.add_thing_to_thing_group(thing, group, over_dynamic).await?;
    Ok(Answer::empty())
}
