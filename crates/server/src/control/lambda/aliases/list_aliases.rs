//! `ListAliases`, by name; of one version, if that is asked for.

use fleetwright_core::function::Version;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::page::{Page, marker};
use crate::control::lambda::{reference, shape};

pub(super) const NAME: &str = "ListAliases";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let of = call.query_text("FunctionVersion")?.map(Version::parse).transpose();
    let of = of.map_err(|rule| invalid(sentence(&rule)))?;
    let page = Page::read(call)?;
    let (after, size) = (page.after, page.size);
    let found = control.store.list_function_aliases(&function, of, after, size).await?;
    let shown: Vec<Value> =
        found.items.iter().map(|alias| shape::alias(control, &function, alias)).collect();
    Ok(Answer::json(json!({ "Aliases": shown, "NextMarker": marker(found.next) })))
}
