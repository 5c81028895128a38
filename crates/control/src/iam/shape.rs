//! Users, roles and policies as answers show them.

use std::collections::BTreeMap;

use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_store::{Identity, IdentityKind, ManagedPolicy, PolicyKey, Role};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Control;
use crate::query::Element;

/// RFC 3986, as AWS encodes documents in answers.
const DOCUMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The members for name and unique id.
pub(super) fn name_and_id(kind: IdentityKind) -> (&'static str, &'static str) {
    match kind {
        IdentityKind::User => ("UserName", "UserId"),
        IdentityKind::Role => ("RoleName", "RoleId"),
        IdentityKind::Group => ("GroupName", "GroupId"),
    }
}

/// What users, roles and groups have in common; `kind` chooses the members' names.
pub(super) fn identity(control: &Control, kind: IdentityKind, found: &Identity) -> Element {
    let (name, id) = name_and_id(kind);
    Element::new()
        .text("Path", found.path.as_str())
        .text(name, &found.name)
        .text(id, &found.unique_id)
        .text("Arn", &control.scope.iam_arn(kind.word(), &found.path, &found.name))
        .time("CreateDate", found.created)
}

/// A role with its terms.
pub(super) fn role(control: &Control, role: &Role) -> Element {
    let description = Some(role.terms.description.as_str()).filter(|text| !text.is_empty());
    identity(control, IdentityKind::Role, &role.identity)
        .text("AssumeRolePolicyDocument", &encoded(&role.terms.trust))
        .optional("Description", description)
        .number("MaxSessionDuration", role.terms.max_session)
}

/// A managed policy of the account.
pub(super) fn policy(control: &Control, found: &ManagedPolicy, attachments: u32) -> Element {
    let description = Some(found.description.as_str()).filter(|text| !text.is_empty());
    Element::new()
        .text("PolicyName", found.name.as_str())
        .text("PolicyId", &found.unique_id)
        .text("Arn", &control.scope.iam_arn("policy", &found.path, &found.name))
        .text("Path", found.path.as_str())
        .text("DefaultVersionId", &format!("v{}", found.default_version))
        .number("AttachmentCount", attachments)
        .number("PermissionsBoundaryUsageCount", 0)
        .flag("IsAttachable", true)
        .optional("Description", description)
        .time("CreateDate", found.created)
        .time("UpdateDate", found.modified)
}

/// A managed policy of AWS.
pub(super) fn aws_policy(found: &AwsPolicy, attachments: u32) -> Element {
    Element::new()
        .text("PolicyName", found.name)
        .text("PolicyId", &found.id())
        .text("Arn", &found.arn())
        .text("Path", found.path)
        .text("DefaultVersionId", "v1")
        .number("AttachmentCount", attachments)
        .number("PermissionsBoundaryUsageCount", 0)
        .flag("IsAttachable", true)
        .text("Description", found.description)
}

/// `AttachedPolicies`.
pub(super) fn attached(control: &Control, policies: &[PolicyKey]) -> Element {
    let items = policies.iter().map(|policy| {
        let name = match policy {
            PolicyKey::Own(policy) => policy.name.as_str(),
            PolicyKey::Aws(policy) => policy.name,
        };
        Element::new().text("PolicyName", name).text("PolicyArn", &policy.arn(&control.scope))
    });
    Element::new().list("AttachedPolicies", items)
}

/// `Tags`, left out when there are none.
pub(super) fn with_tags(element: Element, tags: &BTreeMap<String, String>) -> Element {
    if tags.is_empty() {
        return element;
    }
    tag_list(element, tags)
}

/// `Tags`, also when there are none.
pub(super) fn tag_list(element: Element, tags: &BTreeMap<String, String>) -> Element {
    let items =
        tags.iter().map(|(key, value)| Element::new().text("Key", key).text("Value", value));
    element.list("Tags", items)
}

/// A document as answers carry it: percent-encoded.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, DOCUMENT).to_string()
}
