//! Billing groups: flat; a thing is in one at most.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::{BillingGroupName, ThingName};
use fleetwright_core::time::Timestamp;

use crate::event::EventOperation;
use crate::sql::{Row, Sql, args};
use crate::{Change, Page, Store, StoreError, Thing, Uuid, fleet_index, page, tags, things};

/// A billing group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingGroup {
    /// Its name.
    pub name: BillingGroupName,
    /// `billingGroupId`
    pub id: Uuid,
    /// Its description.
    pub description: Option<String>,
    /// 1, and one more per change.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
}

/// A billing group to make.
#[derive(Debug, Clone)]
pub struct NewBillingGroup {
    /// Its name.
    pub name: BillingGroupName,
    /// `billingGroupId`, for a new one.
    pub id: Uuid,
    /// Its description.
    pub description: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Store {
    /// `CreateBillingGroup`; an equal one that exists is answered as it is.
    pub async fn create_billing_group(
        &self,
        new: NewBillingGroup,
        now: Timestamp,
    ) -> Result<BillingGroup, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

    /// A billing group by its name.
    pub async fn billing_group(
        &self,
        name: &BillingGroupName,
    ) -> Result<Option<BillingGroup>, StoreError> {
        self.read(|sql| billing_group(sql, name)).await
    }

    /// `ListBillingGroups`, by name.
    pub async fn list_billing_groups(
        &self,
        after: Option<BillingGroupName>,
        limit: usize,
        prefix: &str,
    ) -> Result<Page<BillingGroupName, BillingGroupName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", BillingGroupName::as_str).to_owned();
        let items = self
            .read(|sql| {
                sql.all(
                    "SELECT name FROM billing_groups WHERE name > $1 AND name >= $2 AND name < $3 \
                     ORDER BY name LIMIT $4",
                    args![&after, prefix, &page::after_prefix(prefix), size + 1],
                    |row| row.value(),
                )
            })
            .await?;
        Ok(Page::cut(items, size, BillingGroupName::clone))
    }

    /// `UpdateBillingGroup`: the description; answers the new version.
    pub async fn update_billing_group(
        &self,
        name: BillingGroupName,
        description: Option<String>,
        expected_version: Option<i64>,
    ) -> Result<i64, StoreError> {
        self.write(move |sql| {
            let found = billing_group(sql, &name)?.ok_or_else(|| not_found(&name))?;
            things::check_version("billing group", name.as_str(), found.version, expected_version)?;
            sql.execute(
                "UPDATE billing_groups SET description = $1, version = version + 1 WHERE name = $2",
                args![description.as_ref(), &name],
            )?;
            Ok(found.version + 1)
        })
        .await
    }

    /// `DeleteBillingGroup`: its things stay, without one; a missing one is no error.
    pub async fn delete_billing_group(
        &self,
        name: BillingGroupName,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let Some(found) = billing_group(sql, &name)? else { return Ok(()) };
            things::check_version("billing group", name.as_str(), found.version, expected_version)?;
            let row = require(sql, &name)?;
            fleet_index::mark(sql, "SELECT row_id FROM things WHERE billing_row = $1", args![row])?;
            sql.execute("UPDATE things SET billing_row = NULL WHERE billing_row = $1", args![row])?;
            sql.execute("DELETE FROM billing_groups WHERE row_id = $1", args![row])?;
            tags::remove(sql, "billing_group", row)
        })
        .await
    }

    /// `AddThingToBillingGroup`: from no group or from another one; there already changes
    /// nothing.
    pub async fn add_thing_to_billing_group(
        &self,
        thing: ThingName,
        group: BillingGroupName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = things::require(sql, &thing)?;
            let row = require(sql, &group)?;
            if found.billing_group == Some(group) {
                return Ok(());
            }
            set_row(sql, found, Some(row))
        })
        .await
    }

    /// `RemoveThingFromBillingGroup`: from `group`, or from the one it is in; not there is no
    /// error.
    pub async fn remove_thing_from_billing_group(
        &self,
        thing: ThingName,
        group: Option<BillingGroupName>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = things::require(sql, &thing)?;
            if let Some(group) = &group {
                require(sql, group)?;
            }
            match &found.billing_group {
                Some(current) if group.is_none_or(|group| group == *current) => {
                    set_row(sql, found, None)
                }
                _ => Ok(()),
            }
        })
        .await
    }

    /// `ListThingsInBillingGroup`, by name.
    pub async fn things_in_billing_group(
        &self,
        group: &BillingGroupName,
        after: Option<ThingName>,
        limit: usize,
    ) -> Result<Page<ThingName, ThingName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", ThingName::as_str).to_owned();
        let items = self
            .snapshot(|sql| {
                sql.all(
                    "SELECT name FROM things WHERE billing_row = $1 AND name > $2 \
                     ORDER BY name LIMIT $3",
                    args![require(sql, group)?, &after, size + 1],
                    |row| row.value(),
                )
            })
            .await?;
        Ok(Page::cut(items, size, ThingName::clone))
    }
}

fn set_row(sql: &Sql<'_>, thing: Thing, row: Option<i64>) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE things SET billing_row = $1, version = version + 1 WHERE row_id = $2",
        args![row, thing.row],
    )?;
    let changed = Thing { version: thing.version + 1, ..thing };
    things::note_changed(sql, &changed, EventOperation::Updated)?;
    sql.stale(changed.row);
    sql.changed(Change::Thing(changed.name));
    Ok(())
}

/// The row of a billing group, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &BillingGroupName) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM billing_groups WHERE name = $1", args![name], |row| row.value())?
        .ok_or_else(|| not_found(name))
}

fn not_found(name: &BillingGroupName) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Billing group not found: {name}"))
}

fn billing_group(
    sql: &Sql<'_>,
    name: &BillingGroupName,
) -> Result<Option<BillingGroup>, StoreError> {
    sql.one(
        "SELECT name, group_id, description, version, created FROM billing_groups WHERE name = $1",
        args![name],
        read_group,
    )
}

fn create(sql: &Sql<'_>, new: NewBillingGroup, now: Timestamp) -> Result<BillingGroup, StoreError> {
    if let Some(found) = billing_group(sql, &new.name)? {
        if found.description == new.description {
            return Ok(found);
        }
        let arn = sql.scope.arn("billinggroup", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Billing group {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    let row = sql.insert(
        "INSERT INTO billing_groups (name, group_id, description, version, created) \
         VALUES ($1, $2, $3, 1, $4) RETURNING row_id",
        args![&new.name, &new.id, new.description.as_ref(), now],
    )?;
    tags::put(sql, "billing_group", row, &new.tags)?;
    let NewBillingGroup { name, id, description, .. } = new;
    Ok(BillingGroup { name, id, description, version: 1, created: now })
}

fn read_group(row: &Row<'_>) -> Result<BillingGroup, StoreError> {
    Ok(BillingGroup {
        name: row.get("name")?,
        id: row.get("group_id")?,
        description: row.get("description")?,
        version: row.get("version")?,
        created: row.get("created")?,
    })
}
