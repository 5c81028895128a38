//! A chain of hashes: one for each process that writes. A record's hash covers the hash before it,
//! so that nothing in between can be changed, taken out, moved or put in alone.

use serde::{Deserialize, Serialize};

use super::{Digest, Record};
use crate::time::Timestamp;

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The chain's number.
    pub chain: i64,
    /// The position of its last record, counted from 1.
    pub position: i64,
    /// That record's hash.
    pub hash: Digest,
}

/// How a chain began; position 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainStart {
    /// Its number.
    pub chain: i64,
    /// When its first record was written.
    pub started: Timestamp,
    /// The row of the last record that was written before there were chains; zero when none was.
    pub unchained: i64,
    /// The end of the chain before it.
    pub follows: Option<Head>,
}

impl ChainStart {
    /// The hash that the first record's covers: SHA-256 of
    /// `["fleetwright-audit-chain",CHAIN,STARTED,UNCHAINED,FOLLOWS]` as compact JSON.
    #[must_use]
    pub fn hash(&self) -> Digest {
        let follows = self.follows.map(|head| (head.chain, head.position, head.hash));
        hash(&("fleetwright-audit-chain", self.chain, self.started.0, self.unchained, follows))
    }
}

/// The hash of a record: SHA-256 of `["fleetwright-audit-record",PREVIOUS,CHAIN,POSITION,AT,
/// PRINCIPAL,CLIENT_ID,OPERATION,RESOURCE,PARAMETERS,SOURCE,OUTCOME,CODE,REASON,REQUEST_ID]` as
/// compact JSON, `PREVIOUS` being the hash before it in hexadecimal and `AT` in milliseconds.
#[must_use]
pub fn link(previous: &Digest, chain: i64, position: i64, record: &Record) -> Digest {
    hash(&(
        "fleetwright-audit-record",
        previous,
        chain,
        position,
        record.at.0,
        &record.principal,
        &record.client_id,
        &record.operation,
        &record.resource,
        &record.parameters,
        &record.source,
        &record.outcome,
        &record.code,
        &record.reason,
        &record.request_id,
    ))
}

fn hash(value: &impl Serialize) -> Digest {
    // Texts, numbers and null always have a JSON form.
    Digest::of(&serde_json::to_vec(value).unwrap_or_default())
}
