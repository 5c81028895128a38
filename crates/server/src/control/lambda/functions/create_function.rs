//! `CreateFunction`.

use fleetwright_core::function::{Qualifier, Version};
use fleetwright_core::limits::{
    FUNCTION_MEMORY_MB_DEFAULT, FUNCTION_SECONDS_DEFAULT, FUNCTION_STORAGE_MB,
};
use fleetwright_store::{FunctionSettings, NewFunction};

use super::code;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::settings::{Given, architecture};
use crate::control::lambda::{environment, reference, refusal, role, shape, tagging};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "CreateFunction";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let given = call.members()?;
    let function = reference::parse(control, given.required_text("FunctionName")?)?;
    if function.qualifier.is_some() {
        return Err(invalid("The FunctionName of a new function has no qualifier.").into());
    }
    let name = function.name;
    match given.text("PackageType")? {
        None | Some("Zip") => {}
        Some(_) => return Err(invalid("The member 'PackageType' must be Zip here.").into()),
    }
    let mut wanted = Given::read(&given, &name)?;
    let (Some(runtime), Some(_)) = (wanted.runtime, &wanted.handler) else {
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment \
             packages.",
        )
        .into());
    };
    wanted.role = role::role(control, &given).await?;
    let role_arn = wanted.role.clone().ok_or_else(|| invalid("The member 'Role' is required."))?;
    let variables = environment::variables(&given)?.unwrap_or_default();
    let mut settings = FunctionSettings {
        runtime,
        role_arn,
        handler: None,
        description: String::new(),
        seconds: FUNCTION_SECONDS_DEFAULT,
        memory: FUNCTION_MEMORY_MB_DEFAULT,
        storage: *FUNCTION_STORAGE_MB.start(),
        architecture: architecture(&given)?.unwrap_or_else(|| "x86_64".to_owned()),
        tracing: "PassThrough".to_owned(),
        environment: environment::sealed(control, &variables, None)?,
    };
    wanted.apply(&mut settings);
    let tags = tagging::tags(&given)?;
    let source = given.object("Code", Ok)?;
    let source = source.ok_or_else(|| invalid("The member 'Code' is required."))?;
    let code = code::package(&source).await?;
    let publish = given.flag("Publish")?.unwrap_or(false);
    // 2. Keep.
    let new = NewFunction {
        name,
        settings,
        code,
        tags,
        revision: identifiers::fresh()?,
        publish: publish.then(identifiers::fresh).transpose()?,
    };
    let made = control.store.create_function(new, (control.clock)()).await;
    let made = made.map_err(refusal::limit("CodeStorageExceededException"))?;
    // 3. Answer.
    let qualifier = (made.version != Version::Latest).then_some(Qualifier::Version(made.version));
    Ok(Answer::json(shape::configuration(control, &made, qualifier)?).created())
}
