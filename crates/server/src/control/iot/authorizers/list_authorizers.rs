//! `ListAuthorizers`, by name; of one status, if asked.

use fleetwright_core::names::AuthorizerName;

use super::members::{status, summary};
use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListAuthorizers";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, AuthorizerName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let active = status(call.query_text("status")?)?;
    let found = control.store.list_authorizers(active, after, page.size, ascending).await?;
    let next = found.next.as_ref().map(AuthorizerName::as_str);
    let items = found.items.iter().map(|name| summary(control, name));
    Ok(Answer::list("authorizers", items, &MARKER, next))
}
