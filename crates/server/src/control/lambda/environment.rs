//! `Environment` of a request. Its values stand in no message and in no log.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::function::check_environment;

use crate::control::Control;
use crate::control::iot::members::{Members, invalid, sentence};
use crate::functions::{open_environment, seal_environment};

/// Names and values.
pub(super) type Environment = BTreeMap<String, String>;

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

/// Variables as they are kept; `None` when there are none. What is unchanged stays as it was
/// sealed, so that publishing sees that nothing changed.
pub(super) fn sealed(
    control: &Control,
    variables: &Environment,
    kept: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, Refusal> {
    if variables.is_empty() {
        return Ok(None);
    }
    if let Some(kept) = kept
        && open_environment(&control.sealing, kept)? == *variables
    {
        return Ok(Some(kept.to_vec()));
    }
    seal_environment(&control.sealing, variables).map(Some).map_err(Refusal::internal)
}

/// Variables of a version.
pub(super) fn opened(control: &Control, kept: Option<&[u8]>) -> Result<Environment, Refusal> {
    let opened = kept.map(|kept| open_environment(&control.sealing, kept)).transpose()?;
    Ok(opened.unwrap_or_default())
}
