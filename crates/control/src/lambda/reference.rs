//! The function that a request is about: its path names it, and its query may qualify it.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::function::{
    FunctionName, FunctionRef, InvalidFunctionRef, Qualifier, Version,
};
use fleetwright_store::Uuid;

use crate::Control;
use crate::rest::Call;
use crate::rest::members::{Members, invalid, violation};

/// A text as a function of this account and region.
pub(super) fn parse(control: &Control, text: &str) -> Result<FunctionRef, Refusal> {
    FunctionRef::parse(&control.scope, text).map_err(|error| match error {
        InvalidFunctionRef::Malformed(_) => violation(error),
        InvalidFunctionRef::Elsewhere(_) => {
            Refusal::new(ErrorCode::ResourceNotFound, format!("Function not found: {text}"))
                .because(error)
        }
    })
}

/// The function of the path, with the qualifier of path or query.
pub(super) fn qualified(control: &Control, call: &Call) -> Result<FunctionRef, Refusal> {
    let mut found = parse(control, call.label_text("FunctionName")?)?;
    if let Some(text) = call.query_text("Qualifier")? {
        let requested = Qualifier::parse(text).map_err(violation)?;
        if found.qualifier.as_ref().is_some_and(|own| *own != requested) {
            return Err(invalid(
                "The derived qualifier from the function name does not match the specified \
                 qualifier.",
            ));
        }
        found.qualifier = Some(requested);
    }
    Ok(found)
}

/// The function of the path, of which only `$LATEST` can be meant.
pub(super) fn unqualified(control: &Control, call: &Call) -> Result<FunctionName, Refusal> {
    let found = parse(control, call.label_text("FunctionName")?)?;
    match found.qualifier {
        None | Some(Qualifier::Version(Version::Latest)) => Ok(found.name),
        Some(qualifier) => Err(invalid(format!(
            "This operation is about a function as a whole: leave out ':{qualifier}'."
        ))),
    }
}

/// The function of the path, as a whole; it must be there.
pub(super) async fn existing(control: &Control, call: &Call) -> Result<FunctionName, Refusal> {
    let name = unqualified(control, call)?;
    let function = FunctionRef { name, qualifier: None };
    match control.store.function(&function.name, None).await? {
        Some(_) => Ok(function.name),
        None => Err(no_function(control, &function)),
    }
}

/// The refusal of a function that is not there.
pub(super) fn no_function(control: &Control, function: &FunctionRef) -> Refusal {
    let arn = function.arn(&control.scope);
    Refusal::new(ErrorCode::ResourceNotFound, format!("Function not found: {arn}"))
}

/// `RevisionId` of the body.
pub(super) fn revision(members: &Members<'_>) -> Result<Option<Uuid>, Refusal> {
    members.text("RevisionId")?.map(uuid).transpose()
}

/// A `RevisionId`; a malformed one matches no function.
pub(super) fn uuid(text: &str) -> Result<Uuid, Refusal> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
    number.map(|number| Uuid(number.to_be_bytes())).ok_or_else(other_revision)
}

/// Refuses a function that has changed since the expected revision; for operations that change nothing.
pub(super) fn check_revision(expected: Option<Uuid>, found: Uuid) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != found => Err(other_revision()),
        _ => Ok(()),
    }
}

fn other_revision() -> Refusal {
    Refusal::new(
        ErrorCode::VersionConflict,
        "The Revision Id provided does not match the latest Revision Id. Call the \
         GetFunction/GetAlias API to retrieve the latest Revision Id",
    )
}
