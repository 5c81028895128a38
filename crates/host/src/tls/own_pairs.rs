//! The administrator's own certificates: chosen by name, read again when their files change.

use std::sync::Arc;

use arc_swap::ArcSwap;
use fleetwright_ca::ServerChain;
use fleetwright_core::time::Timestamp;
use parking_lot::Mutex;
use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;

use super::own_pair::{OwnPair, PairFiles, Sum};
use super::takes::takes;

/// Pairs of a server, at most. (ours)
pub const PAIRS: usize = 32;

/// A pair in force.
#[derive(Debug)]
struct InForce {
    files: PairFiles,
    chain: ServerChain,
    certified: Arc<CertifiedKey>,
    /// Of the files as they were read.
    sum: Sum,
}

/// The pairs in force, in the order of the configuration; they may be none.
#[derive(Debug)]
pub struct OwnPairs {
    pairs: Vec<ArcSwap<InForce>>,
    /// For each pair what was seen last and not taken: a file that is half written, or wrong.
    seen: Mutex<Vec<Option<Seen>>>,
}

/// Files that differ from what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// They may be half written: the next look decides.
    Changed(Sum),
    /// They were refused, which was logged.
    Refused(Sum),
    /// They cannot be read, which was logged.
    Unreadable(String),
}

/// A pair in force, for those who show it.
#[derive(Debug, Clone)]
pub struct OwnCertificate {
    /// Where it was read.
    pub files: PairFiles,
    /// Its names and its end.
    pub chain: ServerChain,
}

impl OwnPairs {
    /// Reads every pair.
    ///
    /// # Errors
    /// One cannot be used; the text names the file, what is wrong and the way out.
    pub fn open(files: &[PairFiles], now: Timestamp) -> Result<Self, String> {
        let read = |files: &PairFiles| {
            let pair = OwnPair::read(files, &files.content()?, now)?;
            Ok(ArcSwap::from_pointee(InForce::of(files.clone(), pair)))
        };
        let pairs: Result<Vec<_>, String> = files.iter().map(read).collect();
        Ok(Self { pairs: pairs?, seen: Mutex::new(vec![None; files.len()]) })
    }

    /// The pair for a client: by the server's name that it sends, and by what it can verify. A client
    /// that sends no name is given the first pair that it can verify; `None` where it can verify none
    /// of those for its name.
    pub(super) fn choose(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pairs: Vec<_> = self.pairs.iter().map(ArcSwap::load).collect();
        let named = |pair: &InForce| hello.server_name().is_none_or(|it| pair.chain.is_for(it));
        let mut fitting = pairs.iter().filter(|pair| named(pair));
        let chosen = fitting.find(|pair| takes(hello, &pair.certified));
        chosen.map(|pair| Arc::clone(&pair.certified))
    }

    /// What is in force.
    pub(super) fn certificates(&self) -> Vec<OwnCertificate> {
        let shown = |pair: &ArcSwap<InForce>| {
            let pair = pair.load();
            OwnCertificate { files: pair.files.clone(), chain: pair.chain.clone() }
        };
        self.pairs.iter().map(shown).collect()
    }

    /// Reads again. `at_once` for an administrator who says that the files are whole; without it a
    /// change counts when two looks in a row find the same. What cannot be used leaves the pair in
    /// force, and is logged once. Gives how many pairs are new.
    pub(super) fn look(&self, at_once: bool, now: Timestamp) -> usize {
        let mut seen = self.seen.lock();
        let pairs = self.pairs.iter().zip(seen.iter_mut());
        pairs.map(|(pair, seen)| usize::from(look(pair, seen, at_once, now))).sum()
    }
}

impl InForce {
    fn of(files: PairFiles, pair: OwnPair) -> Self {
        let OwnPair { chain, certified, sum } = pair;
        Self { files, chain, certified: Arc::new(certified), sum }
    }
}

fn look(pair: &ArcSwap<InForce>, seen: &mut Option<Seen>, at_once: bool, now: Timestamp) -> bool {
    let files = pair.load().files.clone();
    let kept = |reason: &str| {
        tracing::error!(
            event = "ServerCertificateRefused",
            reason,
            "a changed server certificate is refused; the one before it stays in force"
        );
    };
    let content = match files.content() {
        Ok(content) => content,
        Err(reason) => {
            let now_seen = Some(Seen::Unreadable(reason));
            if let (Some(Seen::Unreadable(reason)), true) =
                (&now_seen, at_once || *seen != now_seen)
            {
                kept(reason);
            }
            *seen = now_seen;
            return false;
        }
    };
    let sum = content.sum();
    if sum == pair.load().sum {
        *seen = None;
        return false;
    }
    if !at_once && *seen == Some(Seen::Refused(sum)) {
        return false;
    }
    if !at_once && *seen != Some(Seen::Changed(sum)) {
        *seen = Some(Seen::Changed(sum));
        return false;
    }
    match OwnPair::read(&files, &content, now) {
        Ok(read) => {
            tracing::info!(
                event = "ServerCertificateReloaded",
                certificate = %files.certificate.display(),
                names = read.chain.dns_names.join(" "),
                ends = %read.chain.not_after.utc(),
                "new connections are given the changed server certificate"
            );
            pair.store(Arc::new(InForce::of(files, read)));
            *seen = None;
            true
        }
        Err(reason) => {
            kept(&reason);
            *seen = Some(Seen::Refused(sum));
            false
        }
    }
}
