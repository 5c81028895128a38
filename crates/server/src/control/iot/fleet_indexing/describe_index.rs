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
    let (on, schema) = match index {
        IndexName::Things => (configuration.things.is_on(), configuration.things.schema()),
        IndexName::ThingGroups => (configuration.groups.on, "THING_GROUPS"),
    };
    if !on {
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
