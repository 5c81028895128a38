//! `ListIndices`: those that are switched on.

use fleetwright_core::fleet_index::IndexName;
use fleetwright_core::limits::INDICES_PAGE;

use crate::control::Control;
use crate::control::iot::page::{NEXT_TOKEN, cut};
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListIndices";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read_up_to(call, INDICES_PAGE)?;
    let configuration = control.store.indexing_configuration().await?;
    let all = [
        (IndexName::ThingGroups, configuration.groups.on),
        (IndexName::Things, configuration.things.is_on()),
    ];
    let names = all.into_iter().filter(|(_, on)| *on).map(|(index, _)| index.as_str()).collect();
    let (names, next) = cut(names, &page, |name| name);
    let names = names.into_iter().map(Into::into);
    Ok(Answer::list("indexNames", names, &NEXT_TOKEN, next.as_deref()))
}
