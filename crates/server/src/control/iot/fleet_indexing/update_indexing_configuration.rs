//! `UpdateIndexingConfiguration`: each part that is given replaces what is there.

use super::settings;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateIndexingConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let things = members.object("thingIndexingConfiguration", |part| settings::things(&part))?;
    let groups =
        members.object("thingGroupIndexingConfiguration", |part| settings::groups(&part))?;
    control.store.update_indexing_configuration(things, groups).await?;
    Ok(Answer::empty())
}
