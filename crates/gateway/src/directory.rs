//! Who is connected to this node: by client id, and by principal.
//!
//! Not the truth about a device (that is the registry), only about this node's sockets.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::time::Timestamp;
use parking_lot::{Mutex, MutexGuard};

use super::ledger::Ledger;
use super::mailbox::Mailbox;
use super::principal::PrincipalId;
use super::standing::Standing;

/// Shards of each map, to keep connections from waiting for one another.
const SHARDS: usize = 16;

/// Number of a connection; never used twice, see `numbers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ConnectionNumber(pub(super) u64);

type Shard<K, V> = Mutex<HashMap<K, V>>;
/// A connection's letter box and the standing of its certificate.
type Contact = (Arc<Mailbox>, Arc<Standing>);
/// Who has a client id, and since when.
type Holder = (ConnectionNumber, Arc<Mailbox>, Timestamp);

/// Connections of this node. Bounded by the listener's permits.
#[derive(Debug)]
pub(super) struct Directory {
    ledger: Arc<Ledger>,
    hasher: RandomState,
    by_client: [Shard<Arc<str>, Holder>; SHARDS],
    by_principal: [Shard<PrincipalId, Vec<Contact>>; SHARDS],
}

/// A connection's place by its principal, from before its certificate is looked up; leaves it
/// when dropped.
#[derive(Debug)]
pub(super) struct Attendance {
    directory: Arc<Directory>,
    /// `None` for one that nobody looks for by its principal.
    principal: Option<PrincipalId>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) standing: Arc<Standing>,
}

/// A connection's place by its client id as well; leaves it when dropped.
#[derive(Debug)]
pub(super) struct Entry {
    attendance: Attendance,
    pub(super) number: ConnectionNumber,
    client_id: Arc<str>,
}

impl Directory {
    pub(super) fn new(ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            hasher: RandomState::new(),
            by_client: Default::default(),
            by_principal: Default::default(),
        })
    }

    fn shard<'a, K: Hash + ?Sized, S, V>(
        &self,
        shards: &'a [Shard<S, V>; SHARDS],
        key: &K,
    ) -> MutexGuard<'a, HashMap<S, V>> {
        let [first, ..] = shards;
        let index = usize::try_from(self.hasher.hash_one(key)).unwrap_or_default() % SHARDS;
        shards.get(index).unwrap_or(first).lock()
    }

    /// Enters a connection of a principal; a certificate is to be looked up in the registry
    /// afterwards.
    pub(super) fn attend(self: &Arc<Self>, principal: impl Into<PrincipalId>) -> Attendance {
        let principal = principal.into();
        let (mailbox, standing) = (Mailbox::new(&self.ledger), Arc::<Standing>::default());
        self.shard(&self.by_principal, &principal)
            .entry(principal.clone())
            .or_default()
            .push((Arc::clone(&mailbox), Arc::clone(&standing)));
        Attendance { directory: Arc::clone(self), principal: Some(principal), mailbox, standing }
    }

    /// A connection whose principal is not known yet, and by which nobody will look for it.
    pub(super) fn attend_unnamed(self: &Arc<Self>) -> Attendance {
        let (mailbox, standing) = (Mailbox::new(&self.ledger), Arc::<Standing>::default());
        Attendance { directory: Arc::clone(self), principal: None, mailbox, standing }
    }

    /// Ends every connection of a certificate: none of them does anything more when this returns.
    pub(super) fn end_certificate(&self, certificate: &CertificateId) {
        let principal = PrincipalId::Certificate(*certificate);
        let shard = self.shard(&self.by_principal, &principal);
        for (_, standing) in shard.get(&principal).into_iter().flatten() {
            standing.end();
        }
    }

    /// Asks every connection of a certificate to look at itself again.
    pub(super) fn recheck_certificate(&self, certificate: &CertificateId) {
        let principal = PrincipalId::Certificate(*certificate);
        let shard = self.shard(&self.by_principal, &principal);
        for (mailbox, _) in shard.get(&principal).into_iter().flatten() {
            mailbox.ask_recheck();
        }
    }

    /// Asks every connection of a caller of IAM to look at itself again.
    pub(super) fn recheck_callers(&self) {
        for shard in &self.by_principal {
            for (principal, connections) in shard.lock().iter() {
                if matches!(principal, PrincipalId::Caller(_)) {
                    connections.iter().for_each(|(mailbox, _)| mailbox.ask_recheck());
                }
            }
        }
    }

    /// Asks the connection of a client id to look at itself again.
    pub(super) fn recheck_client(&self, client_id: &str) {
        if let Some((_, mailbox, _)) = self.shard(&self.by_client, client_id).get(client_id) {
            mailbox.ask_recheck();
        }
    }

    /// The connection of a client id, and since when.
    pub(super) fn client(&self, id: &str) -> Option<(Arc<str>, ConnectionNumber, Timestamp)> {
        let shard = self.shard(&self.by_client, id);
        let (id, (number, _, since)) = shard.get_key_value(id)?;
        Some((Arc::clone(id), *number, *since))
    }

    /// The letter box of a client id's connection, and since when it is connected.
    pub(super) fn contact(&self, id: &str) -> Option<(Arc<Mailbox>, Timestamp)> {
        let shard = self.shard(&self.by_client, id);
        shard.get(id).map(|(_, mailbox, since)| (Arc::clone(mailbox), *since))
    }

    /// How many are connected.
    pub(super) fn count(&self) -> u64 {
        let count: usize = self.by_client.iter().map(|shard| shard.lock().len()).sum();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Everybody of one shard, with number and since when; `None` beyond the last.
    pub(super) fn clients(
        &self,
        shard: usize,
    ) -> Option<Vec<(Arc<str>, ConnectionNumber, Timestamp)>> {
        let shard = self.by_client.get(shard)?.lock();
        let everybody = shard.iter();
        Some(everybody.map(|(id, (number, _, since))| (Arc::clone(id), *number, *since)).collect())
    }
}

impl Attendance {
    /// Enters an authorized connection by its client id; the connection that had it is ended. Its number
    /// is drawn here, so that numbers of a client id rise in the order of its connections; without
    /// one, nothing is changed.
    pub(super) fn enter(
        self,
        draw: impl FnOnce() -> Option<ConnectionNumber>,
        client_id: Arc<str>,
        since: Timestamp,
    ) -> Option<(Entry, bool)> {
        let directory = &self.directory;
        let mut clients = directory.shard(&directory.by_client, &*client_id);
        let number = draw()?;
        let holder = (number, Arc::clone(&self.mailbox), since);
        let previous = clients.insert(Arc::clone(&client_id), holder);
        drop(clients);
        if let Some((_, previous, _)) = &previous {
            previous.take_over();
        }
        Some((Entry { attendance: self, number, client_id }, previous.is_some()))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let directory = &self.attendance.directory;
        let mut clients = directory.shard(&directory.by_client, &*self.client_id);
        if clients.get(&self.client_id).is_some_and(|(number, ..)| *number == self.number) {
            clients.remove(&self.client_id);
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let directory = &self.directory;
        let Some(principal) = &self.principal else { return };
        let mut principals = directory.shard(&directory.by_principal, principal);
        if let Some(connections) = principals.get_mut(principal) {
            // A claim certificate may be shared by thousands; order does not matter.
            let own = |(mailbox, _): &Contact| Arc::ptr_eq(mailbox, &self.mailbox);
            if let Some(at) = connections.iter().position(own) {
                connections.swap_remove(at);
            }
            if connections.is_empty() {
                principals.remove(principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::Ended;

    const NOW: Timestamp = Timestamp(1);

    fn number(number: u64) -> impl FnOnce() -> Option<ConnectionNumber> {
        move || Some(ConnectionNumber(number))
    }

    #[test]
    fn the_newcomer_has_the_client_id_and_the_old_one_leaves_quietly() {
        let directory = Directory::new(Ledger::new(1000, 1000));
        let certificate = CertificateId([7; 32]);
        let attendances = [directory.attend(certificate), directory.attend(certificate)];
        let [old, new] = attendances.each_ref().map(|it| Arc::clone(&it.mailbox));
        let [first, second] = attendances;
        let (entry, taken) = first.enter(number(1), "a".into(), NOW).unwrap();
        assert!(!taken);
        // Without a number, whoever has the client id keeps it.
        assert!(directory.attend(certificate).enter(|| None, "a".into(), NOW).is_none());
        assert!(!old.is_taken_over());
        let (_newer, taken) = second.enter(number(2), "a".into(), NOW).unwrap();
        assert!(taken && old.is_taken_over() && !new.is_taken_over());
        drop(entry);
        let everybody: Vec<_> =
            (0..SHARDS).flat_map(|shard| directory.clients(shard).unwrap()).collect();
        assert_eq!(everybody, [("a".into(), ConnectionNumber(2), NOW)]);
        assert_eq!(directory.clients(SHARDS), None);
        directory.recheck_client("a");
        assert!(new.recheck_asked() && !old.recheck_asked());
        directory.recheck_certificate(&certificate);
        assert!(new.recheck_asked() && !old.recheck_asked());
    }

    #[test]
    fn whoever_attends_is_ended_with_the_certificate_and_nobody_else() {
        let directory = Directory::new(Ledger::new(1000, 1000));
        let (one, other) = (CertificateId([1; 32]), CertificateId([2; 32]));
        let waiting = directory.attend(one);
        let (online, _) = directory.attend(one).enter(number(1), "a".into(), NOW).unwrap();
        let bystander = directory.attend(other);
        directory.end_certificate(&one);
        assert_eq!(waiting.standing.check(), Err(Ended::Off));
        assert_eq!(online.attendance.standing.check(), Err(Ended::Off));
        assert_eq!(bystander.standing.check(), Ok(()));
        // Who comes later has the registry's word.
        assert_eq!(directory.attend(one).standing.check(), Ok(()));
    }

    #[test]
    fn callers_of_iam_are_asked_to_look_again_and_no_device_is() {
        let directory = Directory::new(Ledger::new(1000, 1000));
        let device = directory.attend(CertificateId([1; 32]));
        let caller = directory.attend(PrincipalId::Caller("AIDA1".into()));
        directory.recheck_callers();
        assert!(caller.mailbox.recheck_asked() && !device.mailbox.recheck_asked());
    }
}
