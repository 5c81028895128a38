//! The chain of hashes that this process writes, and how far every chain has come.

use fleetwright_core::audit::{Chain, ChainStart, Digest, Head, link};
use fleetwright_core::time::Timestamp;

use super::insert;
use crate::sql::{Row, Sql, args};
use crate::{AuditRecord, StoreError};

const CHAINS: &str = "SELECT row_id, started, unchained, follows_chain, follows_position, \
                      follows_hash, removed, removed_hash FROM audit_chains ORDER BY row_id";

/// What this process writes. It is begun with the first record, and begun anew after a
/// transaction that failed: what became of that is then known.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ChainWriter {
    head: Option<Head>,
}

impl ChainWriter {
    /// Writes records, within the transaction that they tell of; counts once that is committed.
    pub(crate) fn append(
        mut self,
        sql: &Sql<'_>,
        records: &[AuditRecord],
    ) -> Result<Self, StoreError> {
        for record in records {
            let Head { chain, position, hash } = match self.head {
                Some(head) => head,
                None => begin(sql, record.at)?,
            };
            let position = position + 1;
            let head = Head { chain, position, hash: link(&hash, chain, position, record) };
            insert(sql, record, &head)?;
            self.head = Some(head);
        }
        Ok(self)
    }
}

/// Begins a chain, which names the end of the one before it.
fn begin(sql: &Sql<'_>, started: Timestamp) -> Result<Head, StoreError> {
    let chains = chains(sql)?;
    let follows = newest(sql, &chains)?;
    let unchained = match chains.first() {
        Some(first) => first.start.unchained,
        None => last_row(sql)?,
    };
    let chain = sql.insert(
        "INSERT INTO audit_chains (started, unchained, follows_chain, follows_position, \
         follows_hash) VALUES ($1, $2, $3, $4, $5) RETURNING row_id",
        args![
            started,
            unchained,
            follows.map(|head| head.chain),
            follows.map(|head| head.position),
            follows.as_ref().map(|head| &head.hash.0)
        ],
    )?;
    let start = ChainStart { chain, started, unchained, follows };
    Ok(Head { chain, position: 0, hash: start.hash() })
}

/// The heads of all chains that have records left.
pub(crate) fn heads(sql: &Sql<'_>) -> Result<Vec<Head>, StoreError> {
    let chains = chains(sql)?;
    let ends = chains.iter().skip(1).map(|chain| chain.start.follows);
    let heads = ends.chain([newest(sql, &chains)?]);
    let left = |chain: &Chain, head: &Head| chain.removed.is_none_or(|(at, _)| at < head.position);
    let found = chains.iter().zip(heads).filter_map(|(chain, head)| Some((chain, head?)));
    Ok(found.filter(|(chain, head)| left(chain, head)).map(|(_, head)| head).collect())
}

/// Every chain, the oldest first.
pub(crate) fn chains(sql: &Sql<'_>) -> Result<Vec<Chain>, StoreError> {
    sql.all(CHAINS, &[], read)
}

/// The head of the newest chain.
fn newest(sql: &Sql<'_>, chains: &[Chain]) -> Result<Option<Head>, StoreError> {
    let Some(chain) = chains.last() else { return Ok(None) };
    let number = chain.start.chain;
    let found = sql.one(
        "SELECT position, hash FROM audit WHERE chain_row = $1 ORDER BY row_id DESC LIMIT 1",
        args![number],
        |row| Ok((row.get("position")?, Digest(row.get("hash")?))),
    )?;
    let last = found.or(chain.removed).unwrap_or((0, chain.start.hash()));
    Ok(Some(Head { chain: number, position: last.0, hash: last.1 }))
}

fn last_row(sql: &Sql<'_>) -> Result<i64, StoreError> {
    let last: Option<Option<i64>> =
        sql.one("SELECT max(row_id) FROM audit", &[], |row| row.value())?;
    Ok(last.flatten().unwrap_or(0))
}

fn read(row: &Row<'_>) -> Result<Chain, StoreError> {
    let follows =
        match (row.get("follows_chain")?, row.get("follows_position")?, row.get("follows_hash")?) {
            (Some(chain), Some(position), Some(hash)) => {
                Some(Head { chain, position, hash: Digest(hash) })
            }
            _ => None,
        };
    let removed = match (row.get("removed")?, row.get("removed_hash")?) {
        (Some(position), Some(hash)) => Some((position, Digest(hash))),
        _ => None,
    };
    let start = ChainStart {
        chain: row.get("row_id")?,
        started: row.get("started")?,
        unchained: row.get("unchained")?,
        follows,
    };
    Ok(Chain { start, removed })
}
