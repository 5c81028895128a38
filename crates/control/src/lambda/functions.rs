//! Functions.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::function::{FunctionName, Qualifier, Version};
use fleetwright_core::limits::{
    FUNCTION_MEMORY_MB_DEFAULT, FUNCTION_SECONDS_DEFAULT, FUNCTION_STORAGE_MB,
};
use fleetwright_host::random;
use fleetwright_store::{FunctionSettings, NewFunction, Tagged};
use serde_json::{Value, json};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::lambda::lints::with_runtime_lint;
use crate::lambda::page::{Page, marker};
use crate::lambda::settings::{FunctionSpec, architecture};
use crate::lambda::{code_link, environment, function_updates, reference, role, shape};
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateFunction", create_function),
    operation!("GetFunction", get_function),
    operation!("GetFunctionConfiguration", get_function_configuration),
    operation!("ListFunctions", list_functions),
    operation!("DeleteFunction", delete_function),
];

/// `CreateFunction`.
async fn create_function(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let members = call.members()?;
    let function = reference::parse(control, members.required_text("FunctionName")?)?;
    if function.qualifier.is_some() {
        return Err(invalid("The FunctionName of a new function has no qualifier.").into());
    }
    let name = function.name;
    match members.text("PackageType")? {
        None | Some("Zip") => {}
        Some(_) => return Err(invalid("The member 'PackageType' must be Zip here.").into()),
    }
    let mut spec = FunctionSpec::read(&members, &name)?;
    let (Some(runtime), Some(_)) = (spec.runtime, &spec.handler) else {
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment \
             packages.",
        )
        .into());
    };
    spec.role = role::role(control, &members).await?;
    let role_arn = spec.role.clone().ok_or_else(|| invalid("The member 'Role' is required."))?;
    let variables = environment::variables(&members)?.unwrap_or_default();
    let mut settings = FunctionSettings {
        runtime,
        role_arn,
        handler: None,
        description: String::new(),
        seconds: FUNCTION_SECONDS_DEFAULT,
        memory: FUNCTION_MEMORY_MB_DEFAULT,
        storage: *FUNCTION_STORAGE_MB.start(),
        architecture: architecture(&members)?.unwrap_or_else(|| "x86_64".to_owned()),
        tracing: "PassThrough".to_owned(),
        environment: environment::sealed(control, &variables, None)?,
    };
    spec.apply(&mut settings);
    let tags = crate::lambda::tagging::tags(&members)?;
    let source = members.object("Code", Ok)?;
    let source = source.ok_or_else(|| invalid("The member 'Code' is required."))?;
    let code = function_updates::package(&source).await?;
    let publish = members.flag("Publish")?.unwrap_or(false);
    // 2. Keep.
    let new = NewFunction {
        name,
        settings,
        code,
        tags,
        revision: random::uuid()?,
        publish: publish.then(random::uuid).transpose()?,
    };
    let made = control.store.create_function(new, control.now()).await;
    let made =
        made.map_err(|error| ApiError::from(error).with_quota(ErrorKind::CodeStorageExceeded))?;
    // 3. Answer. AWS: the ARN has no qualifier, with `Publish` either (botocore's example).
    let answer = Answer::json(shape::configuration(control, &made, None)?).created();
    Ok(with_runtime_lint(control, answer, &made.name, runtime).await)
}

/// `GetFunction`: its configuration, a link to its code, its tags.
async fn get_function(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    let found = found.ok_or_else(|| reference::no_function(control, &function))?;
    let tags = control.store.tags(&Tagged::Function(function.name.clone())).await?;
    let reserved = control.store.function_concurrency(&function.name).await?;
    Ok(Answer::json(json!({
        "Configuration": shape::configuration(control, &found, function.qualifier)?,
        "Code": {
            "RepositoryType": "S3",
            "Location": code_link::url(control, call, &found.code_sha256)?,
        },
        "Tags": (!tags.is_empty()).then_some(tags),
        "Concurrency": reserved.map(|number| json!({ "ReservedConcurrentExecutions": number })),
    })))
}

/// `GetFunctionConfiguration`.
async fn get_function_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    let found = found.ok_or_else(|| reference::no_function(control, &function))?;
    Ok(Answer::json(shape::configuration(control, &found, function.qualifier)?))
}

/// `ListFunctions`, by name; with `FunctionVersion=ALL` every version.
async fn list_functions(control: &Control, call: &Authorized<Call>) -> Outcome {
    let all = match call.query_text("FunctionVersion")? {
        None => false,
        Some("ALL") => true,
        Some(_) => return Err(invalid("The query parameter 'FunctionVersion' must be ALL.").into()),
    };
    let page = Page::read(call)?;
    let after = page.key(|key| {
        let (name, version) = key.split_once(':')?;
        Some((FunctionName::parse(name).ok()?, Version::parse(version).ok()?))
    })?;
    let found = control.store.list_functions(all, after, page.size).await?;
    let mut shown: Vec<Value> = Vec::with_capacity(found.items.len());
    for item in &found.items {
        let qualifier = all.then_some(Qualifier::Version(item.version));
        shown.push(shape::listed(control, item, qualifier)?);
    }
    let next = marker(found.next.map(|(name, version)| format!("{name}:{version}")));
    Ok(Answer::json(json!({ "Functions": shown, "NextMarker": next })))
}

/// `DeleteFunction`: all of it, or the version that the qualifier names.
async fn delete_function(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    match function.qualifier {
        None => {
            control.store.delete_function(function.name.clone()).await?;
            control.functions.forget(&function.name);
        }
        Some(Qualifier::Version(Version::Published(version))) => {
            control.store.delete_function_version(function.name, version).await?;
        }
        Some(Qualifier::Version(Version::Latest)) => {
            return Err(invalid(
                "$LATEST version cannot be deleted without deleting the function.",
            )
            .into());
        }
        Some(Qualifier::Alias(alias)) => {
            return Err(invalid(format!(
                "Deletion of aliases is not currently supported by this operation: use \
                 DeleteAlias for '{alias}'."
            ))
            .into());
        }
    }
    Ok(Answer::nothing())
}
