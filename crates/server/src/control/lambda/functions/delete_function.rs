//! `DeleteFunction`: all of it, or the version that the qualifier names.

use fleetwright_core::function::{Qualifier, Version};

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "DeleteFunction";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
