//! Things: their attributes, type, billing group and version.

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, BillingGroupName, ThingName, ThingTypeName};

use crate::sql::{Row, Sql, args, json};
use crate::{Change, Page, Store, StoreError, ThingRow, Uuid, billing_groups, page, thing_types};

/// Rows that one filtered page looks at, at most (ours).
const SCANNED: usize = 2_000;

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
    pub created: Instant,
}

/// A thing to make.
#[derive(Debug, Clone)]
pub struct NewThing {
    /// Its name.
    pub name: ThingName,
    /// `thingId`, for a new one.
    pub id: Uuid,
    /// Its type, which must exist and not be deprecated.
    pub type_name: Option<ThingTypeName>,
    /// Its billing group, which must exist.
    pub billing_group: Option<BillingGroupName>,
    /// Its attributes; an empty value is none.
    pub attributes: BTreeMap<AttributeName, String>,
}

/// What `UpdateThing` changes.
#[derive(Debug, Clone, Default)]
pub struct ThingUpdate {
    /// Attributes, and whether they are merged into what is there; an empty value removes.
    pub attributes: Option<(BTreeMap<AttributeName, String>, bool)>,
    /// The type.
    pub type_name: TypeUpdate,
    /// The version that the caller expects to change.
    pub expected_version: Option<i64>,
}

/// What becomes of a thing's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TypeUpdate {
    /// It stays.
    #[default]
    Keep,
    /// It becomes this one.
    Set(ThingTypeName),
    /// It goes.
    Remove,
}

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
    /// `CreateThing`; an equal one that exists is answered as it is, another is
    /// `ResourceAlreadyExists`.
    pub async fn create_thing(&self, new: NewThing, now: Instant) -> Result<Thing, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

    /// A thing by its name.
    pub async fn thing(&self, name: &ThingName) -> Result<Option<Thing>, StoreError> {
        self.read(|sql| find(sql, name)).await
    }

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

    /// `UpdateThing`.
    pub async fn update_thing(
        &self,
        name: ThingName,
        update: ThingUpdate,
    ) -> Result<(), StoreError> {
        self.write(move |sql| change(sql, name, update)).await
    }

    /// `DeleteThing`: never one with principals; a missing one is no error.
    pub async fn delete_thing(
        &self,
        name: ThingName,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, name, expected_version)).await
    }
}

/// A thing by its name.
pub(crate) fn find(sql: &Sql<'_>, name: &ThingName) -> Result<Option<Thing>, StoreError> {
    sql.one(
        "SELECT t.row_id, t.name, t.thing_id, y.name, b.name, t.attributes, t.version, t.created \
         FROM things t LEFT JOIN thing_types y ON y.row_id = t.type_row \
         LEFT JOIN billing_groups b ON b.row_id = t.billing_row WHERE t.name = $1",
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

fn check(
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

/// Inserts a thing whose name is free and whose attributes are checked.
pub(crate) fn insert(sql: &Sql<'_>, new: &NewThing, now: Instant) -> Result<ThingRow, StoreError> {
    let type_row = new.type_name.as_ref().map(|name| thing_types::usable(sql, name)).transpose()?;
    let billing =
        new.billing_group.as_ref().map(|name| billing_groups::require(sql, name)).transpose()?;
    let row = sql.insert(
        "INSERT INTO things (name, thing_id, type_row, billing_row, attributes, version, created) \
         VALUES ($1, $2, $3, $4, $5, 1, $6) RETURNING row_id",
        args![&new.name, &new.id, type_row, billing, &json(&new.attributes)?, now],
    )?;
    sql.changed(Change::Thing(new.name.clone()));
    Ok(ThingRow(row))
}

/// Gives a thing exactly these properties; a type that it had already may be deprecated by now.
pub(crate) fn set(
    sql: &Sql<'_>,
    existing: &Thing,
    type_name: Option<&ThingTypeName>,
    billing_group: Option<&BillingGroupName>,
    attributes: &BTreeMap<AttributeName, String>,
) -> Result<(), StoreError> {
    let type_row = match type_name {
        None => None,
        Some(name) if existing.type_name.as_ref() == Some(name) => {
            Some(thing_types::require(sql, name)?)
        }
        Some(name) => Some(thing_types::usable(sql, name)?),
    };
    let billing = billing_group.map(|name| billing_groups::require(sql, name)).transpose()?;
    sql.execute(
        "UPDATE things SET type_row = $1, billing_row = $2, attributes = $3, \
         version = version + 1 WHERE row_id = $4",
        args![type_row, billing, &json(attributes)?, existing.row],
    )?;
    sql.changed(Change::Thing(existing.name.clone()));
    Ok(())
}

fn create(sql: &Sql<'_>, mut new: NewThing, now: Instant) -> Result<Thing, StoreError> {
    new.attributes.retain(|_, value| !value.is_empty());
    if let Some(found) = find(sql, &new.name)? {
        let equal = found.type_name == new.type_name
            && found.billing_group == new.billing_group
            && found.attributes == new.attributes;
        if equal {
            return Ok(found);
        }
        let arn = sql.home.arn("thing", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    check(&new.name, &new.attributes, new.type_name.is_some())?;
    let row = insert(sql, &new, now)?;
    let NewThing { name, id, type_name, billing_group, attributes } = new;
    Ok(Thing { row, name, id, type_name, billing_group, attributes, version: 1, created: now })
}

fn change(sql: &Sql<'_>, name: ThingName, update: ThingUpdate) -> Result<(), StoreError> {
    let mut found = require(sql, &name)?;
    check_version("thing", name.as_str(), found.version, update.expected_version)?;
    let type_name = match update.type_name {
        TypeUpdate::Keep => found.type_name.clone(),
        TypeUpdate::Set(name) => Some(name),
        TypeUpdate::Remove => None,
    };
    let attributes = merged(std::mem::take(&mut found.attributes), update.attributes);
    check(&name, &attributes, type_name.is_some())?;
    set(sql, &found, type_name.as_ref(), found.billing_group.as_ref(), &attributes)
}

fn delete(sql: &Sql<'_>, name: ThingName, expected: Option<i64>) -> Result<(), StoreError> {
    let Some(found) = find(sql, &name)? else { return Ok(()) };
    check_version("thing", name.as_str(), found.version, expected)?;
    if sql
        .exists("SELECT 1 FROM thing_principals WHERE thing_row = $1 LIMIT 1", args![found.row])?
    {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!("Cannot delete. Thing {name} is still attached to one or more principals"),
        ));
    }
    sql.execute("DELETE FROM thing_group_members WHERE thing_row = $1", args![found.row])?;
    sql.execute("DELETE FROM things WHERE row_id = $1", args![found.row])?;
    sql.changed(Change::Thing(name));
    Ok(())
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
            "SELECT t.row_id, t.name, t.thing_id, y.name, b.name, t.attributes, t.version, \
             t.created FROM things t LEFT JOIN thing_types y ON y.row_id = t.type_row \
             LEFT JOIN billing_groups b ON b.row_id = t.billing_row \
             WHERE t.name > $1 ORDER BY t.name LIMIT $2",
            args![after, scanned + 1],
            read_thing,
        ),
        Some(type_name) => sql.all(
            "SELECT t.row_id, t.name, t.thing_id, y.name, b.name, t.attributes, t.version, \
             t.created FROM thing_types y JOIN things t ON t.type_row = y.row_id \
             LEFT JOIN billing_groups b ON b.row_id = t.billing_row \
             WHERE y.name = $1 AND t.name > $2 ORDER BY t.name LIMIT $3",
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

fn read_thing(row: &Row<'_>) -> Result<Thing, StoreError> {
    Ok(Thing {
        row: row.get(0)?,
        name: row.get(1)?,
        id: row.get(2)?,
        type_name: row.get(3)?,
        billing_group: row.get(4)?,
        attributes: row.get(5)?,
        version: row.get(6)?,
        created: row.get(7)?,
    })
}
