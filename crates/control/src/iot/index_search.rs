//! Fleet indexing: searching the index.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{IndexName, Query};
use fleetwright_core::limits::{INDICES_PAGE, SEARCH_PAGE};
use fleetwright_core::names::ThingName;
use fleetwright_store::Page;
use serde_json::{Value, json};

use crate::Control;
use crate::error::ApiError;
use crate::iot::index_query;
use crate::iot::index_query::{index, index_and_query};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::{NEXT_TOKEN, cut};
use crate::rest::{Answer, Call, Operation, Outcome, put};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("SearchIndex", search_index),
    operation!("ListIndices", list_indices),
    operation!("DescribeIndex", describe_index),
    operation!("GetThingConnectivityData", get_thing_connectivity_data),
];

/// Looks at the registry for one page; when they are used up, the page may be short and have a
/// next one. (ours)
const QUERIES: usize = 4_000;

/// `SearchIndex`: what fits a query, page by page.
async fn search_index(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (index, query) = index_and_query(&members)?;
    let most = most(&members)?;
    let after = members.text("nextToken")?.map(read_token).transpose()?;
    let name = match index {
        IndexName::Things => "things",
        IndexName::ThingGroups => "thingGroups",
    };
    let found = find(control, index, &query, after, most).await?;
    let next = found.next.map(|place| STANDARD.encode(place));
    Ok(Answer::json(json!({ name: found.items, "nextToken": next })))
}

/// AWS: at most 100 results, even if more are requested.
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

/// What one look at the registry finds.
async fn look(
    control: &Control,
    index: IndexName,
    query: &Query,
    after: Option<&str>,
    most: usize,
) -> Result<Page<Value>, ApiError> {
    Ok(match index {
        IndexName::Things => {
            let Page { items, next } = control.store.find_things(query, after, most).await?;
            Page { items: items.into_iter().map(index_query::thing).collect(), next }
        }
        IndexName::ThingGroups => {
            let Page { items, next } = control.store.find_groups(query, after, most).await?;
            Page { items: items.into_iter().map(index_query::group).collect(), next }
        }
    })
}

/// A page of results. It has a next one only if something fits after it, as far as so many looks
/// tell.
async fn find(
    control: &Control,
    index: IndexName,
    query: &Query,
    mut after: Option<String>,
    most: usize,
) -> Result<Page<Value>, ApiError> {
    let mut items: Vec<Value> = Vec::new();
    // Where the page ends, once it is full.
    let mut end: Option<String> = None;
    for _ in 0..QUERIES {
        let left = most.saturating_sub(items.len()).max(1);
        let found = look(control, index, query, after.as_deref(), left).await?;
        after = found.next;
        if end.is_some() && !found.items.is_empty() {
            return Ok(Page { items, next: end });
        }
        items.extend(found.items);
        if after.is_none() {
            return Ok(Page { items, next: None });
        }
        if end.is_none() && items.len() >= most {
            end.clone_from(&after);
        }
        // A large fleet takes a while; others have their turn.
        tokio::task::yield_now().await;
    }
    Ok(Page { items, next: end.or(after) })
}

/// `ListIndices`: those that are switched on.
async fn list_indices(control: &Control, call: &Authorized<Call>) -> Outcome {
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

/// `DescribeIndex`: an index that is switched on, which is always up to date.
async fn describe_index(control: &Control, call: &Authorized<Call>) -> Outcome {
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

/// `GetThingConnectivityData`: whether the client named like a thing is connected.
async fn get_thing_connectivity_data(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let body = call.object()?;
    let sockets = body.members().flag("includeSocketInformation")?.unwrap_or(false);
    let found = control.store.presence(&name).await?;
    // Addresses are answered if both the configuration and the request ask for them.
    let with_sockets =
        sockets && control.store.indexing_configuration().await?.things.socket_information;
    let mut shown = json!({ "thingName": name.as_str(), "connected": false });
    let Some(found) = found else {
        put(&mut shown, "disconnectReason", Some("UNKNOWN"));
        return Ok(Answer::json(shown));
    };
    put(&mut shown, "connected", Some(found.connected));
    put(&mut shown, "timestamp", Some(found.since.epoch_seconds()));
    put(&mut shown, "disconnectReason", found.reason.or_else(|| Some("NONE".to_owned())));
    put(&mut shown, "clientId", Some(name.as_str()));
    if let Some(connection) = found.connection {
        put(&mut shown, "keepAliveDuration", Some(connection.keep_alive));
        put(&mut shown, "cleanSession", Some(connection.clean));
        put(&mut shown, "sessionExpiry", Some(connection.session_expiry));
        if with_sockets {
            let (address, port) = connection.source;
            put(&mut shown, "sourceIp", Some(address));
            put(&mut shown, "sourcePort", Some(port));
            if let Some((address, port)) = connection.target {
                put(&mut shown, "targetIp", Some(address));
                put(&mut shown, "targetPort", Some(port));
            }
        }
    }
    Ok(Answer::json(shown))
}
