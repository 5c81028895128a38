//! `GetFunction`: its configuration, a link to its code, its tags.

use fleetwright_store::Tagged;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{code_link, reference, shape};

pub(super) const NAME: &str = "GetFunction";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::qualified(control, call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    let found = found.ok_or_else(|| reference::no_function(control, &function))?;
    let tags = control.store.tags(&Tagged::Function(function.name.clone())).await?;
    let reserved = control.store.function_concurrency(&function.name).await?;
    Ok(Answer::json(json!({
        "Configuration": shape::configuration(control, &found, function.qualifier)?,
        "Code": {
            "RepositoryType": "S3",
            "Location": code_link::url(control, call, &found.code_sha256)?,
        },
        "Tags": (!tags.is_empty()).then_some(tags),
        "Concurrency": reserved.map(|number| json!({ "ReservedConcurrentExecutions": number })),
    })))
}
