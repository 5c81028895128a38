//! `ListTags`.

use serde_json::json;

use super::resource;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListTags";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let tags = control.store.tags(&resource(control, call)?).await?;
    Ok(Answer::json(json!({ "Tags": tags })))
}
