//! Pages of a list: `Marker`, `MaxItems`, `IsTruncated`. A marker is the last item's key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::ApiError;
use crate::query::{Element, Form, invalid};

/// Items of a page without `MaxItems`. AWS: "If you do not include this parameter, it
/// defaults to 100."
const DEFAULT: u32 = 100;
/// Items of a page, at most. AWS: shape `maxItemsType`.
const MAX: u32 = 1000;

/// The requested page.
pub(super) struct Page {
    /// Items, at most.
    pub(super) size: usize,
    /// Key of the last item of the page before.
    pub(super) after: Option<String>,
}

impl Page {
    /// Reads `Marker` and `MaxItems`.
    pub(super) fn read(form: &Form) -> Result<Self, ApiError> {
        let size = form.integer("MaxItems", 1..=MAX)?.unwrap_or(DEFAULT);
        let key = |marker: &str| {
            let key = STANDARD.decode(marker).ok().and_then(|key| String::from_utf8(key).ok());
            key.ok_or_else(|| {
                invalid("The Marker is not one that this operation gave; begin again without it.")
            })
        };
        let after = form.get("Marker").map(key).transpose()?;
        Ok(Self { size: usize::try_from(size).unwrap_or(usize::MAX), after })
    }

    /// This page of a list that is read as a whole and in the order of its keys.
    pub(super) fn cut<T>(
        &self,
        items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let mut rest: Vec<T> = items
            .into_iter()
            .skip_while(|item| self.after.as_ref().is_some_and(|after| key(item) <= *after))
            .collect();
        let more = rest.len() > self.size;
        rest.truncate(self.size);
        let next = if more { rest.last().map(key) } else { None };
        (rest, next)
    }
}

/// The end of a list: whether there is more, and its marker.
pub(super) fn end(list: Element, next: Option<&str>) -> Element {
    let list = list.flag("IsTruncated", next.is_some());
    list.optional("Marker", next.map(|key| STANDARD.encode(key)).as_deref())
}
