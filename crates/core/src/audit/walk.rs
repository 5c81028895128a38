//! One chain of the trail, as it is stored, and the walk along it.

use super::report::Kind;
use super::{ChainStart, Digest, Head, Record, link};

/// A chain as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    /// How it began.
    pub start: ChainStart,
    /// The last record that retention removed: its position and hash.
    pub removed: Option<(i64, Digest)>,
}

/// A record as it is stored.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its row, in the order of writing.
    pub row: i64,
    /// Chain, position and hash; `None` of a record written before there were chains.
    pub place: Option<(i64, i64, Digest)>,
    /// What it says.
    pub record: Record,
}

/// How far one chain was gone through.
pub(super) struct Walk {
    pub(super) chain: Chain,
    /// Position, hash and row of the record before.
    pub(super) position: i64,
    hash: Digest,
    row: i64,
    pub(super) records: u64,
}

impl Walk {
    pub(super) fn new(chain: Chain) -> Self {
        let (position, hash) = chain.removed.unwrap_or((0, chain.start.hash()));
        Self { chain, position, hash, row: i64::MIN, records: 0 }
    }

    pub(super) fn head(&self) -> Option<Head> {
        let (chain, position, hash) = (self.chain.start.chain, self.position, self.hash);
        (self.records > 0).then_some(Head { chain, position, hash })
    }

    /// Goes on to a record; what is wrong with it.
    pub(super) fn take(
        &mut self,
        entry: &Entry,
        position: i64,
        hash: Digest,
    ) -> Vec<(Kind, String)> {
        let mut wrong = Vec::new();
        let chain = self.chain.start.chain;
        let next = self.position + 1;
        if position < next {
            let message = format!("a further record at position {position} of chain {chain}");
            return vec![(Kind::Inserted, message)];
        }
        if position > next {
            let message = match position - 1 {
                last if last == next => format!("record {next} of chain {chain} is missing"),
                last => format!("records {next} to {last} of chain {chain} are missing"),
            };
            wrong.push((Kind::Removed, message));
        } else if link(&self.hash, chain, position, &entry.record) != hash {
            let message = format!(
                "record {position} of chain {chain} does not have its hash: it, or the hash \
                 before it, was changed"
            );
            wrong.push((Kind::Altered, message));
        }
        if entry.row <= self.row {
            let message =
                format!("record {position} of chain {chain} stands before its forerunner");
            wrong.push((Kind::Reordered, message));
        }
        (self.position, self.hash) = (position, hash);
        self.row = self.row.max(entry.row);
        self.records += 1;
        wrong
    }
}
