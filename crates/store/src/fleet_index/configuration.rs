//! What is indexed.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{
    CustomField, FieldType, GroupIndexing, IndexingConfiguration, ThingIndexing, ThingIndexingMode,
};

use super::follow;
use crate::sql::{Sql, args, json};
use crate::{Change, Store, StoreError};

impl Store {
    /// `GetIndexingConfiguration`
    pub async fn indexing_configuration(&self) -> Result<IndexingConfiguration, StoreError> {
        self.read(read).await
    }

    /// `UpdateIndexingConfiguration`: each part that is given replaces what is there.
    ///
    /// # Errors
    /// `InvalidRequest` when the parts do not go together, or things are to be indexed no more
    /// while there are dynamic groups.
    pub async fn update_indexing_configuration(
        &self,
        things: Option<ThingIndexing>,
        groups: Option<GroupIndexing>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| update(sql, things, groups)).await
    }
}

/// The configuration; everything is off until it is switched on.
pub(crate) fn read(sql: &Sql<'_>) -> Result<IndexingConfiguration, StoreError> {
    let found = sql.one(
        "SELECT thing_mode, connectivity, shadow_names, thing_fields, socket_information, \
         groups_on, group_fields FROM indexing_configuration WHERE row_id = 1",
        &[],
        |row| {
            let things = ThingIndexing {
                mode: ThingIndexingMode::parse(&row.get::<String>("thing_mode")?)
                    .unwrap_or_default(),
                connectivity: row.get("connectivity")?,
                shadow_names: row.get("shadow_names")?,
                custom_fields: fields(&row.get::<Vec<String>>("thing_fields")?),
                socket_information: row.get("socket_information")?,
            };
            let custom_fields = fields(&row.get::<Vec<String>>("group_fields")?);
            Ok(IndexingConfiguration {
                things,
                groups: GroupIndexing { on: row.get("groups_on")?, custom_fields },
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Kept as `Type name`.
fn fields(texts: &[String]) -> Vec<CustomField> {
    let field = |text: &String| {
        let (kind, name) = text.split_once(' ')?;
        Some(CustomField { name: name.to_owned(), kind: FieldType::parse(kind)? })
    };
    texts.iter().filter_map(field).collect()
}

fn texts(fields: &[CustomField]) -> Result<String, StoreError> {
    let text = |field: &CustomField| format!("{} {}", field.kind.as_str(), field.name);
    json(&fields.iter().map(text).collect::<Vec<_>>())
}

fn update(
    sql: &Sql<'_>,
    things: Option<ThingIndexing>,
    groups: Option<GroupIndexing>,
) -> Result<(), StoreError> {
    let before = read(sql)?;
    let things = things.unwrap_or_else(|| before.things.clone());
    let groups = groups.unwrap_or(before.groups);
    things.check()?;
    groups.check()?;
    if !things.is_on()
        && sql.exists("SELECT 1 FROM thing_groups WHERE query IS NOT NULL LIMIT 1", &[])?
    {
        return Err(Refusal::new(
            ErrorCode::InvalidRequest,
            "Things must stay indexed while there are dynamic thing groups; delete these first.",
        )
        .into());
    }
    let names = things.shadow_names.as_ref().map(json).transpose()?;
    sql.execute(
        "UPDATE indexing_configuration SET thing_mode = $1, connectivity = $2, \
         shadow_names = $3, thing_fields = $4, socket_information = $5, groups_on = $6, \
         group_fields = $7 WHERE row_id = 1",
        args![
            things.mode.as_str(),
            things.connectivity,
            names.as_ref(),
            &texts(&things.custom_fields)?,
            things.socket_information,
            groups.on,
            &texts(&groups.custom_fields)?
        ],
    )?;
    if things.connectivity != before.things.connectivity {
        if !things.connectivity {
            sql.execute("DELETE FROM thing_connectivity", &[])?;
        }
        follow::begin_filling_all(sql)?;
        sql.changed(Change::ConnectivityIndexing(things.connectivity));
    }
    Ok(())
}
