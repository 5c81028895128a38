//! Tags of functions.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::TAGS;
use fleetwright_store::Tagged;
use serde_json::json;

use crate::Control;
use crate::lambda::reference;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::tags::{check_key, check_value};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("TagResource", tag_resource),
    operation!("UntagResource", untag_resource),
    operation!("ListTags", list_tags),
];

/// `Tags`: an object of keys and values.
pub(super) fn tags(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let given = members.text_map("Tags")?.unwrap_or_default();
    if given.len() > TAGS {
        let count = given.len();
        return Err(invalid(format!(
            "The request has {count} tags; a function has at most {TAGS}."
        )));
    }
    for (key, value) in &given {
        check_key(key).map_err(invalid)?;
        check_value(key, value).map_err(invalid)?;
    }
    Ok(given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// The function of the path: an unqualified ARN.
fn resource(control: &Control, call: &Call) -> Result<Tagged, Refusal> {
    let text = call.label_text("Resource")?;
    let found = reference::parse(control, text)?;
    if !text.starts_with("arn:") || found.qualifier.is_some() {
        return Err(invalid(
            "Tags on function aliases and versions are not supported. Please specify a function \
             ARN.",
        ));
    }
    Ok(Tagged::Function(found.name))
}

/// `TagResource`.
async fn tag_resource(control: &Control, call: &Authorized<Call>) -> Outcome {
    let resource = resource(control, call)?;
    let body = call.object()?;
    control.store.tag(resource, tags(&body.members())?).await?;
    Ok(Answer::nothing())
}

/// `UntagResource`.
async fn untag_resource(control: &Control, call: &Authorized<Call>) -> Outcome {
    let resource = resource(control, call)?;
    let keys: Vec<String> = call.query.all("tagKeys").map(str::to_owned).collect();
    if keys.is_empty() {
        return Err(invalid("The query parameter 'tagKeys' is required.").into());
    }
    for key in &keys {
        check_key(key).map_err(invalid)?;
    }
    control.store.untag(resource, keys).await?;
    Ok(Answer::nothing())
}

/// `ListTags`.
async fn list_tags(control: &Control, call: &Authorized<Call>) -> Outcome {
    let tags = control.store.tags(&resource(control, call)?).await?;
    Ok(Answer::json(json!({ "Tags": tags })))
}
