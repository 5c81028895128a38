//! What is queued for sessions: each message once, and a row for each queue that holds it.

use fleetwright_core::time::Timestamp;

use crate::retained::RetainedProperties;
use crate::sql::{Row, Sql, args, json};
use crate::{CertificateRow, Store, StoreError, claims};

/// In place of a protocol level: the row is a group's queue, not a session.
pub(super) const GROUP: u32 = 0;

/// A message that is to wait for sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageToQueue {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Its MQTT 5 properties.
    pub properties: Option<RetainedProperties>,
    /// The first instant at which it is no longer sent.
    pub until: Option<Timestamp>,
    /// What it counts, bytes.
    pub bytes: usize,
}

/// A queue that a message goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// A session's client id, or the whole filter of a shared subscription whose group has its own.
    pub owner: String,
    /// The RETAIN flag of this copy.
    pub retain: bool,
}

/// How much of a queue is read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePage {
    /// Messages, at most.
    pub messages: usize,
    /// Bytes, as the messages count; the first message comes in any case.
    pub bytes: usize,
}

/// How much is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueBounds {
    /// Messages of one queue.
    pub messages: usize,
    /// Bytes of one queue.
    pub bytes: usize,
    /// Bytes of all queues, a message in several counted once.
    pub total_bytes: usize,
    /// What is dropped at the bound of a queue.
    pub when_full: WhenFull,
    /// Seconds that a group's queue is kept after its last message came.
    pub group_expiry: u32,
}

/// What is dropped from a full queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The message that comes.
    DropNewest,
    /// The messages that came first.
    DropOldest,
}

/// What became of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queued {
    /// Owners of queues that did not take it: full, or gone.
    pub refused: Vec<String>,
    /// Older messages that made room.
    pub dropped: usize,
}

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Rises with the order of arrival; above 0.
    pub number: i64,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Its MQTT 5 properties.
    pub properties: Option<RetainedProperties>,
    /// The first instant at which it is no longer sent.
    pub until: Option<Timestamp>,
    /// The RETAIN flag of this copy.
    pub retain: bool,
}

impl Store {
    /// Queues a message, durable when this returns. `by` is the certificate of the connection that
    /// published it, if one did: `AccessDenied` when that is not `ACTIVE` any more.
    pub async fn queue_message(
        &self,
        message: MessageToQueue,
        queues: Vec<Queue>,
        bounds: QueueBounds,
        by: Option<CertificateRow>,
        now: Timestamp,
    ) -> Result<Queued, StoreError> {
        self.write(move |sql| {
            if let Some(by) = by {
                claims::check(sql, by, now)?;
            }
            let mut queued = Queued::default();
            let in_all = sql.count("SELECT bytes FROM queued_total", args![])?;
            if in_all.saturating_add(message.bytes) > bounds.total_bytes {
                queued.refused = queues.into_iter().map(|queue| queue.owner).collect();
                return Ok(queued);
            }
            let mut taking = Vec::with_capacity(queues.len());
            for queue in queues {
                if queue.owner.starts_with('$') {
                    let until = now.plus_millis(i64::from(bounds.group_expiry) * 1000);
                    keep_group(sql, &queue.owner, until)?;
                }
                queued.dropped += make_room(sql, &queue.owner, message.bytes, &bounds)?;
                match takes(sql, &queue.owner, message.bytes, &bounds)? {
                    true => taking.push(queue),
                    false => queued.refused.push(queue.owner),
                }
            }
            if !taking.is_empty() {
                insert(sql, &message, &taking)?;
            }
            Ok(queued)
        })
        .await
    }

    /// Messages of a queue after a number, oldest first.
    pub async fn queued_messages(
        &self,
        owner: &str,
        after: i64,
        page: QueuePage,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        self.read(|sql| {
            let numbers = numbers_of(sql, owner, after, page)?;
            let Some((last, _)) = numbers.last() else { return Ok(Vec::new()) };
            sql.all(
                "SELECT m.number, m.topic, m.payload, m.properties, m.until, q.retain \
                 FROM session_queue q JOIN queued_messages m ON m.number = q.number \
                 WHERE q.client_id = $1 AND q.number > $2 AND q.number <= $3 ORDER BY q.number",
                args![owner, after, *last],
                read_message,
            )
        })
        .await
    }

    /// Takes messages out of a queue: acknowledged, expired or not to be received.
    pub async fn dequeue_messages(&self, owner: &str, numbers: Vec<i64>) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.write(move |sql| numbers.iter().try_for_each(|number| remove(sql, &owner, *number)))
            .await
    }

    /// Gives messages of a group's queue to one of its members, oldest first.
    pub async fn take_from_group(
        &self,
        group: &str,
        client_id: &str,
        page: QueuePage,
    ) -> Result<Vec<QueuedMessage>, StoreError> {
        let waiting = self
            .read(|sql| {
                sql.exists("SELECT 1 FROM session_queue WHERE client_id = $1", args![group])
            })
            .await?;
        if !waiting {
            return Ok(Vec::new());
        }
        let (group, client_id) = (group.to_owned(), client_id.to_owned());
        self.write(move |sql| {
            let mut taken = Vec::new();
            for (number, bytes) in numbers_of(sql, &group, 0, page)? {
                let message = sql.one(
                    "SELECT m.number, m.topic, m.payload, m.properties, m.until, q.retain \
                     FROM session_queue q JOIN queued_messages m ON m.number = q.number \
                     WHERE q.client_id = $1 AND q.number = $2",
                    args![&group, number],
                    read_message,
                )?;
                // Where the member has it already by another filter, once is enough.
                let moved = sql.execute(
                    "UPDATE session_queue SET client_id = $1 WHERE client_id = $2 AND number = $3 \
                     AND NOT EXISTS (SELECT 1 FROM session_queue o \
                     WHERE o.client_id = $1 AND o.number = $3)",
                    args![&client_id, &group, number],
                )?;
                if moved == 0 {
                    remove(sql, &group, number)?;
                    continue;
                }
                count(sql, &group, -1, -bytes)?;
                count(sql, &client_id, 1, bytes)?;
                taken.extend(message);
            }
            Ok(taken)
        })
        .await
    }
}

/// The messages of a page, by number, and what each counts.
fn numbers_of(
    sql: &Sql<'_>,
    owner: &str,
    after: i64,
    page: QueuePage,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut numbers = sql.all(
        "SELECT q.number, m.bytes \
         FROM session_queue q JOIN queued_messages m ON m.number = q.number \
         WHERE q.client_id = $1 AND q.number > $2 ORDER BY q.number LIMIT $3",
        args![owner, after, page.messages],
        |row| Ok((row.get::<i64>("number")?, row.get::<i64>("bytes")?)),
    )?;
    let mut left = i64::try_from(page.bytes).unwrap_or(i64::MAX);
    let fits = numbers.iter().take_while(|(_, bytes)| {
        left = left.saturating_sub(*bytes);
        left >= 0
    });
    let fits = fits.count().max(1);
    numbers.truncate(fits);
    Ok(numbers)
}

fn read_message(row: &Row<'_>) -> Result<QueuedMessage, StoreError> {
    Ok(QueuedMessage {
        number: row.get("number")?,
        topic: row.get("topic")?,
        payload: row.get("payload")?,
        properties: row.get("properties")?,
        until: row.get("until")?,
        retain: row.get("retain")?,
    })
}

/// Makes a group's queue, or keeps it longer.
fn keep_group(sql: &Sql<'_>, group: &str, until: Timestamp) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO sessions \
         (client_id, epoch, protocol_level, expiry, until, sent_to, messages, bytes) \
         VALUES ($1, 0, $2, 0, $3, 0, 0, 0) \
         ON CONFLICT (client_id) DO UPDATE SET until = excluded.until",
        args![group, GROUP, until],
    )?;
    Ok(())
}

/// Drops the oldest messages of a queue until one of so many bytes fits, where that is wanted;
/// answers how many.
fn make_room(
    sql: &Sql<'_>,
    owner: &str,
    bytes: usize,
    bounds: &QueueBounds,
) -> Result<usize, StoreError> {
    let mut dropped = 0;
    while bounds.when_full == WhenFull::DropOldest
        && bytes <= bounds.bytes
        && sql.exists(
            "SELECT 1 FROM sessions WHERE client_id = $1 AND messages > 0 \
             AND (messages >= $2 OR bytes + $3 > $4)",
            args![owner, bounds.messages, bytes, bounds.bytes],
        )?
    {
        let oldest: Option<i64> = sql.one(
            "SELECT number FROM session_queue WHERE client_id = $1 ORDER BY number LIMIT 1",
            args![owner],
            |row| row.value(),
        )?;
        let Some(oldest) = oldest else { break };
        remove(sql, owner, oldest)?;
        dropped += 1;
    }
    Ok(dropped)
}

/// Counts a message in a queue, if it fits and its owner is there.
fn takes(
    sql: &Sql<'_>,
    owner: &str,
    bytes: usize,
    bounds: &QueueBounds,
) -> Result<bool, StoreError> {
    let counted = sql.execute(
        "UPDATE sessions SET messages = messages + 1, bytes = bytes + $1 \
         WHERE client_id = $2 AND messages < $3 AND bytes + $1 <= $4",
        args![bytes, owner, bounds.messages, bounds.bytes],
    )?;
    Ok(counted > 0)
}

fn insert(sql: &Sql<'_>, message: &MessageToQueue, queues: &[Queue]) -> Result<(), StoreError> {
    let number = sql.insert(
        "INSERT INTO queued_messages (topic, payload, properties, until, bytes, queues) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING number",
        args![
            &message.topic,
            &message.payload,
            message.properties.as_ref().map(json).transpose()?.as_ref(),
            message.until,
            message.bytes,
            queues.len()
        ],
    )?;
    for queue in queues {
        sql.execute(
            "INSERT INTO session_queue (client_id, number, retain) VALUES ($1, $2, $3)",
            args![&queue.owner, number, queue.retain],
        )?;
    }
    sql.execute("UPDATE queued_total SET bytes = bytes + $1", args![message.bytes])?;
    Ok(())
}

/// Takes one message out of a queue; one that is not there is no error.
fn remove(sql: &Sql<'_>, owner: &str, number: i64) -> Result<(), StoreError> {
    let gone = sql.execute(
        "DELETE FROM session_queue WHERE client_id = $1 AND number = $2",
        args![owner, number],
    )?;
    if gone == 0 {
        return Ok(());
    }
    let bytes: i64 = sql
        .one("SELECT bytes FROM queued_messages WHERE number = $1", args![number], |row| {
            row.value()
        })?
        .unwrap_or_default();
    count(sql, owner, -1, -bytes)?;
    let left: i64 = sql
        .one(
            "UPDATE queued_messages SET queues = queues - 1 WHERE number = $1 RETURNING queues",
            args![number],
            |row| row.value(),
        )?
        .unwrap_or_default();
    if left <= 0 {
        sql.execute("DELETE FROM queued_messages WHERE number = $1", args![number])?;
        sql.execute("UPDATE queued_total SET bytes = bytes - $1", args![bytes])?;
    }
    Ok(())
}

fn count(sql: &Sql<'_>, owner: &str, messages: i64, bytes: i64) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE sessions SET messages = messages + $1, bytes = bytes + $2 WHERE client_id = $3",
        args![messages, bytes, owner],
    )?;
    Ok(())
}

/// Empties a queue.
pub(super) fn clear(sql: &Sql<'_>, owner: &str) -> Result<(), StoreError> {
    let numbers: Vec<i64> =
        sql.all("SELECT number FROM session_queue WHERE client_id = $1", args![owner], |row| {
            row.value()
        })?;
    numbers.iter().try_for_each(|number| remove(sql, owner, *number))
}
