//! Pages of a list. The token that a caller hands back is the last item's key in Base64; it says
//! nothing that the page did not say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{PAGE, PAGE_DEFAULT};

use super::call::Call;
use super::members::invalid;

/// Characters of a token. AWS: shape `Marker`.
const TOKEN_CHARS: usize = 1024;

/// The names that a list uses for its paging; AWS has two sets.
pub(crate) struct Paging {
    size: &'static str,
    token: &'static str,
    next: &'static str,
    default: usize,
}

/// `pageSize`, `marker`, `nextMarker`: certificates and policies.
pub(crate) const MARKER: Paging =
    Paging { size: "pageSize", token: "marker", next: "nextMarker", default: PAGE_DEFAULT };
/// `maxResults`, `nextToken`: everything else.
pub(crate) const NEXT_TOKEN: Paging =
    Paging { size: "maxResults", token: "nextToken", next: "nextToken", default: PAGE };

/// The requested page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Items, at most.
    pub(crate) size: usize,
    /// Key of the last item of the page before; `None` for the first page.
    pub(crate) after: Option<String>,
}

impl Paging {
    /// Reads the page from the query.
    pub(crate) fn read(&self, call: &Call) -> Result<Page, Refusal> {
        self.read_up_to(call, PAGE as u64)
    }

    /// Reads the page from the query, of another most than usual.
    pub(crate) fn read_up_to(&self, call: &Call, most: u64) -> Result<Page, Refusal> {
        let size = call.query_integer(self.size, 1..=most)?;
        let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(self.default);
        let after = call.query_text(self.token)?.map(|token| self.key(token)).transpose()?;
        Ok(Page { size, after })
    }

    fn key(&self, token: &str) -> Result<String, Refusal> {
        let key = (token.len() <= TOKEN_CHARS).then(|| STANDARD.decode(token).ok()).flatten();
        key.and_then(|key| String::from_utf8(key).ok())
            .filter(|key| !key.is_empty())
            .ok_or_else(|| self.foreign_token())
    }

    /// The refusal of a token that no page gave.
    pub(crate) fn foreign_token(&self) -> Refusal {
        invalid(format!(
            "The query parameter '{}' is not one that this operation gave; begin again without it.",
            self.token
        ))
    }

    /// The response's member for the next page, and its value.
    pub(crate) fn next(&self, last: Option<&str>) -> (&'static str, Option<String>) {
        (self.next, last.map(|key| STANDARD.encode(key)))
    }
}

/// The page of a list of a few items that is held whole, and the key to go on after. The items lie
/// in the order of their keys, which no two share.
pub(crate) fn cut<T>(
    items: Vec<T>,
    page: &Page,
    key: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let seen = page.after.as_deref().and_then(|after| {
        items.iter().position(|item| key(item) == after).map(|position| position + 1)
    });
    let mut rest: Vec<T> = items.into_iter().skip(seen.unwrap_or(0)).collect();
    let more = rest.len() > page.size;
    rest.truncate(page.size);
    let next = rest.last().filter(|_| more).map(|last| key(last).to_owned());
    (rest, next)
}

impl Page {
    /// The key as the number of a row.
    pub(crate) fn row(&self, paging: &Paging) -> Result<Option<i64>, Refusal> {
        let number = self.after.as_deref().map(str::parse).transpose();
        number.map_err(|_| paging.foreign_token())
    }

    /// The key as a name, read by its own rule.
    pub(crate) fn name<T, E>(
        &self,
        paging: &Paging,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        self.after.as_deref().map(parse).transpose().map_err(|_| paging.foreign_token())
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, cut};

    fn pages(size: usize) -> Vec<Vec<&'static str>> {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = Page { size, after };
            let (items, next) = cut(vec!["a", "b", "c"], &page, |item| *item);
            pages.push(items);
            after = next;
            if after.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn a_whole_list_is_cut_into_pages_without_an_empty_last_one() {
        assert_eq!(pages(2), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(pages(3), [vec!["a", "b", "c"]]);
        assert_eq!(pages(9), [vec!["a", "b", "c"]]);
    }
}
