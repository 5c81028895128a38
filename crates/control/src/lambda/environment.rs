//! `Environment` of a request. Its values stand in no message and in no log.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::function::check_environment;
use fleetwright_functions::{open_environment, seal_environment};

use crate::Control;
use crate::rest::members::{Members, violation};

/// Names and values.
pub(super) type Environment = BTreeMap<String, String>;

/// `Environment.Variables`; `None` when absent.
pub(super) fn variables(members: &Members<'_>) -> Result<Option<Environment>, Refusal> {
    let read = |environment: Members<'_>| {
        let given = environment.text_map("Variables")?.unwrap_or_default();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables: Environment = given.into_iter().map(owned).collect();
        check_environment(&variables).map_err(violation)?;
        Ok(variables)
    };
    members.object("Environment", read)
}

/// Variables as they are stored; `None` when empty. What is unchanged stays as it was
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
