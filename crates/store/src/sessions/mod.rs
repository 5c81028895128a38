//! MQTT sessions that outlive their connections: who has one, until when, and its subscriptions.

mod queue;

use fleetwright_core::time::Timestamp;

pub use self::queue::{
    MessageToQueue, Queue, QueueBounds, QueuePage, Queued, QueuedMessage, WhenFull,
};
use crate::sql::{Row, Sql, args};
use crate::{Store, StoreError};

/// What a connection asks of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOpening {
    /// The key: one session for each.
    pub client_id: String,
    /// Whether an earlier session is ended first.
    pub clean: bool,
    /// The protocol level; a session of another one is not resumed.
    pub protocol_level: u32,
    /// Seconds that the session outlives the connection; 0 ends it there.
    pub expiry: u32,
    /// The connection's number: of two connections the one with the higher number has the session,
    /// and it is to be named with every change.
    pub epoch: i64,
}

/// What a connection is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOpened {
    /// A session that is kept, at least until the connection ends.
    Kept(OpenedSession),
    /// None that outlives it, and there was none to resume.
    Unkept,
    /// A later connection has the client id.
    TakenOver,
}

/// A session as its connection has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSession {
    /// Whether it was there before.
    pub resumed: bool,
    /// The last message of the queue that was sent already.
    pub sent_to: i64,
    /// Its subscriptions.
    pub filters: Vec<SessionFilter>,
}

/// A subscription of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFilter {
    /// The whole filter, with `$share/{name}/` if shared.
    pub filter: String,
    /// The QoS granted, 0 or 1.
    pub qos: u32,
    /// No Local (MQTT 5).
    pub no_local: bool,
    /// Retain As Published (MQTT 5).
    pub retain_as_published: bool,
}

/// A session with its subscriptions, as it is found at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// Whose it is.
    pub client_id: String,
    /// Its subscriptions.
    pub filters: Vec<SessionFilter>,
}

impl Store {
    /// Opens the session of a connection: resumes the one that is there, makes one, or ends it.
    pub async fn open_session(
        &self,
        opening: SessionOpening,
        now: Timestamp,
    ) -> Result<SessionOpened, StoreError> {
        self.write(move |sql| {
            let SessionOpening { client_id, clean, protocol_level, expiry, epoch } = opening;
            let found = sql.one(
                "SELECT epoch, protocol_level, until, sent_to FROM sessions WHERE client_id = $1",
                args![&client_id],
                read_found,
            )?;
            if found.as_ref().is_some_and(|found| found.epoch > epoch) {
                return Ok(SessionOpened::TakenOver);
            }
            let kept = found.as_ref().filter(|found| {
                let over = found.until.is_some_and(|until| until <= now);
                !clean && !over && found.protocol_level == protocol_level
            });
            let (resumed, sent_to) = (kept.is_some(), kept.map_or(0, |found| found.sent_to));
            if found.is_some() && !resumed {
                end(sql, &client_id)?;
            }
            if !resumed && expiry == 0 {
                return Ok(SessionOpened::Unkept);
            }
            sql.execute(
                "INSERT INTO sessions \
                 (client_id, epoch, protocol_level, expiry, until, sent_to, messages, bytes) \
                 VALUES ($1, $2, $3, $4, NULL, 0, 0, 0) ON CONFLICT (client_id) DO UPDATE SET \
                 epoch = excluded.epoch, expiry = excluded.expiry, until = NULL",
                args![&client_id, epoch, protocol_level, expiry],
            )?;
            let filters = filters(sql, &client_id)?;
            Ok(SessionOpened::Kept(OpenedSession { resumed, sent_to, filters }))
        })
        .await
    }

    /// The connection ended: the session waits for the next one, for its expiry, or for another that
    /// the DISCONNECT named; one without any is ended. Answers whether it is kept; `None` when a later
    /// connection has it.
    pub async fn close_session(
        &self,
        client_id: &str,
        epoch: i64,
        expiry: Option<u32>,
        sent_to: i64,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let client_id = client_id.to_owned();
        self.write(move |sql| {
            let stored: Option<u32> = sql.one(
                "SELECT expiry FROM sessions WHERE client_id = $1 AND epoch = $2",
                args![&client_id, epoch],
                |row| row.value(),
            )?;
            let Some(stored) = stored else { return Ok(None) };
            let expiry = expiry.unwrap_or(stored);
            if expiry == 0 {
                end(sql, &client_id)?;
                return Ok(Some(false));
            }
            sql.execute(
                "UPDATE sessions SET expiry = $1, until = $2, \
                 sent_to = CASE WHEN sent_to < $3 THEN $3 ELSE sent_to END WHERE client_id = $4",
                args![expiry, until(now, expiry), sent_to, &client_id],
            )?;
            Ok(Some(true))
        })
        .await
    }

    /// Ends a session with all that is queued for it; none is no error. Answers whether there was one.
    pub async fn end_session(&self, client_id: &str) -> Result<bool, StoreError> {
        let client_id = client_id.to_owned();
        self.write(move |sql| end(sql, &client_id)).await
    }

    /// Adds subscriptions, or replaces those of the same filters; false, and nothing is done, when a
    /// later connection has the session.
    pub async fn subscribe_session(
        &self,
        client_id: &str,
        epoch: i64,
        filters: Vec<SessionFilter>,
    ) -> Result<bool, StoreError> {
        let client_id = client_id.to_owned();
        self.write(move |sql| {
            if !is_latest(sql, &client_id, epoch)? {
                return Ok(false);
            }
            for filter in &filters {
                sql.execute(
                    "INSERT INTO session_filters \
                     (client_id, filter, qos, no_local, retain_as_published) \
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client_id, filter) DO UPDATE SET \
                     qos = excluded.qos, no_local = excluded.no_local, \
                     retain_as_published = excluded.retain_as_published",
                    args![
                        &client_id,
                        &filter.filter,
                        filter.qos,
                        filter.no_local,
                        filter.retain_as_published
                    ],
                )?;
            }
            Ok(true)
        })
        .await
    }

    /// Removes subscriptions; false, and nothing is done, when a later connection has the session.
    pub async fn unsubscribe_session(
        &self,
        client_id: &str,
        epoch: i64,
        filters: Vec<String>,
    ) -> Result<bool, StoreError> {
        let client_id = client_id.to_owned();
        self.write(move |sql| {
            if !is_latest(sql, &client_id, epoch)? {
                return Ok(false);
            }
            for filter in &filters {
                sql.execute(
                    "DELETE FROM session_filters WHERE client_id = $1 AND filter = $2",
                    args![&client_id, filter],
                )?;
            }
            Ok(true)
        })
        .await
    }

    /// After a start: sessions that were connected wait from now on, and all that is in their queues
    /// may have been sent.
    pub async fn sessions_wait(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |sql| {
            sql.execute(
                "UPDATE sessions SET until = $1 + expiry * 1000, sent_to = COALESCE( \
                 (SELECT max(number) FROM session_queue q WHERE q.client_id = sessions.client_id), \
                 sent_to) WHERE until IS NULL",
                args![now],
            )?;
            Ok(())
        })
        .await
    }

    /// Every session after a start, also one that is connected as far as the registry knows: on a disk
    /// that is full [`Self::sessions_wait`] fails.
    pub async fn sessions_at_start(&self, now: Timestamp) -> Result<Vec<KeptSession>, StoreError> {
        self.snapshot(move |sql| {
            let clients: Vec<String> = sql.all(
                "SELECT client_id FROM sessions WHERE (until IS NULL OR until > $1) \
                 AND protocol_level <> $2 ORDER BY client_id",
                args![now, queue::GROUP],
                |row| row.value(),
            )?;
            let kept = clients.into_iter().map(|client_id| {
                let filters = filters(sql, &client_id)?;
                Ok(KeptSession { client_id, filters })
            });
            kept.collect()
        })
        .await
    }

    /// Seconds that a client's session outlives its connection, and its subscriptions; `None` if it
    /// has no session that is kept.
    pub async fn offline_session(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<(u32, Vec<SessionFilter>)>, StoreError> {
        let client_id = client_id.to_owned();
        self.read(|sql| {
            let found: Option<u32> = sql.one(
                "SELECT expiry FROM sessions WHERE client_id = $1 AND protocol_level <> $2 \
                 AND expiry > 0 AND (until IS NULL OR until > $3)",
                args![&client_id, queue::GROUP, now],
                |row| row.value(),
            )?;
            found.map(|expiry| Ok((expiry, filters(sql, &client_id)?))).transpose()
        })
        .await
    }

    /// Whose sessions, or which groups' queues, are over, at most `limit`.
    pub async fn sessions_over(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.read(|sql| {
            sql.all(
                "SELECT client_id FROM sessions WHERE until <= $1 ORDER BY until LIMIT $2",
                args![now, limit],
                |row| row.value(),
            )
        })
        .await
    }

    /// Ends a session if its time is over; answers whether it was.
    pub async fn end_session_in_time(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let client_id = client_id.to_owned();
        self.write(move |sql| {
            let is_over = sql.exists(
                "SELECT 1 FROM sessions WHERE client_id = $1 AND until <= $2",
                args![&client_id, now],
            )?;
            if is_over { end(sql, &client_id) } else { Ok(false) }
        })
        .await
    }
}

struct Found {
    epoch: i64,
    protocol_level: u32,
    until: Option<Timestamp>,
    sent_to: i64,
}

fn read_found(row: &Row<'_>) -> Result<Found, StoreError> {
    Ok(Found {
        epoch: row.get("epoch")?,
        protocol_level: row.get("protocol_level")?,
        until: row.get("until")?,
        sent_to: row.get("sent_to")?,
    })
}

fn until(now: Timestamp, expiry: u32) -> Timestamp {
    now.plus_millis(i64::from(expiry) * 1000)
}

fn is_latest(sql: &Sql<'_>, client_id: &str, epoch: i64) -> Result<bool, StoreError> {
    sql.exists(
        "SELECT 1 FROM sessions WHERE client_id = $1 AND epoch = $2",
        args![client_id, epoch],
    )
}

/// The subscriptions of a session, bounded by those of a connection.
fn filters(sql: &Sql<'_>, client_id: &str) -> Result<Vec<SessionFilter>, StoreError> {
    sql.all(
        "SELECT filter, qos, no_local, retain_as_published FROM session_filters \
         WHERE client_id = $1 ORDER BY filter",
        args![client_id],
        |row| {
            Ok(SessionFilter {
                filter: row.get("filter")?,
                qos: row.get("qos")?,
                no_local: row.get("no_local")?,
                retain_as_published: row.get("retain_as_published")?,
            })
        },
    )
}

/// Ends a session with its subscriptions and its queue.
fn end(sql: &Sql<'_>, client_id: &str) -> Result<bool, StoreError> {
    queue::clear(sql, client_id)?;
    sql.execute("DELETE FROM session_filters WHERE client_id = $1", args![client_id])?;
    Ok(sql.execute("DELETE FROM sessions WHERE client_id = $1", args![client_id])? > 0)
}
