//! Tags of resources.

use fleetwright_core::arn::{AccountScope, Target};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::text::shown_arn;
use fleetwright_store::Tagged;
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("TagResource", tag_resource),
    operation!("UntagResource", untag_resource),
    operation!("ListTagsForResource", list_tags_for_resource),
];

/// `TagResource`: adds tags, replacing the values of keys that exist.
async fn tag_resource(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let resource = tagged(&control.scope, members.required_text("resourceArn")?)?;
    let tags = tags::tags(&members)?;
    if tags.is_empty() {
        return Err(invalid("The member 'tags' is required, with at least one tag.").into());
    }
    control.store.tag(resource, tags).await?;
    Ok(Answer::empty())
}

/// `UntagResource`: a key that does not exist is no error.
async fn untag_resource(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let resource = tagged(&control.scope, members.required_text("resourceArn")?)?;
    let keys = members.names("tagKeys", |key| tags::check_key(key).map(|()| key.to_owned()))?;
    if keys.is_empty() {
        return Err(invalid("The member 'tagKeys' is required, with at least one key.").into());
    }
    control.store.untag(resource, keys).await?;
    Ok(Answer::empty())
}

/// `ListTagsForResource`: all of them, by key; there is no further page.
async fn list_tags_for_resource(control: &Control, call: &Authorized<Call>) -> Outcome {
    let arn = call.query_text("resourceArn")?;
    let arn = arn.ok_or_else(|| invalid("The query parameter 'resourceArn' is required."))?;
    let resource = tagged(&control.scope, arn)?;
    if call.query_text("nextToken")?.is_some() {
        return Err(NEXT_TOKEN.foreign_token().into());
    }
    let tags = control.store.tags(&resource).await?;
    let tags = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(Answer::json(json!({ "tags": tags.collect::<Vec<Value>>() })))
}

/// The resource of an ARN.
///
/// # Errors
/// Not of this account and region, or of a kind that has no tags.
pub(super) fn tagged(scope: &AccountScope, arn: &str) -> Result<Tagged, Refusal> {
    match scope.target(arn) {
        Some(Target::Template(name)) => Ok(Tagged::Template(name)),
        Some(Target::Policy(name)) => Ok(Tagged::Policy(name)),
        Some(Target::ThingType(name)) => Ok(Tagged::ThingType(name)),
        Some(Target::ThingGroup(name)) => Ok(Tagged::ThingGroup(name)),
        Some(Target::BillingGroup(name)) => Ok(Tagged::BillingGroup(name)),
        Some(Target::CaCertificate(id)) => Ok(Tagged::CaCertificate(id)),
        Some(Target::RoleAlias(name)) => Ok(Tagged::RoleAlias(name)),
        Some(Target::Authorizer(name)) => Ok(Tagged::Authorizer(name)),
        Some(Target::CertificateProvider(name)) => Ok(Tagged::CertificateProvider(name)),
        Some(Target::DomainConfiguration(name, id)) => Ok(Tagged::DomainConfiguration(name, id)),
        Some(Target::Job(id)) => Ok(Tagged::Job(id)),
        Some(Target::JobTemplate(id)) => Ok(Tagged::JobTemplate(id)),
        Some(Target::Certificate(_) | Target::Thing(_)) | None => {
            let shown = shown_arn(arn);
            Err(invalid(format!(
                "The resource '{shown}' has no tags: use the ARN of a resource of this account \
                 and region that can be tagged, such as {}.",
                scope.arn("thinggroup", "NAME")
            )))
        }
    }
}
