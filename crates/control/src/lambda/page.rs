//! Pages of Lambda: `Marker`, `MaxItems`, `NextMarker`. A page has at most 50 items, even if more
//! are requested (AWS: `ListFunctions`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::FUNCTION_PAGE;

use crate::rest::Call;
use crate::rest::members::invalid;

/// `MaxItems` that the model allows.
const MAX_ITEMS: std::ops::RangeInclusive<u64> = 1..=10_000;
/// Characters of a marker. (ours)
const MARKER_CHARS: usize = 512;

/// The requested page.
pub(super) struct Page {
    pub(super) size: usize,
    /// Key of the last item of the page before.
    pub(super) after: Option<String>,
}

impl Page {
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        let size = call.query_integer("MaxItems", MAX_ITEMS)?;
        let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(FUNCTION_PAGE);
        let after = match call.query_text("Marker")? {
            None | Some("") => None,
            Some(text) => {
                let bytes = (text.len() <= MARKER_CHARS).then(|| STANDARD.decode(text).ok());
                let key = bytes.flatten().and_then(|bytes| String::from_utf8(bytes).ok());
                Some(key.ok_or_else(foreign)?)
            }
        };
        Ok(Self { size: size.min(FUNCTION_PAGE), after })
    }

    /// The key of the page before, read by its own rule.
    pub(super) fn key<T>(
        &self,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.after.as_deref().map(|key| read(key).ok_or_else(foreign)).transpose()
    }
}

/// The marker of the next page.
pub(super) fn marker(key: Option<String>) -> Option<String> {
    key.map(|key| STANDARD.encode(key))
}

fn foreign() -> Refusal {
    invalid("The Marker is not one that this operation gave; begin again without it.")
}
