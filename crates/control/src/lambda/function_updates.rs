//! Changing a function: its code and its configuration.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionRef, Qualifier, Version};
use fleetwright_host::random;
use fleetwright_store::{FunctionCode, FunctionUpdate};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::lambda::lints::with_runtime_lint;
use crate::lambda::settings::{FunctionSpec, architecture};
use crate::lambda::{environment, reference, role, shape, zip};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("UpdateFunctionCode", update_function_code),
    operation!("UpdateFunctionConfiguration", update_function_configuration),
];

/// `UpdateFunctionCode`.
async fn update_function_code(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let name = reference::unqualified(control, call)?;
    let members = call.members()?;
    let expected = reference::revision(&members)?;
    let architecture = architecture(&members)?;
    let publish = members.flag("Publish")?.unwrap_or(false);
    let dry_run = members.flag("DryRun")?.unwrap_or(false);
    let function = fleetwright_core::function::FunctionRef { name, qualifier: None };
    let current = control.store.function(&function.name, None).await?;
    let mut current = current.ok_or_else(|| reference::no_function(control, &function))?;
    let package = package(&members).await?;
    // 2. Keep, or only say what would be.
    if dry_run {
        reference::check_revision(expected, current.revision)?;
        current.code_sha256 = package.sha256;
        current.code_size = package.zip.len() as u64;
        return Ok(Answer::json(shape::configuration(control, &current, None)?));
    }
    let update = FunctionUpdate {
        expected,
        code: Some(package),
        settings: Box::new(move |settings| {
            if let Some(architecture) = architecture {
                settings.architecture = architecture;
            }
        }),
        revision: random::uuid()?,
        publish: publish.then(random::uuid).transpose()?,
    };
    let changed = control.store.update_function(function.name, update, control.now()).await;
    let changed = changed
        .map_err(|error| ApiError::from(error).with_quota(ErrorKind::CodeStorageExceeded))?;
    // 3. Answer.
    let published = changed.version != Version::Latest;
    let qualifier = published.then_some(Qualifier::Version(changed.version));
    Ok(Answer::json(shape::configuration(control, &changed, qualifier)?))
}

/// `UpdateFunctionConfiguration`.
async fn update_function_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let name = reference::unqualified(control, call)?;
    let members = call.members()?;
    let expected = reference::revision(&members)?;
    let mut spec = FunctionSpec::read(&members, &name)?;
    let function = FunctionRef { name, qualifier: None };
    let current = control.store.function(&function.name, None).await?;
    let current = current.ok_or_else(|| reference::no_function(control, &function))?;
    spec.role = role::role(control, &members).await?;
    let variables = environment::variables(&members)?;
    let kept = current.settings.environment.as_deref();
    let sealed =
        variables.map(|variables| environment::sealed(control, &variables, kept)).transpose()?;
    // 2. Keep.
    let update = FunctionUpdate {
        expected,
        code: None,
        settings: Box::new(move |settings| {
            spec.apply(settings);
            if let Some(sealed) = sealed {
                settings.environment = sealed;
            }
        }),
        revision: random::uuid()?,
        publish: None,
    };
    let changed = control.store.update_function(function.name, update, control.now()).await?;
    // 3. Answer.
    let answer = Answer::json(shape::configuration(control, &changed, None)?);
    Ok(with_runtime_lint(control, answer, &changed.name, changed.settings.runtime).await)
}

// Members that name a deployment package.

/// The package of `ZipFile`; other sources are refused.
pub(super) async fn package(members: &Members<'_>) -> Result<FunctionCode, Refusal> {
    for name in ["S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri", "SourceKMSKeyArn"] {
        if members.text(name)?.is_some() {
            return Err(invalid(format!(
                "The member '{name}' is not offered here: send the deployment package itself, \
                 as ZipFile (aws lambda … --zip-file fileb://FILE)."
            )));
        }
    }
    match members.text("ZipFile")? {
        Some(text) => zip::package(text).await,
        None => Err(invalid("Please provide a source for function code.")),
    }
}
