//! `ListTagsForResource`: all of them, by key; there is no further page.

use serde_json::{Value, json};

use super::tagged::tagged;
use crate::control::iot::members::invalid;
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListTagsForResource";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let arn = call.query_text("resourceArn")?;
    let arn = arn.ok_or_else(|| invalid("The query parameter 'resourceArn' is required."))?;
    let resource = tagged(&control.home, arn)?;
    if call.query_text("nextToken")?.is_some() {
        return Err(NEXT_TOKEN.foreign_token().into());
    }
    let tags = control.store.tags(&resource).await?;
    let tags = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(Answer::json(json!({ "tags": tags.collect::<Vec<Value>>() })))
}
