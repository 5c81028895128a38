//! `FunctionConfiguration` and `AliasConfiguration` as AWS writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionName, FunctionRef, Qualifier};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{FunctionAlias, FunctionVersion};
use serde_json::{Value, json};

use super::environment;
use crate::Control;
use crate::rest::put;

/// A version; `qualifier` is what its ARN ends with.
pub(super) fn configuration(
    control: &Control,
    found: &FunctionVersion,
    qualifier: Option<Qualifier>,
) -> Result<Value, Refusal> {
    let mut shape = listed(control, found, qualifier)?;
    // Code is ready as soon as it is stored.
    put(&mut shape, "State", Some("Active"));
    put(&mut shape, "LastUpdateStatus", Some("Successful"));
    Ok(shape)
}

/// A version as lists show it. AWS: `ListFunctions` "returns a subset".
pub(super) fn listed(
    control: &Control,
    found: &FunctionVersion,
    qualifier: Option<Qualifier>,
) -> Result<Value, Refusal> {
    let FunctionVersion { name, settings, .. } = found;
    let function = FunctionRef { name: name.clone(), qualifier };
    let variables = environment::opened(control, settings.environment.as_deref())?;
    let mut shape = json!({
        "FunctionName": name.as_str(),
        "FunctionArn": function.arn(&control.scope),
        "Runtime": settings.runtime.as_str(),
        "Role": settings.role_arn,
        "CodeSize": found.code_size,
        "Description": settings.description,
        "Timeout": settings.seconds,
        "MemorySize": settings.memory,
        "LastModified": modified(found.modified),
        "CodeSha256": STANDARD.encode(found.code_sha256),
        "Version": found.version.to_string(),
        "TracingConfig": {"Mode": settings.tracing},
        "RevisionId": found.revision.to_string(),
        "PackageType": "Zip",
        "Architectures": [settings.architecture],
        "EphemeralStorage": {"Size": settings.storage},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")},
    });
    put(&mut shape, "Handler", settings.handler.as_deref());
    let variables = (!variables.is_empty()).then(|| json!({ "Variables": variables }));
    put(&mut shape, "Environment", variables);
    Ok(shape)
}

/// An alias.
pub(super) fn alias(control: &Control, function: &FunctionName, alias: &FunctionAlias) -> Value {
    let mut shape = json!({
        "AliasArn": format!("{}:{}", control.scope.function_arn(function), alias.name),
        "Name": alias.name.as_str(),
        "FunctionVersion": alias.version.to_string(),
        "Description": alias.description,
        "RevisionId": alias.revision.to_string(),
    });
    let weights = alias.extra.map(|(version, weight)| {
        json!({"AdditionalVersionWeights": {version.to_string(): weight.fraction()}})
    });
    put(&mut shape, "RoutingConfig", weights);
    shape
}

/// `2026-01-31T09:30:00.123+0000`
fn modified(at: Timestamp) -> String {
    let time = at.utc();
    let whole = time.to_string();
    format!("{}.{:03}+0000", whole.trim_end_matches('Z'), time.millis)
}
