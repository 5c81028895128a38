//! `ListAccessKeys`: without their secrets; two at most, one page.

use super::word;
use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "ListAccessKeys";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let found = call.user_or_self()?;
    let keys = control.store.access_keys_of(&found.name).await?;
    let items = keys.iter().map(|key| {
        Element::new()
            .text("UserName", &key.user)
            .text("AccessKeyId", &key.id)
            .text("Status", word(key.status))
            .time("CreateDate", key.created)
    });
    Ok(end(Element::new().list("AccessKeyMetadata", items), None))
}
