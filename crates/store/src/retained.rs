//! Retained messages: one per topic, until it is replaced, removed or runs out.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sql::{Cell, Column, Row, Sql, args, json};
use crate::{CertificateRow, Page, Store, StoreError, claims};

/// A retained message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetainedMessage {
    /// Its topic.
    pub topic: String,
    /// Its payload; never empty.
    pub payload: Vec<u8>,
    /// The QoS that it was published with, 0 or 1.
    pub qos: u32,
    /// When it was published.
    pub modified: Timestamp,
    /// The first instant at which it is gone.
    pub until: Option<Timestamp>,
    /// Its MQTT 5 properties.
    pub properties: Option<RetainedProperties>,
}

/// MQTT 5 properties of a retained message; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetainedProperties {
    /// Payload Format Indicator.
    pub payload_is_utf8: Option<bool>,
    /// Content Type.
    pub content_type: Option<String>,
    /// Response Topic.
    pub response_topic: Option<String>,
    /// Correlation Data.
    pub correlation_data: Option<Vec<u8>>,
    /// User Properties in their order.
    pub user_properties: Vec<(String, String)>,
}

/// What a listing tells of a retained message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetainedSummary {
    /// Its topic.
    pub topic: String,
    /// Bytes of its payload.
    pub payload_size: i64,
    /// The QoS that it was published with.
    pub qos: u32,
    /// When it was published.
    pub modified: Timestamp,
}

impl Column for RetainedProperties {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }
}

impl Store {
    /// Keeps a message in place of the topic's earlier one; at most
    /// [`limits::RETAINED_MESSAGES`]. `by` is the certificate of the connection that published it,
    /// if one did: `AccessDenied` when that is not `ACTIVE` any more.
    pub async fn retain(
        &self,
        message: RetainedMessage,
        by: Option<CertificateRow>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            if let Some(by) = by {
                claims::check(sql, by, message.modified)?;
            }
            let is_new = !sql.exists(
                "SELECT 1 FROM retained_messages WHERE topic = $1",
                args![&message.topic],
            )?;
            if is_new && count(sql, 1)? > limits::RETAINED_MESSAGES {
                return Err(StoreError::refused(
                    ErrorCode::LimitExceeded,
                    format!(
                        "There are {} retained messages, the most that are kept; remove one by \
                         publishing an empty payload with RETAIN to its topic.",
                        limits::RETAINED_MESSAGES
                    ),
                ));
            }
            sql.execute(
                "INSERT INTO retained_messages (topic, payload, qos, modified, until, properties) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (topic) DO UPDATE SET \
                 payload = excluded.payload, qos = excluded.qos, modified = excluded.modified, \
                 until = excluded.until, properties = excluded.properties",
                args![
                    &message.topic,
                    &message.payload,
                    message.qos,
                    message.modified,
                    message.until,
                    message.properties.as_ref().map(json).transpose()?.as_ref()
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Removes a topic's message; none is no error.
    /// `by` and `now` as in [`Self::retain`].
    pub async fn forget_retained(
        &self,
        topic: &str,
        by: Option<CertificateRow>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let topic = topic.to_owned();
        self.write(move |sql| {
            if let Some(by) = by {
                claims::check(sql, by, now)?;
            }
            let gone =
                sql.execute("DELETE FROM retained_messages WHERE topic = $1", args![&topic])?;
            if gone > 0 { count(sql, -1).map(|_| ()) } else { Ok(()) }
        })
        .await
    }

    /// A topic's message, unless it has run out.
    pub async fn retained(
        &self,
        topic: &str,
        now: Timestamp,
    ) -> Result<Option<RetainedMessage>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT topic, payload, qos, modified, until, properties FROM retained_messages \
                 WHERE topic = $1 AND (until IS NULL OR until > $2)",
                args![topic, now],
                read_message,
            )
        })
        .await
    }

    /// `ListRetainedMessages`, by topic, without those that have run out.
    pub async fn list_retained(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<RetainedSummary>, StoreError> {
        let size = limit.clamp(1, limits::RETAINED_PAGE);
        let items = self
            .read(|sql| {
                sql.all(
                    "SELECT topic, length(payload) AS payload_size, qos, modified FROM retained_messages \
                     WHERE topic > $1 AND (until IS NULL OR until > $2) ORDER BY topic LIMIT $3",
                    args![after.unwrap_or_default(), now, size + 1],
                    read_summary,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.topic.clone()))
    }

    /// Deletes messages that have run out, at most `limit`; answers how many.
    pub async fn purge_retained(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |sql| {
            let gone = sql.execute(
                "DELETE FROM retained_messages WHERE row_id IN \
                 (SELECT row_id FROM retained_messages WHERE until <= $1 LIMIT $2)",
                args![now, limit],
            )?;
            if gone > 0 {
                count(sql, -i64::try_from(gone).unwrap_or(i64::MAX))?;
            }
            Ok(gone)
        })
        .await
    }
}

/// Changes the number of messages; answers what it is then.
fn count(sql: &Sql<'_>, by: i64) -> Result<usize, StoreError> {
    sql.execute("UPDATE retained_total SET total = total + $1", args![by])?;
    sql.count("SELECT total FROM retained_total", args![])
}

fn read_message(row: &Row<'_>) -> Result<RetainedMessage, StoreError> {
    Ok(RetainedMessage {
        topic: row.get("topic")?,
        payload: row.get("payload")?,
        qos: row.get("qos")?,
        modified: row.get("modified")?,
        until: row.get("until")?,
        properties: row.get("properties")?,
    })
}

fn read_summary(row: &Row<'_>) -> Result<RetainedSummary, StoreError> {
    Ok(RetainedSummary {
        topic: row.get("topic")?,
        payload_size: row.get("payload_size")?,
        qos: row.get("qos")?,
        modified: row.get("modified")?,
    })
}
