//! Changes of the registry (AWS: guide, "Registry events"). Certificates, CA certificates and
//! policies have event types on AWS but no published topics; theirs are ours.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::event::Event;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{EventSubject, RegistryEvent, Uuid};
use serde_json::{Value, json};

/// What every event carries beside its subject.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// Whose registry it is.
    pub scope: &'a AccountScope,
    /// `eventId`
    pub id: Uuid,
    /// When it is published.
    pub at: Timestamp,
}

/// Topic and payload of a change.
pub(super) fn event(event: &RegistryEvent, stamp: &Stamp<'_>) -> Event {
    let operation = event.operation.as_str().to_ascii_lowercase();
    if let Some(event) = super::jobs::event(event, stamp) {
        return event;
    }
    let (kind, place, subject) = shape(&event.subject, stamp.scope);
    let mut payload = json!({
        "eventType": kind,
        "eventId": stamp.id.to_string(),
        "timestamp": stamp.at.0,
        "operation": event.operation.as_str(),
        "accountId": stamp.scope.account.as_str(),
    });
    if let (Some(members), Value::Object(subject)) = (payload.as_object_mut(), subject) {
        members.extend(subject);
    }
    Event::new(format!("$aws/events/{place}/{operation}"), &payload)
}

/// Event type, the topic's middle, and the members of its own.
fn shape(subject: &EventSubject, scope: &AccountScope) -> (&'static str, String, Value) {
    match subject {
        EventSubject::Thing { thing, id, version, type_name, attributes } => (
            "THING_EVENT",
            format!("thing/{thing}"),
            json!({
                "thingId": id.to_string(), "thingName": thing, "versionNumber": version,
                "thingTypeName": type_name, "attributes": attributes,
            }),
        ),
        EventSubject::Association { thing, id, type_name } => (
            "THING_TYPE_ASSOCIATION_EVENT",
            format!("thingTypeAssociation/thing/{thing}/thingType/{type_name}"),
            json!({"thingId": id.to_string(), "thingName": thing, "thingTypeName": type_name}),
        ),
        EventSubject::ThingType { type_name, id, deprecated, searchable, description } => (
            "THING_TYPE_EVENT",
            format!("thingType/{type_name}"),
            json!({
                "thingTypeId": id.to_string(), "thingTypeName": type_name,
                "isDeprecated": deprecated.is_some(), "deprecationDate": deprecated,
                "searchableAttributes": searchable, "description": description,
            }),
        ),
        EventSubject::Group { group, id, version, description, attributes, above } => {
            let line = above.iter().map(|(name, id)| {
                json!({"groupArn": scope.arn("thinggroup", name), "groupId": id.to_string()})
            });
            let parent = above.last();
            let members = json!({
                "thingGroupId": id.to_string(), "thingGroupName": group,
                "versionNumber": version,
                "parentGroupName": parent.map(|(name, _)| name),
                "parentGroupId": parent.map(|(_, id)| id.to_string()),
                "description": description, "attributes": attributes,
                "rootToParentThingGroups": line.collect::<Vec<_>>(),
                "dynamicGroupMappingId": null,
            });
            ("THING_GROUP_EVENT", format!("thingGroup/{group}"), members)
        }
        EventSubject::Membership { group, group_id, thing, thing_id } => (
            "THING_GROUP_MEMBERSHIP_EVENT",
            format!("thingGroupMembership/thingGroup/{group}/thing/{thing}"),
            json!({
                "groupArn": scope.arn("thinggroup", group), "groupId": group_id.to_string(),
                "thingArn": scope.arn("thing", thing), "thingId": thing_id.to_string(),
                "membershipId": format!("{group_id}:{thing_id}"),
            }),
        ),
        EventSubject::Hierarchy { group, id, child, child_id } => (
            "THING_GROUP_HIERARCHY_EVENT",
            format!("thingGroupHierarchy/thingGroup/{group}/childThingGroup/{child}"),
            json!({
                "thingGroupId": id.to_string(), "thingGroupName": group,
                "childGroupId": child_id.to_string(), "childGroupName": child,
            }),
        ),
        EventSubject::Certificate { certificate, status, ca } => (
            "CERTIFICATE_EVENT",
            format!("certificate/{certificate}"),
            json!({
                "certificateId": certificate, "certificateStatus": status, "caCertificateId": ca,
                "certificateArn": scope.arn("cert", certificate),
            }),
        ),
        EventSubject::CaCertificate { certificate, status, auto_registration, version } => (
            "CA_CERTIFICATE_EVENT",
            format!("caCertificate/{certificate}"),
            json!({
                "caCertificateId": certificate, "caCertificateStatus": status,
                "autoRegistrationStatus": if *auto_registration { "ENABLE" } else { "DISABLE" },
                "caCertificateArn": scope.arn("cacert", certificate), "versionNumber": version,
            }),
        ),
        EventSubject::Job { .. } | EventSubject::JobExecution { .. } => {
            ("", String::new(), Value::Null)
        }
        EventSubject::Policy { policy, version } => (
            "POLICY_EVENT",
            format!("policy/{policy}"),
            json!({
                "policyName": policy, "policyArn": scope.arn("policy", policy),
                "defaultVersionId": version.to_string(),
            }),
        ),
    }
}
