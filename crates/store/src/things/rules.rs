//! What things and groups share: versions and attributes.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, ThingName};

use crate::StoreError;

/// `VersionConflict` unless the version is the expected one.
pub(crate) fn check_version(
    kind: &str,
    name: &str,
    version: i64,
    expected: Option<i64>,
) -> Result<(), StoreError> {
    if expected.is_none_or(|expected| expected == version) {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::VersionConflict,
        format!("The version for {kind} {name} does not match the expected version."),
    ))
}

/// Attributes after an update: replaced or merged; an empty value removes.
pub(crate) fn merged(
    existing: BTreeMap<AttributeName, String>,
    update: Option<(BTreeMap<AttributeName, String>, bool)>,
) -> BTreeMap<AttributeName, String> {
    let mut attributes = match update {
        None => existing,
        Some((given, false)) => given,
        Some((given, true)) => {
            let mut all = existing;
            all.extend(given);
            all
        }
    };
    attributes.retain(|_, value| !value.is_empty());
    attributes
}

/// `InvalidRequest` when there are too many attributes, or they are too long together.
pub(crate) fn check_attributes(
    kind: &str,
    name: &str,
    attributes: &BTreeMap<AttributeName, String>,
    bound: usize,
    hint: &str,
) -> Result<(), StoreError> {
    let refuse = |message: String| Err(StoreError::refused(ErrorCode::InvalidRequest, message));
    let count = attributes.len();
    if count > bound {
        return refuse(format!(
            "{kind} {name}: {count} attributes are too many: {bound} are allowed{hint}."
        ));
    }
    let bytes: usize =
        attributes.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limits::ATTRIBUTES_TOTAL_BYTES {
        return refuse(format!(
            "{kind} {name}: attributes may have at most {} bytes together.",
            limits::ATTRIBUTES_TOTAL_BYTES
        ));
    }
    Ok(())
}

pub(super) fn check(
    name: &ThingName,
    attributes: &BTreeMap<AttributeName, String>,
    typed: bool,
) -> Result<(), StoreError> {
    let (bound, hint) = if typed {
        (limits::ATTRIBUTES_WITH_TYPE, "")
    } else {
        (limits::ATTRIBUTES_WITHOUT_TYPE, " without a thing type; give the thing a type")
    };
    check_attributes("Thing", name.as_str(), attributes, bound, hint)
}
