//! `ListFunctions`, by name; with `FunctionVersion=ALL` every version.

use fleetwright_core::function::{FunctionName, Qualifier, Version};
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::page::{Page, marker};
use crate::control::lambda::shape;

pub(super) const NAME: &str = "ListFunctions";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let all = match call.query_text("FunctionVersion")? {
        None => false,
        Some("ALL") => true,
        Some(_) => return Err(invalid("The query parameter 'FunctionVersion' must be ALL.").into()),
    };
    let page = Page::read(call)?;
    let after = page.key(|key| {
        let (name, version) = key.split_once(':')?;
        Some((FunctionName::parse(name).ok()?, Version::parse(version).ok()?))
    })?;
    let found = control.store.list_functions(all, after, page.size).await?;
    let mut shown: Vec<Value> = Vec::with_capacity(found.items.len());
    for item in &found.items {
        let qualifier = all.then_some(Qualifier::Version(item.version));
        shown.push(shape::listed(control, item, qualifier)?);
    }
    let next = marker(found.next.map(|(name, version)| format!("{name}:{version}")));
    Ok(Answer::json(json!({ "Functions": shown, "NextMarker": next })))
}
