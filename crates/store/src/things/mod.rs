//! Things: their attributes, type, billing group and version.

mod change;
mod events;
mod list;
mod rules;

use std::collections::BTreeMap;

pub use change::{NewThing, ThingUpdate, TypeUpdate};
pub(crate) use change::{insert, set};
pub(crate) use events::changed as note_changed;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{AttributeName, BillingGroupName, ThingName, ThingTypeName};
use fleetwright_core::time::Timestamp;
pub use list::{AttributeFilter, ThingFilter};
pub(crate) use rules::{check_attributes, check_version, merged};

use crate::sql::{Row, Sql, args};
use crate::{Store, StoreError, ThingRow, Uuid};

/// The columns of a thing, of `things t` with its type `y` and its billing group `b`.
const COLUMNS: &str = "t.row_id, t.name, t.thing_id, y.name AS type_name, \
                       b.name AS billing_group, t.attributes, t.version, t.created";

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its row.
    pub row: ThingRow,
    /// Its name.
    pub name: ThingName,
    /// `thingId`
    pub id: Uuid,
    /// Its type.
    pub type_name: Option<ThingTypeName>,
    /// Its billing group.
    pub billing_group: Option<BillingGroupName>,
    /// Its attributes.
    pub attributes: BTreeMap<AttributeName, String>,
    /// 1, and one more per change.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
    /// A thing by its name.
    pub async fn thing(&self, name: &ThingName) -> Result<Option<Thing>, StoreError> {
        self.read(|sql| find(sql, name)).await
    }
}

/// A thing by its name.
pub(crate) fn find(sql: &Sql<'_>, name: &ThingName) -> Result<Option<Thing>, StoreError> {
    sql.one(
        &format!(
            "SELECT {COLUMNS} FROM things t LEFT JOIN thing_types y ON y.row_id = t.type_row \
             LEFT JOIN billing_groups b ON b.row_id = t.billing_row WHERE t.name = $1"
        ),
        args![name],
        read_thing,
    )
}

/// The thing, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingName) -> Result<Thing, StoreError> {
    find(sql, name)?.ok_or_else(|| {
        StoreError::refused(ErrorCode::ResourceNotFound, format!("Thing {name} does not exist"))
    })
}

fn read_thing(row: &Row<'_>) -> Result<Thing, StoreError> {
    Ok(Thing {
        row: row.get("row_id")?,
        name: row.get("name")?,
        id: row.get("thing_id")?,
        type_name: row.get("type_name")?,
        billing_group: row.get("billing_group")?,
        attributes: row.get("attributes")?,
        version: row.get("version")?,
        created: row.get("created")?,
    })
}
