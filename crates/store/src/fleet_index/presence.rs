//! Who is connected, as the gateway tells it, while connectivity is indexed. Only clients that are
//! named like a thing are kept (AWS: guide, "Device connectivity status queries").

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::ThingName;
use fleetwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::configuration;
use super::follow::mark;
use crate::sql::{Sql, args, json};
use crate::{Store, StoreError, ThingRow, things};

/// What a device's connection is or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Rises with each connection of the gateway, over restarts too.
    pub turn: i64,
    /// Whether it is connected.
    pub connected: bool,
    /// Since when, or since when not.
    pub since: Timestamp,
    /// AWS's `disconnectReason`; `None` while it is connected.
    pub reason: Option<String>,
    /// The connection, while and after it was there.
    pub connection: Option<ConnectionFacts>,
}

/// What is told of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionFacts {
    /// Seconds of its keep-alive, as the client asked.
    pub keep_alive: u16,
    /// Where it comes from: address and port.
    pub source: (String, u16),
    /// Where it came in: address and port.
    pub target: Option<(String, u16)>,
    /// Seconds that its session outlives it.
    #[serde(default)]
    pub session_expiry: u32,
    /// Whether it ended an earlier session.
    #[serde(default = "clean")]
    pub clean: bool,
}

/// What was noted before sessions were kept.
fn clean() -> bool {
    true
}

impl Store {
    /// Notes for clients that they came or went; those without a thing of their name are left
    /// out, and all of them while connectivity is not indexed.
    pub async fn record_presence(&self, seen: Vec<(String, Presence)>) -> Result<(), StoreError> {
        self.write(move |sql| {
            if !configuration(sql)?.things.connectivity {
                return Ok(());
            }
            seen.iter().try_for_each(|(client, presence)| record(sql, client, presence))
        })
        .await
    }

    /// Nobody is connected to a server that starts.
    pub async fn forget_connections(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |sql| {
            mark(sql, "SELECT thing_row FROM thing_connectivity WHERE connected = 1", &[])?;
            sql.execute(
                "UPDATE thing_connectivity SET connected = 0, since = $1, reason = 'SERVER_ERROR' \
                 WHERE connected = 1",
                args![now],
            )?;
            Ok(())
        })
        .await
    }

    /// Whether a thing is connected; `None` when it never was while connectivity was indexed.
    ///
    /// # Errors
    /// `IndexNotReady` when connectivity is not indexed; `ResourceNotFound` without the thing.
    pub async fn presence(&self, name: &ThingName) -> Result<Option<Presence>, StoreError> {
        self.snapshot(|sql| {
            if !configuration(sql)?.things.connectivity {
                return Err(StoreError::refused(
                    ErrorCode::IndexNotReady,
                    "Connectivity is not indexed; set thingConnectivityIndexingMode to STATUS \
                     with UpdateIndexingConfiguration.",
                ));
            }
            find(sql, name)
        })
        .await
    }
}

fn record(sql: &Sql<'_>, client: &str, presence: &Presence) -> Result<(), StoreError> {
    let connection = presence.connection.as_ref().map(json).transpose()?;
    let changed: Vec<ThingRow> = sql.all(
        "INSERT INTO thing_connectivity (turn, connected, since, reason, connection, thing_row) \
         SELECT $1, $2, $3, $4, $5, row_id FROM things WHERE name = $6 \
         ON CONFLICT (thing_row) DO UPDATE SET turn = excluded.turn, \
         connected = excluded.connected, since = excluded.since, reason = excluded.reason, \
         connection = COALESCE(excluded.connection, thing_connectivity.connection) \
         WHERE excluded.turn > thing_connectivity.turn OR (excluded.turn = \
         thing_connectivity.turn AND excluded.connected < thing_connectivity.connected) \
         RETURNING thing_row",
        args![
            presence.turn,
            presence.connected,
            presence.since,
            presence.reason.as_ref(),
            connection.as_ref(),
            client
        ],
        |row| row.get("thing_row"),
    )?;
    changed.into_iter().for_each(|thing| sql.stale(thing));
    Ok(())
}

fn find(sql: &Sql<'_>, name: &ThingName) -> Result<Option<Presence>, StoreError> {
    let thing = things::require(sql, name)?.row;
    sql.one(
        "SELECT connected, since, reason, connection, turn FROM thing_connectivity WHERE thing_row = $1",
        args![thing],
        |row| {
            let connection: Option<String> = row.get("connection")?;
            let connection = connection.map(|text| serde_json::from_str(&text)).transpose();
            Ok(Presence {
                turn: row.get("turn")?,
                connected: row.get("connected")?,
                since: row.get("since")?,
                reason: row.get("reason")?,
                connection: connection.map_err(|error| StoreError::Corrupt(error.to_string()))?,
            })
        },
    )
}
