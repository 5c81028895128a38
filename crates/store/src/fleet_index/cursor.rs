//! Where a search reads and goes on: along the narrowest index that the query allows.

use fleetwright_core::fleet_index::{NameBound, Narrow, Query, ThingDocument};

use super::documents::things;
use crate::page::after_prefix;
use crate::sql::{Param, Sql, args};
use crate::{StoreError, ThingRow};

/// Rows that one look at all things passes over, at most (ours).
const SPAN: i64 = 5_000;

/// The last thing that was looked at. Its text is the caller's token; one of another search leads
/// elsewhere in the same registry, where the same query applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cursor {
    /// All things, after this row.
    All(i64),
    /// Things by name without case, after this one.
    Named(String, i64),
    /// Things of a group, after this row.
    InGroup(i64, i64),
    /// Things of a type, after this name.
    OfType(i64, String),
    /// Things that are connected, after this row.
    Connected(i64),
    /// There are no more.
    End,
}

impl Cursor {
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::All(row) => format!("a{row}"),
            Self::Named(name, row) => format!("n{row}/{name}"),
            Self::InGroup(group, row) => format!("g{row}/{group}"),
            Self::OfType(kind, name) => format!("t{kind}/{name}"),
            Self::Connected(row) => format!("c{row}"),
            Self::End => "-".to_owned(),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (numbers, name) = text.split_once('/').unwrap_or((text, ""));
        let kind = numbers.chars().next()?;
        let number: i64 = numbers.get(1..)?.parse().ok()?;
        Some(match kind {
            'a' => Self::All(number),
            'n' => Self::Named(name.to_owned(), number),
            'g' => Self::InGroup(name.parse().ok()?, number),
            't' => Self::OfType(number, name.to_owned()),
            'c' => Self::Connected(number),
            _ => return None,
        })
    }

    /// Where a search begins.
    pub(super) fn first(sql: &Sql<'_>, narrow: &Narrow) -> Result<Self, StoreError> {
        match &narrow.name {
            Some(NameBound::Exactly(name) | NameBound::Prefix(name)) => {
                return Ok(Self::Named(name.clone(), 0));
            }
            None => {}
        }
        if let Some(name) = &narrow.group {
            // A billing group has no rows of members; two groups may differ by case only.
            let (groups, others) = (
                rows(sql, "SELECT row_id FROM thing_groups WHERE lower(name) = $1 LIMIT 2", name)?,
                rows(
                    sql,
                    "SELECT row_id FROM billing_groups WHERE lower(name) = $1 LIMIT 1",
                    name,
                )?,
            );
            match (groups.as_slice(), others.as_slice()) {
                ([], []) => return Ok(Self::End),
                ([group], []) => return Ok(Self::InGroup(*group, 0)),
                _ => {}
            }
        }
        if narrow.connected {
            return Ok(Self::Connected(0));
        }
        if let Some(name) = &narrow.type_name {
            let text = "SELECT row_id FROM thing_types WHERE lower(name) = $1 LIMIT 2";
            match rows(sql, text, name)?.as_slice() {
                [] => return Ok(Self::End),
                [kind] => return Ok(Self::OfType(*kind, String::new())),
                _ => {}
            }
        }
        Ok(Self::All(0))
    }

    /// The next things from here, at most `limit`, and the cursor behind the last one.
    pub(super) fn next(
        &self,
        sql: &Sql<'_>,
        query: &Query,
        limit: usize,
    ) -> Result<(Vec<(ThingRow, ThingDocument)>, Self), StoreError> {
        let found = match self {
            Self::All(row) => return all(sql, query, *row, limit),
            Self::Named(name, row) => {
                let end = match query.narrow().name {
                    Some(NameBound::Exactly(name)) => format!("{name}\u{1}"),
                    Some(NameBound::Prefix(prefix)) => after_prefix(&prefix),
                    None => return Ok((Vec::new(), Self::End)),
                };
                let rest = "WHERE lower(t.name) >= $1 AND lower(t.name) < $2 \
                     AND (lower(t.name) > $1 OR t.row_id > $3) \
                     ORDER BY lower(t.name), t.row_id LIMIT $4";
                things(sql, rest, args![name, &end, *row, limit])?
            }
            Self::InGroup(group, row) => {
                let rest = "JOIN thing_group_members m ON m.thing_row = t.row_id \
                     WHERE m.group_row = $1 AND m.thing_row > $2 ORDER BY m.thing_row LIMIT $3";
                things(sql, rest, args![*group, *row, limit])?
            }
            Self::OfType(kind, name) => {
                let rest = "WHERE t.type_row = $1 AND t.name > $2 ORDER BY t.name LIMIT $3";
                things(sql, rest, args![*kind, name, limit])?
            }
            Self::Connected(row) => {
                let rest = "WHERE t.row_id IN (SELECT thing_row FROM thing_connectivity \
                     WHERE connected = 1 AND thing_row > $1 ORDER BY thing_row LIMIT $2) \
                     ORDER BY t.row_id";
                things(sql, rest, args![*row, limit])?
            }
            Self::End => Vec::new(),
        };
        let last = match found.last() {
            Some((row, document)) if found.len() == limit => self.after(*row, document),
            _ => Self::End,
        };
        Ok((found, last))
    }

    /// The cursor behind a thing that was found from here.
    pub(super) fn after(&self, row: ThingRow, document: &ThingDocument) -> Self {
        match self {
            Self::All(_) => Self::All(row.0),
            Self::Named(..) => Self::Named(document.name.to_ascii_lowercase(), row.0),
            Self::InGroup(group, _) => Self::InGroup(*group, row.0),
            Self::OfType(kind, _) => Self::OfType(*kind, document.name.clone()),
            Self::Connected(_) => Self::Connected(row.0),
            Self::End => Self::End,
        }
    }
}

/// Of all things, those that may fit by the text of their attributes: what the database leaves
/// out need not be read.
fn all(
    sql: &Sql<'_>,
    query: &Query,
    after: i64,
    limit: usize,
) -> Result<(Vec<(ThingRow, ThingDocument)>, Cursor), StoreError> {
    let Narrow { attribute, attribute_word, .. } = query.narrow();
    let name = attribute.map(|name| format!("\"{name}\":")).unwrap_or_default();
    let word = attribute_word.unwrap_or_default();
    let end = after.saturating_add(SPAN);
    let rest = "WHERE t.row_id > $1 AND t.row_id <= $2 \
         AND ($3 = '' OR replace(t.attributes, $3, '') <> t.attributes) \
         AND ($4 = '' OR replace(lower(t.attributes), $4, '') <> lower(t.attributes)) \
         ORDER BY t.row_id LIMIT $5";
    let found = things(sql, rest, args![after, end, &name, &word, limit])?;
    let last = match found.last() {
        Some((row, _)) if found.len() == limit => Cursor::All(row.0),
        _ if sql.exists("SELECT 1 FROM things WHERE row_id > $1 LIMIT 1", args![end])? => {
            Cursor::All(end)
        }
        _ => Cursor::End,
    };
    Ok((found, last))
}

fn rows(sql: &Sql<'_>, text: &str, name: &str) -> Result<Vec<i64>, StoreError> {
    sql.all(text, &[Param::Text(name)], |row| row.value())
}
