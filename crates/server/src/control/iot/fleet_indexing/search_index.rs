//! `SearchIndex`: what fits a query, page by page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::{IndexName, Query};
use fleetwright_core::limits::SEARCH_PAGE;
use fleetwright_store::Found;
use serde_json::{Value, json};

use super::answers;
use super::asked::asked;
use crate::control::Control;
use crate::control::error::Failure;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "SearchIndex";

/// Looks of the registry at the things of one page; a page without as many results as asked for
/// has a next one then (ours).
const LOOKS: usize = 4_000;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (index, query) = asked(&members)?;
    let most = most(&members)?;
    let after = members.text("nextToken")?.map(read_token).transpose()?;
    let (name, found) = match index {
        IndexName::Things => ("things", things(control, &query, after, most).await?),
        IndexName::ThingGroups => {
            let found = groups(control, &query, after, most).await?;
            ("thingGroups", found)
        }
    };
    let next = found.next.map(|place| STANDARD.encode(place));
    Ok(Answer::json(json!({ name: found.items, "nextToken": next })))
}

/// AWS: at most 100 results, whatever is asked for.
fn most(members: &Members<'_>) -> Result<usize, Refusal> {
    match members.integer("maxResults")? {
        None => Ok(SEARCH_PAGE),
        Some(0) => Err(invalid("The member 'maxResults' must be at least 1.")),
        Some(most) => Ok(usize::try_from(most).unwrap_or(SEARCH_PAGE).min(SEARCH_PAGE)),
    }
}

fn read_token(token: &str) -> Result<String, Refusal> {
    let place = STANDARD.decode(token).ok().and_then(|place| String::from_utf8(place).ok());
    place.ok_or_else(|| {
        invalid(
            "The member 'nextToken' is not one that this operation gave; begin again without it.",
        )
    })
}

async fn things(
    control: &Control,
    query: &Query,
    mut after: Option<String>,
    most: usize,
) -> Result<Found<Value>, Failure> {
    let mut items: Vec<Value> = Vec::new();
    for _ in 0..LOOKS {
        let room = most - items.len();
        let found = control.store.find_things(query, after.as_deref(), room).await?;
        items.extend(found.items.into_iter().map(answers::thing));
        after = found.next;
        if after.is_none() || items.len() >= most {
            break;
        }
        // A large fleet takes a while; others have their turn.
        tokio::task::yield_now().await;
    }
    Ok(Found { items, next: after })
}

async fn groups(
    control: &Control,
    query: &Query,
    mut after: Option<String>,
    most: usize,
) -> Result<Found<Value>, Failure> {
    let mut items: Vec<Value> = Vec::new();
    for _ in 0..LOOKS {
        let room = most - items.len();
        let found = control.store.find_groups(query, after.as_deref(), room).await?;
        items.extend(found.items.into_iter().map(answers::group));
        after = found.next;
        if after.is_none() || items.len() >= most {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(Found { items, next: after })
}
