//! Versions of functions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::{Qualifier, Version};
use fleetwright_core::limits::FUNCTION_DESCRIPTION_CHARS;
use fleetwright_host::random;
use fleetwright_store::PublishFunction;
use serde_json::{Value, json};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::lambda::page::{Page, marker};
use crate::lambda::{reference, shape};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("PublishVersion", publish_version),
    operation!("ListVersionsByFunction", list_versions_by_function),
];

/// `PublishVersion`.
async fn publish_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let body = call.object()?;
    let members = body.members();
    let publication = PublishFunction {
        code_sha256: sha256(&members)?,
        expected: reference::revision(&members)?,
        description: members
            .bounded_text("Description", FUNCTION_DESCRIPTION_CHARS)?
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        revision: random::uuid()?,
    };
    let made = control.store.publish_function(name, publication, control.now()).await;
    let made =
        made.map_err(|error| ApiError::from(error).with_quota(ErrorKind::CodeStorageExceeded))?;
    let qualifier = Some(Qualifier::Version(made.version));
    Ok(Answer::json(shape::configuration(control, &made, qualifier)?).created())
}

fn sha256(members: &Members<'_>) -> Result<Option<[u8; 32]>, Refusal> {
    let Some(text) = members.text("CodeSha256")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    read.map(Some).ok_or_else(|| {
        invalid("The member 'CodeSha256' must be the SHA-256 of the code, in Base64.")
    })
}

/// `ListVersionsByFunction`: `$LATEST`, then from the oldest.
async fn list_versions_by_function(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let page = Page::read(call)?;
    let after = page.key(|key| Version::parse(key).ok())?;
    let found = control.store.list_function_versions(&name, after, page.size).await?;
    let mut shown: Vec<Value> = Vec::with_capacity(found.items.len());
    for item in &found.items {
        shown.push(shape::listed(control, item, Some(Qualifier::Version(item.version)))?);
    }
    let next = marker(found.next.map(|version| version.to_string()));
    Ok(Answer::json(json!({ "Versions": shown, "NextMarker": next })))
}
