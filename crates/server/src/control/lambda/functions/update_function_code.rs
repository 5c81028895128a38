//! `UpdateFunctionCode`.

use fleetwright_core::function::{Qualifier, Version};
use fleetwright_store::FunctionUpdate;

use super::code;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::settings::architecture;
use crate::control::lambda::{reference, refusal, shape};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "UpdateFunctionCode";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let name = reference::unqualified(control, call)?;
    let given = call.members()?;
    let expected = reference::revision(&given)?;
    let architecture = architecture(&given)?;
    let publish = given.flag("Publish")?.unwrap_or(false);
    let dry_run = given.flag("DryRun")?.unwrap_or(false);
    let function = fleetwright_core::function::FunctionRef { name, qualifier: None };
    let current = control.store.function(&function.name, None).await?;
    let mut current = current.ok_or_else(|| reference::no_function(control, &function))?;
    let package = code::package(&given).await?;
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
        revision: identifiers::fresh()?,
        publish: publish.then(identifiers::fresh).transpose()?,
    };
    let changed = control.store.update_function(function.name, update, (control.clock)()).await;
    let changed = changed.map_err(refusal::limit("CodeStorageExceededException"))?;
    // 3. Answer.
    let published = changed.version != Version::Latest;
    let qualifier = published.then_some(Qualifier::Version(changed.version));
    Ok(Answer::json(shape::configuration(control, &changed, qualifier)?))
}
