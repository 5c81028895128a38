//! Things are listed.

use fleetwright_core::names::{AttributeName, ThingName, ThingTypeName};

use super::{COLUMNS, Thing, read_thing};
use crate::sql::{Sql, args};
use crate::{Page, Store, StoreError, page};

/// Rows that one filtered page looks at, at most (ours).
const SCANNED: usize = 2_000;

/// Which things `ListThings` lists.
#[derive(Debug, Clone, Default)]
pub struct ThingFilter {
    /// Only things of this type.
    pub type_name: Option<ThingTypeName>,
    /// Only things with this attribute.
    pub attribute: Option<AttributeFilter>,
}

/// An attribute that a thing must have.
#[derive(Debug, Clone)]
pub struct AttributeFilter {
    /// Its name.
    pub name: AttributeName,
    /// Its value, or what that begins with if `prefix`; `None` is any.
    pub value: Option<String>,
    /// Whether `value` is a beginning.
    pub prefix: bool,
}

impl Store {
    /// `ListThings`, by name. A page with an attribute filter may be short and still have a next
    /// one: it looks at a bounded number of things.
    pub async fn list_things(
        &self,
        filter: &ThingFilter,
        after: Option<ThingName>,
        limit: usize,
    ) -> Result<Page<Thing, ThingName>, StoreError> {
        self.snapshot(|sql| list(sql, filter, after.as_ref(), page::size(limit))).await
    }
}

fn list(
    sql: &Sql<'_>,
    filter: &ThingFilter,
    after: Option<&ThingName>,
    size: usize,
) -> Result<Page<Thing, ThingName>, StoreError> {
    let scanned = if filter.attribute.is_some() { SCANNED } else { size };
    let after = after.map_or("", ThingName::as_str);
    let found = match &filter.type_name {
        None => sql.all(
            &format!(
                "SELECT {COLUMNS} FROM things t LEFT JOIN thing_types y ON y.row_id = t.type_row \
             LEFT JOIN billing_groups b ON b.row_id = t.billing_row \
             WHERE t.name > $1 ORDER BY t.name LIMIT $2"
            ),
            args![after, scanned + 1],
            read_thing,
        ),
        Some(type_name) => sql.all(
            &format!(
                "SELECT {COLUMNS} FROM thing_types y JOIN things t ON t.type_row = y.row_id \
             LEFT JOIN billing_groups b ON b.row_id = t.billing_row \
             WHERE y.name = $1 AND t.name > $2 ORDER BY t.name LIMIT $3"
            ),
            args![type_name, after, scanned + 1],
            read_thing,
        ),
    }?;
    let Page { items: found, next } = Page::cut(found, scanned, |thing| thing.name.clone());
    let fits = |thing: &Thing| filter.attribute.as_ref().is_none_or(|wanted| wanted.fits(thing));
    let fitting = found.into_iter().filter(fits).take(size + 1).collect();
    let page = Page::cut(fitting, size, |thing: &Thing| thing.name.clone());
    Ok(Page { items: page.items, next: page.next.or(next) })
}

impl AttributeFilter {
    fn fits(&self, thing: &Thing) -> bool {
        match (thing.attributes.get(&self.name), &self.value) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(has), Some(wanted)) if self.prefix => has.starts_with(wanted.as_str()),
            (Some(has), Some(wanted)) => has == wanted,
        }
    }
}
