//! Managed policies.

use fleetwright_access::access_keys::fresh_id;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{DocumentVersion, IdentityKind, NewManagedPolicy, PolicyKey, Tagged};

use crate::Control;
use crate::error::ApiError;
use crate::iam::lint::lines;
use crate::iam::page::end;
use crate::iam::{read, shape};
use crate::lint::xml_with_lints;
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreatePolicy", create_policy),
    operation!("GetPolicy", get_policy),
    operation!("DeletePolicy", delete_policy),
    operation!("ListEntitiesForPolicy", list_entities_for_policy),
    operation!("CreatePolicyVersion", create_policy_version),
    operation!("GetPolicyVersion", get_policy_version),
    operation!("ListPolicyVersions", list_policy_versions),
    operation!("SetDefaultPolicyVersion", set_default_policy_version),
    operation!("DeletePolicyVersion", delete_policy_version),
];

/// `CreatePolicy`: version 1 of a managed policy, its default.
async fn create_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let tags = form.tags()?;
    let (document, lints) = read::managed_document(form, &control.scope)?;
    let new = NewManagedPolicy {
        name: read::policy_name(form)?,
        path: read::path(form)?,
        unique_id: fresh_id("ANPA")?,
        description: form.text("Description", 0..=1000)?.unwrap_or_default().to_owned(),
        document,
        tags: tags.clone(),
    };
    let made = control.store.create_managed_policy(new, control.now()).await?;
    let lines = lines(&format!("policy {}", made.name), &lints);
    let policy = shape::with_tags(shape::policy(control, &made, 0), &tags);
    Ok(xml_with_lints(Element::new().nested("Policy", policy), lines))
}

/// `GetPolicy`: of AWS or of the account.
async fn get_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let key = call.policy()?;
    let attachments = control.store.attachments_of_managed_policy(key).await?;
    let policy = match key {
        PolicyKey::Aws(policy) => shape::aws_policy(policy, attachments),
        PolicyKey::Own(policy) => {
            let tags = control.store.tags(&Tagged::ManagedPolicy(policy.clone())).await?;
            shape::with_tags(shape::policy(control, policy, attachments), &tags)
        }
    };
    Ok(Element::new().nested("Policy", policy))
}

/// `DeletePolicy`: neither attached nor with other versions.
async fn delete_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    control.store.delete_managed_policy(read::own_policy(call)?).await?;
    Ok(Element::nothing())
}

/// Kinds with their lists and the words of `EntityFilter`.
const KINDS: [(IdentityKind, &str, &str); 3] = [
    (IdentityKind::Group, "PolicyGroups", "Group"),
    (IdentityKind::User, "PolicyUsers", "User"),
    (IdentityKind::Role, "PolicyRoles", "Role"),
];

/// `ListEntitiesForPolicy`: users, roles and groups, one page.
async fn list_entities_for_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let key = call.policy()?;
    let filter = call.form.get("EntityFilter").unwrap_or_default();
    let mut answer = Element::new();
    for (kind, list, word) in KINDS {
        let (name, id) = shape::name_and_id(kind);
        let listed = filter.is_empty() || filter == word;
        let found = match listed {
            true => control.store.entities_of_managed_policy(key, kind).await?,
            false => Vec::new(),
        };
        let items = found
            .iter()
            .map(|found| Element::new().text(name, &found.name).text(id, &found.unique_id));
        answer = answer.list(list, items);
    }
    Ok(end(answer, None))
}

/// `CreatePolicyVersion`: five at most.
async fn create_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let name = read::own_policy(call)?;
    let (document, lints) = read::managed_document(form, &control.scope)?;
    let lines = lines(&format!("policy {}", name.name), &lints);
    let (default, now) = (form.flag("SetAsDefault")?, control.now());
    let store = &control.store;
    let version = store.create_managed_policy_version(name, document, default, now).await?;
    let made = Element::new()
        .text("VersionId", &format!("v{version}"))
        .flag("IsDefaultVersion", default)
        .time("CreateDate", now);
    Ok(xml_with_lints(Element::new().nested("PolicyVersion", made), lines))
}

/// `GetPolicyVersion`, with its document.
async fn get_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let (key, wanted) = (call.policy()?.clone(), call.form.parsed("VersionId", version)?);
    let found = versions(control, &key).await?;
    let found = found.into_iter().find(|version| version.version == wanted);
    let found = found.ok_or_else(|| no_version(wanted))?;
    let version = shown(&found).text("Document", &shape::encoded(&found.document));
    Ok(Element::new().nested("PolicyVersion", version))
}

/// `ListPolicyVersions`: newest first; five at most, one page.
async fn list_policy_versions(control: &Control, call: &Authorized<Call>) -> Outcome {
    let key = call.policy()?.clone();
    let found = versions(control, &key).await?;
    Ok(end(Element::new().list("Versions", found.iter().map(shown)), None))
}

/// `SetDefaultPolicyVersion`: in force at once.
async fn set_default_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = read::own_policy(call)?;
    let version = call.form.parsed("VersionId", version)?;
    control.store.set_default_managed_version(name, version).await?;
    Ok(Element::nothing())
}

/// `DeletePolicyVersion`: not the default.
async fn delete_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = read::own_policy(call)?;
    let version = call.form.parsed("VersionId", version)?;
    control.store.delete_managed_policy_version(name, version).await?;
    Ok(Element::nothing())
}

/// `VersionId`: `v1`, `v2` …
fn version(text: &str) -> Result<u32, &'static str> {
    let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).ok_or("a version is 'v' and a number, such as v1")
}

fn no_version(version: u32) -> ApiError {
    let message = format!("This policy does not have a version v{version}.");
    ApiError::new(ErrorCode::ResourceNotFound, message)
}

/// Every version of a policy; those of AWS have one, without a date.
async fn versions(control: &Control, key: &PolicyKey) -> Result<Vec<DocumentVersion>, ApiError> {
    match key {
        PolicyKey::Own(policy) => Ok(control.store.managed_policy_versions(policy).await?),
        PolicyKey::Aws(policy) => Ok(vec![DocumentVersion {
            version: 1,
            is_default: true,
            document: policy.document.to_owned(),
            created: Timestamp(0),
        }]),
    }
}

fn shown(version: &DocumentVersion) -> Element {
    Element::new()
        .text("VersionId", &format!("v{}", version.version))
        .flag("IsDefaultVersion", version.is_default)
        .time("CreateDate", version.created)
}
