//! `DescribeIndex`: an index that is switched on, which is always up to date.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::IndexName;
use serde_json::json;

use super::asked::index;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeIndex";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let index = index(Some(call.label_text("indexName")?))?;
    let configuration = control.store.indexing_configuration().await?;
    let schema = match index {
        IndexName::Things => configuration.things.schema(),
        IndexName::ThingGroups => "THING_GROUPS",
    };
    if !configuration.is_on(index) {
        return Err(Refusal::new(
            ErrorCode::ResourceNotFound,
            format!(
                "The index {} does not exist; switch it on with UpdateIndexingConfiguration.",
                index.as_str()
            ),
        )
        .into());
    }
    Ok(Answer::json(json!({
        "indexName": index.as_str(),
        "indexStatus": "ACTIVE",
        "schema": schema,
    })))
}
