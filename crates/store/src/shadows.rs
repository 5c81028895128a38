//! Device shadows: a document each, read, changed and written in one transaction.

use fleetwright_core::shadow::{
    Shadow, ShadowError, ShadowId, ShadowLimits, StoredShadow, Update, Updated,
};
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args};
use crate::{Page, Store, StoreError, ThingRow};

/// Milliseconds that the version of a deleted shadow is remembered. AWS: 48 hours.
const REMEMBERED: i64 = 48 * 60 * 60 * 1000;

/// An update and its bounds.
#[derive(Debug, Clone)]
pub struct ShadowUpdate {
    /// Of which shadow.
    pub shadow: ShadowId,
    /// What is asked.
    pub update: Update,
    /// How large it may be.
    pub limits: ShadowLimits,
    /// Named shadows that a thing may have.
    pub named: usize,
}

impl Store {
    /// A shadow, unless there is none.
    pub async fn shadow(&self, shadow: &ShadowId) -> Result<Option<Shadow>, StoreError> {
        self.read(|sql| Ok(find(sql, shadow, None)?.and_then(|found| found.alive()))).await
    }

    /// Makes an update; the inner error is for the asker, and nothing was changed.
    pub async fn update_shadow(
        &self,
        asked: ShadowUpdate,
        now: Timestamp,
    ) -> Result<Result<Updated, ShadowError>, StoreError> {
        self.write(move |sql| {
            let ShadowUpdate { shadow, update, limits, named } = asked;
            let found = find(sql, &shadow, Some(now))?;
            let deleted = found.as_ref().filter(|found| found.is_deleted).map(|it| it.version);
            let earlier = found.and_then(Found::alive);
            if earlier.is_none() && shadow.name.is_some() && count_named(sql, &shadow)? >= named {
                return Ok(Err(ShadowError::too_many(named)));
            }
            let updated = match update.apply(earlier.as_ref(), deleted, now, &limits) {
                Ok(updated) => updated,
                Err(refused) => return Ok(Err(refused)),
            };
            put(sql, &shadow, &updated.shadow.to_stored(), None)?;
            follow(sql, &shadow)?;
            Ok(Ok(updated))
        })
        .await
    }

    /// Deletes a shadow, of this version if one is named; gives the version that it had. Its name goes
    /// on counting for two days.
    pub async fn delete_shadow(
        &self,
        shadow: ShadowId,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<Result<u64, ShadowError>, StoreError> {
        self.write(move |sql| {
            let Some(found) = find(sql, &shadow, Some(now))?.and_then(Found::alive) else {
                return Ok(Err(ShadowError::absent(&shadow)));
            };
            if version.is_some_and(|version| version != found.version) {
                return Ok(Err(ShadowError::version_conflict()));
            }
            let nothing = StoredShadow {
                version: found.version.saturating_add(1),
                state: "{}".to_owned(),
                metadata: "{}".to_owned(),
            };
            put(sql, &shadow, &nothing, Some(now.plus_millis(REMEMBERED)))?;
            follow(sql, &shadow)?;
            Ok(Ok(found.version))
        })
        .await
    }

    /// The names of a thing's named shadows, in their order.
    pub async fn named_shadows(
        &self,
        thing: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<String>, StoreError> {
        let names = self
            .read(|sql| {
                sql.all(
                    "SELECT name FROM shadows WHERE thing = $1 AND name > $2 \
                     AND deleted_until IS NULL ORDER BY name LIMIT $3",
                    args![thing, after.unwrap_or_default(), limit + 1],
                    |row| row.value(),
                )
            })
            .await?;
        Ok(Page::cut(names, limit, Clone::clone))
    }

    /// Forgets deleted shadows whose time is over, at most `limit`; answers how many.
    pub async fn purge_shadows(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |sql| {
            let over: Vec<(String, String)> = sql.all(
                "SELECT thing, name FROM shadows WHERE deleted_until <= $1 LIMIT $2",
                args![now, limit],
                |row| Ok((row.get("thing")?, row.get("name")?)),
            )?;
            for (thing, name) in &over {
                sql.execute(
                    "DELETE FROM shadows WHERE thing = $1 AND name = $2",
                    args![thing, name],
                )?;
            }
            Ok(over.len())
        })
        .await
    }
}

/// The shadows of a thing, the classic one with an empty name.
pub(crate) fn all_of(sql: &Sql<'_>, thing: &str) -> Result<Vec<(String, Shadow)>, StoreError> {
    let found = sql.all(
        "SELECT name, version, state, metadata FROM shadows \
         WHERE thing = $1 AND deleted_until IS NULL ORDER BY name",
        args![thing],
        |row| Ok((row.get::<String>("name")?, read_stored(row)?)),
    )?;
    let read = |(name, stored): (String, StoredShadow)| {
        let shadow = Shadow::from_stored(&stored);
        shadow.map(|shadow| (name, shadow)).ok_or_else(|| unreadable(thing))
    };
    found.into_iter().map(read).collect()
}

/// The thing, if it is registered, may enter or leave dynamic groups.
fn follow(sql: &Sql<'_>, shadow: &ShadowId) -> Result<(), StoreError> {
    let thing: Option<ThingRow> = sql.one(
        "SELECT row_id FROM things WHERE name = $1",
        args![shadow.thing.as_str()],
        |row| row.value(),
    )?;
    if let Some(thing) = thing {
        sql.stale(thing);
    }
    Ok(())
}

fn unreadable(shadow: &str) -> StoreError {
    StoreError::Corrupt(format!("a shadow of {shadow} cannot be read"))
}

/// A row: a shadow, or what is remembered of one.
struct Found {
    is_deleted: bool,
    version: u64,
    shadow: Shadow,
}

impl Found {
    fn alive(self) -> Option<Shadow> {
        (!self.is_deleted).then_some(self.shadow)
    }
}

fn name(shadow: &ShadowId) -> &str {
    shadow.name.as_ref().map_or("", |name| name.as_str())
}

/// `now`: one that was deleted too long ago is none.
fn find(
    sql: &Sql<'_>,
    shadow: &ShadowId,
    now: Option<Timestamp>,
) -> Result<Option<Found>, StoreError> {
    let found = sql.one(
        "SELECT version, state, metadata, deleted_until FROM shadows WHERE thing = $1 AND name = $2",
        args![shadow.thing.as_str(), name(shadow)],
        |row| Ok((read_stored(row)?, row.get::<Option<Timestamp>>("deleted_until")?)),
    )?;
    let Some((stored, deleted_until)) = found else { return Ok(None) };
    if let (Some(until), Some(now)) = (deleted_until, now)
        && until <= now
    {
        return Ok(None);
    }
    let read = Shadow::from_stored(&stored).ok_or_else(|| unreadable(shadow.thing.as_str()))?;
    Ok(Some(Found { is_deleted: deleted_until.is_some(), version: stored.version, shadow: read }))
}

fn read_stored(row: &Row<'_>) -> Result<StoredShadow, StoreError> {
    let version: i64 = row.get("version")?;
    Ok(StoredShadow {
        version: u64::try_from(version).unwrap_or_default(),
        state: row.get("state")?,
        metadata: row.get("metadata")?,
    })
}

fn put(
    sql: &Sql<'_>,
    shadow: &ShadowId,
    stored: &StoredShadow,
    deleted_until: Option<Timestamp>,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO shadows (thing, name, version, state, metadata, deleted_until) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (thing, name) DO UPDATE SET \
         version = excluded.version, state = excluded.state, metadata = excluded.metadata, \
         deleted_until = excluded.deleted_until",
        args![
            shadow.thing.as_str(),
            name(shadow),
            i64::try_from(stored.version).unwrap_or(i64::MAX),
            &stored.state,
            &stored.metadata,
            deleted_until
        ],
    )?;
    Ok(())
}

fn count_named(sql: &Sql<'_>, shadow: &ShadowId) -> Result<usize, StoreError> {
    sql.count(
        "SELECT count(*) FROM shadows WHERE thing = $1 AND name <> '' AND deleted_until IS NULL",
        args![shadow.thing.as_str()],
    )
}
