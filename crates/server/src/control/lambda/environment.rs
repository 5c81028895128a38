//! `Environment` of a request. Its values stand in no message and in no log.

use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionName, check_environment};

use crate::control::Control;
use crate::control::iot::members::{Members, invalid, sentence};
use crate::function_environment::{Environment, open, seal};

/// `Environment.Variables`; `None` when the request says nothing of them.
pub(super) fn variables(members: &Members<'_>) -> Result<Option<Environment>, Refusal> {
    let read = |environment: Members<'_>| {
        let given = environment.text_map("Variables")?.unwrap_or_default();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables: Environment = given.into_iter().map(owned).collect();
        check_environment(&variables).map_err(|error| invalid(sentence(&error)))?;
        Ok(variables)
    };
    members.object("Environment", read)
}

/// Variables as they are kept. What is unchanged stays as it was sealed, so that publishing sees
/// that nothing changed.
pub(super) fn sealed(
    control: &Control,
    function: &FunctionName,
    variables: &Environment,
    kept: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, Refusal> {
    if let Some(kept) = kept
        && open(&control.sealing, function, Some(kept))? == *variables
    {
        return Ok(Some(kept.to_vec()));
    }
    seal(&control.sealing, function, variables)
}
