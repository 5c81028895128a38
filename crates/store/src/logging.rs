//! What is logged of devices.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::logging::{LogLevel, TARGETS};

use crate::sql::{Row, Sql, args, json};
use crate::{Change, Page, Store, StoreError, page};

/// The level of a kind of events: its type, level and destination.
pub type EventLevel = (String, Option<String>, Option<String>);

/// The options of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggingOptions {
    /// The role that AWS IoT would write logs with.
    pub role_arn: Option<String>,
    /// The level of everything that has none of its own.
    pub level: LogLevel,
    /// Whether nothing is logged at all.
    pub is_disabled: bool,
    /// Levels and destinations of kinds of events.
    pub events: Vec<EventLevel>,
}

/// What is to change of the options; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggingChange {
    /// As in [`LoggingOptions`].
    pub role_arn: Option<String>,
    /// As in [`LoggingOptions`].
    pub level: Option<LogLevel>,
    /// As in [`LoggingOptions`].
    pub is_disabled: Option<bool>,
    /// As in [`LoggingOptions`].
    pub events: Option<Vec<EventLevel>>,
}

impl LoggingOptions {
    /// The options after a change; before anything was set the level is `INFO`.
    fn changed(before: Option<Self>, change: LoggingChange) -> Self {
        let before = before.unwrap_or(Self {
            role_arn: None,
            level: LogLevel::Info,
            is_disabled: false,
            events: Vec::new(),
        });
        Self {
            role_arn: change.role_arn.or(before.role_arn),
            level: change.level.unwrap_or(before.level),
            is_disabled: change.is_disabled.unwrap_or(before.is_disabled),
            events: change.events.unwrap_or(before.events),
        }
    }

    /// The level that is in force.
    pub fn in_force(&self) -> LogLevel {
        if self.is_disabled { LogLevel::Disabled } else { self.level }
    }
}

/// The level of a single target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLevel {
    /// `THING_GROUP`, `CLIENT_ID`, `SOURCE_IP` or `PRINCIPAL_ID`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: LogLevel,
}

impl Store {
    /// `GetV2LoggingOptions`; `None` before anything was set.
    pub async fn logging_options(&self) -> Result<Option<LoggingOptions>, StoreError> {
        self.read(options).await
    }

    /// `SetV2LoggingOptions`, and what else changes the options: two changes of different members
    /// at once are both kept.
    pub async fn change_logging_options(&self, change: LoggingChange) -> Result<(), StoreError> {
        self.write(move |sql| {
            let options = LoggingOptions::changed(options(sql)?, change);
            let LoggingOptions { role_arn, level, is_disabled, events } = &options;
            sql.execute(
                "INSERT INTO logging_options (row_id, role_arn, level, is_disabled, events) \
                 VALUES (1, $1, $2, $3, $4) ON CONFLICT (row_id) DO UPDATE SET \
                 role_arn = excluded.role_arn, level = excluded.level, \
                 is_disabled = excluded.is_disabled, events = excluded.events",
                args![role_arn.as_deref(), level.as_str(), *is_disabled, &json(events)?],
            )?;
            sql.changed(Change::Logging(options.in_force()));
            Ok(())
        })
        .await
    }

    /// `SetV2LoggingLevel`.
    pub async fn set_logging_level(&self, target: TargetLevel) -> Result<(), StoreError> {
        self.write(move |sql| {
            let TargetLevel { kind, name, level } = &target;
            sql.execute(
                "INSERT INTO logging_levels (target_type, target_name, level) VALUES ($1, $2, $3) \
                 ON CONFLICT (target_type, target_name) DO UPDATE SET level = excluded.level",
                args![kind, name, level.as_str()],
            )?;
            if sql.count("SELECT count(*) FROM logging_levels", args![])? > TARGETS {
                return Err(StoreError::refused(
                    ErrorCode::LimitExceeded,
                    format!("There are {TARGETS} targets with a level, the most allowed."),
                ));
            }
            Ok(())
        })
        .await
    }

    /// `DeleteV2LoggingLevel`; a target without a level is no error.
    pub async fn delete_logging_level(&self, kind: String, name: String) -> Result<(), StoreError> {
        self.write(move |sql| {
            sql.execute(
                "DELETE FROM logging_levels WHERE target_type = $1 AND target_name = $2",
                args![&kind, &name],
            )?;
            Ok(())
        })
        .await
    }

    /// `ListV2LoggingLevels` of targets of a kind, or of all, by kind and name.
    pub async fn logging_levels(
        &self,
        kind: Option<&str>,
        after: Option<(String, String)>,
        limit: usize,
    ) -> Result<Page<TargetLevel, (String, String)>, StoreError> {
        let size = page::size(limit);
        let (after_kind, after_name) = after.unwrap_or_default();
        let kind = kind.unwrap_or_default();
        let items = self
            .read(|sql| {
                sql.all(
                    "SELECT target_type, target_name, level FROM logging_levels \
                     WHERE (target_type > $1 OR (target_type = $1 AND target_name > $2)) \
                     AND ($3 = '' OR target_type = $3) \
                     ORDER BY target_type, target_name LIMIT $4",
                    args![&after_kind, &after_name, kind, size + 1],
                    target,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| (item.kind.clone(), item.name.clone())))
    }
}

fn options(sql: &Sql<'_>) -> Result<Option<LoggingOptions>, StoreError> {
    sql.one(
        "SELECT role_arn, level, is_disabled, events FROM logging_options WHERE row_id = 1",
        args![],
        |row| {
            let events: String = row.get("events")?;
            Ok(LoggingOptions {
                role_arn: row.get("role_arn")?,
                level: level(row)?,
                is_disabled: row.get("is_disabled")?,
                events: serde_json::from_str(&events)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?,
            })
        },
    )
}

fn target(row: &Row<'_>) -> Result<TargetLevel, StoreError> {
    Ok(TargetLevel {
        kind: row.get("target_type")?,
        name: row.get("target_name")?,
        level: level(row)?,
    })
}

fn level(row: &Row<'_>) -> Result<LogLevel, StoreError> {
    let word: String = row.get("level")?;
    LogLevel::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("log level {word}")))
}
