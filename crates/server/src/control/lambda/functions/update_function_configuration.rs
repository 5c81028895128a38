//! `UpdateFunctionConfiguration`.

use fleetwright_core::function::FunctionRef;
use fleetwright_store::FunctionUpdate;

use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::settings::Given;
use crate::control::lambda::{environment, reference, role, shape};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "UpdateFunctionConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let name = reference::unqualified(control, call)?;
    let given = call.members()?;
    let expected = reference::revision(&given)?;
    let mut wanted = Given::read(&given, &name)?;
    let function = FunctionRef { name, qualifier: None };
    let current = control.store.function(&function.name, None).await?;
    let current = current.ok_or_else(|| reference::no_function(control, &function))?;
    wanted.role = role::role(control, &given).await?;
    let variables = environment::variables(&given)?;
    let kept = current.settings.environment.as_deref();
    let sealed =
        variables.map(|variables| environment::sealed(control, &variables, kept)).transpose()?;
    // 2. Keep.
    let update = FunctionUpdate {
        expected,
        code: None,
        settings: Box::new(move |settings| {
            wanted.apply(settings);
            if let Some(sealed) = sealed {
                settings.environment = sealed;
            }
        }),
        revision: identifiers::fresh()?,
        publish: None,
    };
    let changed = control.store.update_function(function.name, update, (control.clock)()).await?;
    // 3. Answer.
    Ok(Answer::json(shape::configuration(control, &changed, None)?))
}
