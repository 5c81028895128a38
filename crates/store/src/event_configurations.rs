//! Which kinds of events are published.

use std::collections::BTreeMap;

use fleetwright_core::event::EventType;
use fleetwright_core::time::Timestamp;

use crate::sql::args;
use crate::{Store, StoreError};

/// The kinds of events with whether each is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventConfigurations {
    /// Every kind that was ever set.
    pub enabled: BTreeMap<EventType, bool>,
    /// When a kind was first set.
    pub created: Option<Timestamp>,
    /// When a kind was last set.
    pub modified: Option<Timestamp>,
}

impl Store {
    /// `DescribeEventConfigurations`
    pub async fn event_configurations(&self) -> Result<EventConfigurations, StoreError> {
        let rows: Vec<(String, bool, Timestamp, Timestamp)> = self
            .read(|sql| {
                sql.all(
                    "SELECT kind, enabled, created, modified FROM event_configurations",
                    &[],
                    |row| {
                        Ok((
                            row.get("kind")?,
                            row.get("enabled")?,
                            row.get("created")?,
                            row.get("modified")?,
                        ))
                    },
                )
            })
            .await?;
        let known = rows.iter().filter_map(|(kind, on, ..)| Some((EventType::parse(kind)?, *on)));
        Ok(EventConfigurations {
            enabled: known.collect(),
            created: rows.iter().map(|row| row.2).min_by_key(|at| at.0),
            modified: rows.iter().map(|row| row.3).max_by_key(|at| at.0),
        })
    }

    /// `UpdateEventConfigurations`: the kinds that are named; the others stay.
    pub async fn update_event_configurations(
        &self,
        enabled: BTreeMap<EventType, bool>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            for (kind, on) in &enabled {
                sql.execute(
                    "INSERT INTO event_configurations (kind, enabled, created, modified) \
                     VALUES ($1, $2, $3, $3) ON CONFLICT (kind) \
                     DO UPDATE SET enabled = excluded.enabled, modified = excluded.modified",
                    args![kind.as_str(), *on, now],
                )?;
            }
            sql.noted().published = None;
            Ok(())
        })
        .await
    }
}
