//! The tags of a resource, for `aws:ResourceTag/…`.

use std::collections::BTreeMap;

use fleetwright_core::function::FunctionRef;
use fleetwright_core::names::{
    BillingGroupName, JobId, JobTemplateId, PolicyName, TemplateName, ThingGroupName, ThingTypeName,
};
use fleetwright_store::Tagged;

use crate::Control;
use crate::error::ApiError;

/// The tags of a resource by its ARN; none of a resource that is not there or takes no tags.
pub(super) async fn of(control: &Control, arn: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let Some(resource) = tagged(control, arn) else { return Ok(BTreeMap::new()) };
    match control.store.tags(&resource).await {
        Ok(tags) => Ok(tags),
        Err(fleetwright_store::StoreError::Refused(_)) => Ok(BTreeMap::new()),
        Err(error) => Err(error.into()),
    }
}

fn tagged(control: &Control, arn: &str) -> Option<Tagged> {
    if arn.starts_with("arn:aws:lambda:") {
        // Tags are the function's, whichever version is meant.
        let found = FunctionRef::parse(&control.scope, arn).ok()?;
        return Some(Tagged::Function(found.name));
    }
    let resource = arn.strip_prefix(&control.scope.arn("", "").strip_suffix('/')?.to_owned())?;
    let (kind, name) = resource.split_once('/')?;
    match kind {
        "provisioningtemplate" => TemplateName::parse(name).ok().map(Tagged::Template),
        "policy" => PolicyName::parse(name).ok().map(Tagged::Policy),
        "thingtype" => ThingTypeName::parse(name).ok().map(Tagged::ThingType),
        "thinggroup" => ThingGroupName::parse(name).ok().map(Tagged::ThingGroup),
        "job" => JobId::parse(name).ok().map(Tagged::Job),
        "jobtemplate" => JobTemplateId::parse(name).ok().map(Tagged::JobTemplate),
        "billinggroup" => BillingGroupName::parse(name).ok().map(Tagged::BillingGroup),
        _ => None,
    }
}
