//! What no function has here: event sources, asynchronous destinations, URLs, layers, signed code,
//! provisioned concurrency. Tools ask for them with every function; the answer is "none", or that
//! it does not exist.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::function::{FunctionRef, Qualifier, Version};
use serde_json::{Value, json};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::lambda::page::Page;
use crate::lambda::reference;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("ListEventSourceMappings", none, "EventSourceMappings"),
    operation!("ListLayers", none, "Layers"),
    operation!("ListLayerVersions", none, "LayerVersions"),
    operation!("ListCodeSigningConfigs", none, "CodeSigningConfigs"),
    operation!("ListFunctionEventInvokeConfigs", none_of_function, "FunctionEventInvokeConfigs"),
    operation!("ListFunctionUrlConfigs", none_of_function, "FunctionUrlConfigs"),
    operation!("GetFunctionCodeSigningConfig", get_function_code_signing_config),
    operation!("GetFunctionRecursionConfig", get_function_recursion_config),
    operation!("GetRuntimeManagementConfig", get_runtime_management_config),
    operation!("GetFunctionEventInvokeConfig", no_event_invoke_config),
    operation!("DeleteFunctionEventInvokeConfig", no_event_invoke_config),
    operation!("GetFunctionUrlConfig", absent_of_function),
    operation!("DeleteFunctionUrlConfig", absent_of_function),
    // `ListProvisionedConcurrencyConfigs` has the same path.
    operation!("GetProvisionedConcurrencyConfig", no_provisioned_concurrency),
    operation!("GetEventSourceMapping", absent),
    operation!("GetLayerVersion", absent),
    operation!("GetCodeSigningConfig", absent),
];

/// A list of nothing.
async fn none(_control: &Control, call: &Authorized<Call>, list: &str) -> Outcome {
    Page::read(call)?;
    Ok(Answer::json(json!({ list: [] })))
}

/// A list of nothing, of a function.
async fn none_of_function(control: &Control, call: &Authorized<Call>, list: &str) -> Outcome {
    reference::existing(control, call).await?;
    none(control, call, list).await
}

/// `GetFunctionCodeSigningConfig`: none, as code is not signed here. Terraform reads it of
/// every function.
async fn get_function_code_signing_config(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::existing(control, call).await?;
    Ok(Answer::json(json!({ "FunctionName": name.as_str(), "CodeSigningConfigArn": "" })))
}

/// `GetFunctionRecursionConfig`: as on AWS without a setting.
async fn get_function_recursion_config(control: &Control, call: &Authorized<Call>) -> Outcome {
    reference::existing(control, call).await?;
    Ok(Answer::json(json!({ "RecursiveLoop": "Terminate" })))
}

/// `GetRuntimeManagementConfig`: the interpreter of this machine, as it is.
async fn get_runtime_management_config(control: &Control, call: &Authorized<Call>) -> Outcome {
    let arn = found(control, call).await?.arn(&control.scope);
    Ok(Answer::json(json!({
        "UpdateRuntimeOn": "Auto",
        "RuntimeVersionArn": Value::Null,
        "FunctionArn": arn,
    })))
}

/// `GetFunctionEventInvokeConfig`, `DeleteFunctionEventInvokeConfig`.
async fn no_event_invoke_config(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = found(control, call).await?;
    let latest = Qualifier::Version(Version::Latest);
    let qualifier = function.qualifier.or(Some(latest));
    let arn = FunctionRef { qualifier, ..function }.arn(&control.scope);
    let message = format!("The function {arn} doesn't have an EventInvokeConfig");
    Err(Refusal::new(ErrorCode::ResourceNotFound, message).into())
}

/// `GetFunctionUrlConfig`, `DeleteFunctionUrlConfig`.
async fn absent_of_function(control: &Control, call: &Authorized<Call>) -> Outcome {
    found(control, call).await?;
    absent(control, call).await
}

/// `GetProvisionedConcurrencyConfig`, or with `List=ALL` `ListProvisionedConcurrencyConfigs`.
async fn no_provisioned_concurrency(control: &Control, call: &Authorized<Call>) -> Outcome {
    if call.query_text("List")? == Some("ALL") {
        return none_of_function(control, call, "ProvisionedConcurrencyConfigs").await;
    }
    found(control, call).await?;
    Err(ApiError::new(
        ErrorKind::ProvisionedConcurrencyConfigNotFound,
        "No Provisioned Concurrency Config found for this function",
    ))
}

/// Something that nothing here can be.
async fn absent(_control: &Control, _call: &Authorized<Call>) -> Outcome {
    let message = "The resource you requested does not exist.";
    Err(Refusal::new(ErrorCode::ResourceNotFound, message).into())
}

/// The function of the path with its qualifier; it must be there.
async fn found(control: &Control, call: &Call) -> Result<FunctionRef, Refusal> {
    let function = reference::qualified(control, call)?;
    match control.store.function(&function.name, function.qualifier.as_ref()).await? {
        Some(_) => Ok(function),
        None => Err(reference::no_function(control, &function)),
    }
}
