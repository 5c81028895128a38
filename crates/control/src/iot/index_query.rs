//! Fleet indexing: reading a query and showing what it found.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{
    CustomField, Document, GroupDocument, IndexName, IndexedShadows, QUERY_VERSION, Query,
    ThingDocument, Value as FieldValue, cell,
};
use fleetwright_core::text::{shown, shown_arn};
use serde_json::{Value, json};

use crate::Control;
use crate::error::ApiError;
use crate::rest::members::{Members, invalid};
use crate::rest::put;

/// The index of a request; `AWS_Things` unless another is named.
///
/// # Errors
/// `ResourceNotFound` for an unknown index, `InvalidRequest` for a malformed name.
pub(crate) fn index(name: Option<&str>) -> Result<IndexName, Refusal> {
    let Some(name) = name else { return Ok(IndexName::Things) };
    IndexName::parse(name).ok_or_else(|| {
        let shown = shown_arn(name);
        // AWS: shape IndexName.
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if !(1..=128).contains(&name.len()) || !name.chars().all(fits) {
            return invalid(format!(
                "'{shown}' is no name of an index: it must be 1 to 128 characters of \
                 [a-zA-Z0-9:_-]."
            ));
        }
        Refusal::new(
            ErrorCode::ResourceNotFound,
            format!(
                "The index '{shown}' does not exist; there are AWS_Things and AWS_ThingGroups."
            ),
        )
    })
}

/// The query of a request, checked with its version; `None` when there is none.
pub(crate) fn query_text<'a>(members: &Members<'a>) -> Result<Option<&'a str>, Refusal> {
    if let Some(version) = members.text("queryVersion")?
        && version != QUERY_VERSION
    {
        let shown = shown(version);
        return Err(invalid(format!(
            "The query version '{shown}' is not known; leave it out or use {QUERY_VERSION}."
        )));
    }
    let text = members.text("queryString")?;
    match text {
        Some("") => Err(invalid("The member 'queryString' must not be empty.")),
        text => Ok(text),
    }
}

/// The index and the query of a request.
pub(super) fn index_and_query(members: &Members<'_>) -> Result<(IndexName, Query), Refusal> {
    let index = index(members.text("indexName")?)?;
    let text =
        query_text(members)?.ok_or_else(|| invalid("The member 'queryString' is required."))?;
    Ok((index, Query::parse(text)?))
}

/// Looks of the registry at the things of one aggregation: ten million things, or more where a look
/// passes many over (ours).
const LOOKS: usize = 20_000;

/// Hands `take` the values of the request's field, of everything that its query finds; answers
/// how much that is. `once` takes one value of each.
pub(super) async fn aggregate(
    control: &Control,
    members: &Members<'_>,
    wanted: impl Fn(&CustomField) -> Result<(), Refusal>,
    mut take: impl FnMut(FieldValue<'_>) -> Result<(), Refusal>,
    once: bool,
) -> Result<u64, ApiError> {
    let (index, query) = index_and_query(members)?;
    let configuration = control.store.indexing_configuration().await?;
    let field = configuration.aggregated(index, members.text("aggregationField")?)?;
    wanted(&field)?;
    let mut fitting = 0;
    let mut after: Option<String> = None;
    for _ in 0..LOOKS {
        let after_here = after.as_deref();
        let (next, found) = match index {
            IndexName::Things => {
                let found = control.store.find_things(&query, after_here, usize::MAX).await?;
                let count = found.items.len();
                for document in &found.items {
                    count_in(document, &field, once, &mut take)?;
                }
                (found.next, count)
            }
            IndexName::ThingGroups => {
                let found = control.store.find_groups(&query, after_here, usize::MAX).await?;
                let count = found.items.len();
                for document in &found.items {
                    count_in(document, &field, once, &mut take)?;
                }
                (found.next, count)
            }
        };
        fitting += found as u64;
        if next.is_none() {
            return Ok(fitting);
        }
        after = next;
        // A large fleet takes a while; others have their turn.
        tokio::task::yield_now().await;
    }
    Err(invalid(format!(
        "The query asks for more than an aggregation looks at here, {LOOKS} looks at the registry; \
         narrow it by a name, a group or a type."
    ))
    .into())
}

fn count_in(
    document: &impl Document,
    field: &CustomField,
    once: bool,
    take: &mut impl FnMut(FieldValue<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let (mut outcome, mut taken) = (Ok(()), false);
    cell(document, field, &mut |value| {
        if outcome.is_ok() && !(once && taken) {
            outcome = take(value);
        }
        taken = true;
    });
    outcome
}

pub(super) fn thing(document: ThingDocument) -> Value {
    let ThingDocument {
        name,
        id,
        type_name,
        groups,
        attributes,
        version: _,
        connectivity,
        shadows,
    } = document;
    let mut shown = json!({
        "thingName": name,
        "thingId": id,
        "thingGroupNames": groups,
        "attributes": attributes,
    });
    put(&mut shown, "thingTypeName", type_name);
    let connectivity = connectivity.map(|found| {
        let mut shown = json!({ "connected": found.connected });
        put(&mut shown, "timestamp", found.timestamp);
        put(&mut shown, "disconnectReason", found.reason);
        shown
    });
    put(&mut shown, "connectivity", connectivity);
    put(&mut shown, "shadow", shadows.as_ref().map(IndexedShadows::text));
    shown
}

pub(super) fn group(document: GroupDocument) -> Value {
    let GroupDocument { name, id, description, attributes, parents, version: _ } = document;
    let mut shown = json!({
        "thingGroupName": name,
        "thingGroupId": id,
        "attributes": attributes,
        "parentGroupNames": parents,
    });
    put(&mut shown, "thingGroupDescription", description);
    shown
}
