//! `ListVersionsByFunction`: `$LATEST`, then from the oldest.

use fleetwright_core::function::{Qualifier, Version};
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::page::{Page, marker};
use crate::control::lambda::{reference, shape};

pub(super) const NAME: &str = "ListVersionsByFunction";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let page = Page::read(call)?;
    let after = page.key(|key| Version::parse(key).ok())?;
    let found = control.store.list_function_versions(&name, after, page.size).await?;
    let mut shown: Vec<Value> = Vec::with_capacity(found.items.len());
    for item in &found.items {
        shown.push(shape::listed(control, item, Some(Qualifier::Version(item.version)))?);
    }
    let next = marker(found.next.map(|version| version.to_string()));
    Ok(Answer::json(json!({ "Versions": shown, "NextMarker": next })))
}
