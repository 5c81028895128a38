//! `ListEntitiesForPolicy`: users, roles and groups, one page.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::IdentityKind;

pub(super) const NAME: &str = "ListEntitiesForPolicy";

/// Kind, list, its members, and the word of `EntityFilter`.
const KINDS: &[(IdentityKind, &str, &str, &str, &str)] = &[
    (IdentityKind::Group, "PolicyGroups", "GroupName", "GroupId", "Group"),
    (IdentityKind::User, "PolicyUsers", "UserName", "UserId", "User"),
    (IdentityKind::Role, "PolicyRoles", "RoleName", "RoleId", "Role"),
];

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let key = call.policy()?;
    let filter = call.form.get("EntityFilter").unwrap_or_default();
    let mut answer = Element::new();
    for (kind, list, name, id, word) in KINDS {
        let wanted = matches!(filter, "") || filter == *word;
        let found = match wanted {
            true => control.store.entities_of_managed_policy(key, *kind).await?,
            false => Vec::new(),
        };
        let items = found
            .iter()
            .map(|found| Element::new().text(name, &found.name).text(id, &found.unique_id));
        answer = answer.list(list, items);
    }
    Ok(end(answer, None))
}
