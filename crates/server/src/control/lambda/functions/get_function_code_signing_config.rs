//! `GetFunctionCodeSigningConfig`: none, for code is not signed here. Terraform asks for it of
//! every function.

use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "GetFunctionCodeSigningConfig";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::existing(control, call).await?;
    Ok(Answer::json(json!({ "FunctionName": name.as_str(), "CodeSigningConfigArn": "" })))
}
