//! Whether a trail is as it was written, and if not, what is wrong and where.

use std::collections::{BTreeMap, HashMap};

use super::report::{Finding, Kind, Report};
use super::walk::{Chain, Entry, Walk};
use super::{ChainStart, Checkpoint, Digest, Head, RETENTION};

/// The resource of retention's record: the last record that it removed of a chain.
#[must_use]
pub fn retention_resource(head: &Head) -> String {
    format!("audit-chain/{}/{}/{}", head.chain, head.position, head.hash)
}

/// Goes through a trail: first the records before the chains, then those of each chain by chain,
/// position and row.
pub struct Verifier {
    walks: BTreeMap<i64, Walk>,
    checkpoints: Vec<(String, Checkpoint)>,
    /// Positions that somebody knows the hash of, and the hash that is there.
    known: HashMap<(i64, i64), Option<Digest>>,
    retentions: Vec<String>,
    first: Option<ChainStart>,
    report: Report,
}

impl Verifier {
    /// `checkpoints` are those whose signature is good, each with what it is called.
    #[must_use]
    pub fn new(chains: &[Chain], checkpoints: Vec<(String, Checkpoint)>) -> Self {
        let heads = checkpoints.iter().flat_map(|(_, checkpoint)| &checkpoint.chains);
        let follows = chains.iter().filter_map(|chain| chain.start.follows.as_ref());
        let known = heads.chain(follows).map(|head| ((head.chain, head.position), None)).collect();
        let walks = chains.iter().map(|chain| (chain.start.chain, Walk::new(*chain))).collect();
        Self {
            walks,
            checkpoints,
            known,
            retentions: Vec::new(),
            first: chains.iter().map(|chain| chain.start).min_by_key(|start| start.chain),
            report: Report::default(),
        }
    }

    /// Something that is wrong outside of the trail, such as a checkpoint's signature.
    pub fn find(&mut self, finding: Finding) {
        self.report.find(finding);
    }

    /// Takes the next record.
    pub fn take(&mut self, entry: &Entry) {
        let Some((chain, position, hash)) = entry.place else { return self.take_unchained(entry) };
        self.report.records += 1;
        let Some(walk) = self.walks.get_mut(&chain) else {
            let message = format!("the record names chain {chain}, which does not exist");
            return self.find(Finding::at(Kind::Inserted, entry, message));
        };
        let wrong = walk.take(entry, position, hash);
        if let Some(known) = self.known.get_mut(&(chain, position)) {
            known.get_or_insert(hash);
        }
        if entry.record.operation == RETENTION {
            self.retentions.extend(entry.record.resource.clone());
        }
        for (kind, message) in wrong {
            self.find(Finding::at(kind, entry, message));
        }
    }

    fn take_unchained(&mut self, entry: &Entry) {
        match self.first {
            Some(first) if entry.row > first.unchained => {
                let message = "the record stands in no chain, and was not there when the chains \
                               began"
                    .to_owned();
                self.find(Finding::at(Kind::Inserted, entry, message));
            }
            _ => self.report.before_the_chain_began += 1,
        }
    }

    /// What it came to.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.hold_against_next_chains();
        self.hold_against_retention();
        let checkpoints = std::mem::take(&mut self.checkpoints);
        for (name, checkpoint) in &checkpoints {
            self.report.checkpoints += 1;
            for head in &checkpoint.chains {
                self.hold_against(head, name, false);
            }
        }
        self.report.chains = self.walks.values().filter_map(Walk::head).collect();
        self.report
    }

    /// Each chain names the end of the one before it.
    fn hold_against_next_chains(&mut self) {
        let starts: Vec<ChainStart> = self.walks.values().map(|walk| walk.chain.start).collect();
        let oldest = starts.first().map(|start| start.chain);
        for start in starts {
            match start.follows {
                Some(head) => {
                    let gone = !self.walks.contains_key(&head.chain);
                    // Before the oldest chain there may have been others, long removed.
                    if !(gone && Some(start.chain) == oldest) {
                        let name = format!("the start of chain {}", start.chain);
                        self.hold_against(&head, &name, true);
                    }
                }
                None if Some(start.chain) != oldest => {
                    let message =
                        format!("chain {} names no chain before it, and there is one", start.chain);
                    self.find(Finding::of(Kind::Rewritten, start.chain, None, message));
                }
                None => {}
            }
        }
    }

    /// What retention removed, its records tell.
    fn hold_against_retention(&mut self) {
        let mut wrong = Vec::new();
        for (number, walk) in &self.walks {
            let Some((position, hash)) = walk.chain.removed else { continue };
            let head = Head { chain: *number, position, hash };
            let told = match walk.records {
                // The record that names it may be gone with a later chain's.
                0 => !self.retentions.is_empty(),
                _ => self.retentions.contains(&retention_resource(&head)),
            };
            if !told {
                wrong.push((*number, position));
            }
        }
        for (chain, position) in wrong {
            let message = format!(
                "the records up to {position} of chain {chain} are missing, and no record tells \
                 that retention removed them"
            );
            self.find(Finding::of(Kind::Removed, chain, Some(position), message));
        }
    }

    /// Whether a chain is as somebody knew it; `ended` when it had ended there.
    fn hold_against(&mut self, head: &Head, name: &str, ended: bool) {
        let Head { chain, position, hash } = *head;
        let Some(walk) = self.walks.get(&chain) else {
            let message = format!("chain {chain} is missing; {name} names it");
            return self.find(Finding::of(Kind::Removed, chain, None, message));
        };
        let end = walk.position;
        let passed = match walk.chain.removed {
            Some((removed, last)) if removed == position => Some(last == hash),
            Some((removed, _)) if removed > position => Some(!ended),
            _ => None,
        };
        let there = self.known.get(&(chain, position)).copied().flatten();
        let (kind, message) = match (passed, there) {
            (Some(true), _) => {
                self.report.passed_by_retention += 1;
                return;
            }
            (None, Some(there)) if there == hash && !(ended && end > position) => return,
            (None, Some(there)) if there == hash => (
                Kind::Inserted,
                format!("chain {chain} had ended at {position} by {name}, and goes on to {end}"),
            ),
            (None, None) if end < position => (
                Kind::Removed,
                format!(
                    "the last records of chain {chain}, {} to {position}, are missing by {name}",
                    end + 1
                ),
            ),
            (None, None) => {
                (Kind::Removed, format!("record {position} of chain {chain} is missing by {name}"))
            }
            (Some(false), _) | (None, Some(_)) => (
                Kind::Rewritten,
                format!("record {position} of chain {chain} has another hash than {name} names"),
            ),
        };
        self.find(Finding::of(kind, chain, Some(position), message));
    }
}
