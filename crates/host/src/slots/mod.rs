//! Slots of connections that wait for their peer: for a handshake, for a CONNECT, for the head of a
//! request. Their number is bounded; a connection at work holds none. When all slots are taken, a
//! new connection evicts one whose peer has sent nothing for long enough, of the address with the
//! most slots first. So idle peers cannot keep others out (slowloris).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rustix::process::{Resource, getrlimit};
use tokio::sync::Notify;

/// When all slots are taken: how long a peer that has sent nothing keeps its slot. A client's first
/// bytes follow its TCP handshake at once, however slow its network is. (ours)
const SILENT: Duration = Duration::from_millis(200);
/// When all slots are taken: how long a peer keeps its slot since it last sent something. (ours)
const SLOW: Duration = Duration::from_secs(3);
/// Evictions are logged together, this often at most. (ours)
const LOG_EVERY: Duration = Duration::from_secs(10);
/// One in so many open files may be a connection that waits. (ours)
const SHARE_OF_OPEN_FILES: u64 = 8;
/// Slots, at least. (ours)
const LEAST: usize = 8;
/// Bits of an IPv6 address that identify a peer: a customer is given a whole network.
const IPV6_PEER: u32 = 64;

/// Bounds on slots.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The option that sets the bound, for the log.
    pub name: &'static str,
    /// In all.
    pub total: usize,
    /// Of one address, before a new connection evicts one of the same address.
    pub per_address: usize,
}

/// The slots of one kind of connection.
#[derive(Debug)]
pub struct Slots {
    bounds: Bounds,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<u64, Waiting>,
    by_address: HashMap<IpAddr, usize>,
    next: u64,
    evicted: u64,
    logged: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    address: IpAddr,
    since: Instant,
    patience: Duration,
    evicted: Arc<Notify>,
}

/// A connection's slot; returned when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    number: u64,
    address: IpAddr,
    evicted: Arc<Notify>,
}

impl Bounds {
    /// No more than a share of the files that this process may have open, so that connections that
    /// only wait leave descriptors for those at work.
    pub fn within_open_files(self) -> Self {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = usize::try_from(limit / SHARE_OF_OPEN_FILES).unwrap_or(usize::MAX).max(LEAST);
        if most < self.total {
            tracing::info!(
                bound = self.name,
                configured = self.total,
                slots = most,
                open_files = limit,
                "fewer slots than configured: this process may have few files open"
            );
        }
        let (total, per_address) = (self.total.min(most), self.per_address.min(most.div_ceil(2)));
        Self { total, per_address, ..self }
    }
}

impl Slots {
    /// All free.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, state: Mutex::default(), freed: Notify::new() })
    }

    /// Takes a slot, for a peer that has sent nothing yet. Waits only while all slots are taken and
    /// none can be evicted. Cancel-safe.
    pub async fn take(self: &Arc<Self>, peer: IpAddr) -> Slot {
        let address = one_peer(peer);
        loop {
            let freed = self.freed.notified();
            let until = match self.lock().take(address, Instant::now(), self.bounds) {
                Ok((number, evicted)) => {
                    return Slot { slots: Arc::clone(self), number, address, evicted };
                }
                Err(until) => until,
            };
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn give_back(&self, number: u64) {
        if self.lock().remove(number) {
            self.freed.notify_one();
        }
    }
}

impl State {
    /// A slot's number and what notifies its holder of an eviction; or when to try again.
    fn take(
        &mut self,
        address: IpAddr,
        now: Instant,
        bounds: Bounds,
    ) -> Result<(u64, Arc<Notify>), Instant> {
        if self.by_address.get(&address).is_some_and(|count| *count >= bounds.per_address) {
            self.evict(now, |waiting| waiting.address == address, bounds);
        }
        if self.slots.len() >= bounds.total {
            self.evict(now, |_| true, bounds);
        }
        if self.slots.len() >= bounds.total {
            let overdue = self.slots.values().map(|waiting| waiting.since + waiting.patience);
            return Err(overdue.min().unwrap_or(now));
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let evicted = Arc::new(Notify::new());
        self.enter(number, address, now, Arc::clone(&evicted));
        Ok((number, evicted))
    }

    fn enter(&mut self, number: u64, address: IpAddr, now: Instant, evicted: Arc<Notify>) {
        let waiting = Waiting { address, since: now, patience: SILENT, evicted };
        if self.slots.insert(number, waiting).is_none() {
            *self.by_address.entry(address).or_default() += 1;
        }
    }

    fn remove(&mut self, number: u64) -> bool {
        let Some(waiting) = self.slots.remove(&number) else { return false };
        if let Some(count) = self.by_address.get_mut(&waiting.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_address.remove(&waiting.address);
            }
        }
        true
    }

    /// Evicts a connection that is overdue: of the address with the most slots, the oldest.
    fn evict(&mut self, now: Instant, of: impl Fn(&Waiting) -> bool, bounds: Bounds) {
        let weight = |waiting: &Waiting| self.by_address.get(&waiting.address).copied();
        let overdue = self
            .slots
            .iter()
            .filter(|(_, waiting)| of(waiting) && waiting.since + waiting.patience <= now);
        let worst = overdue.max_by_key(|(_, waiting)| (weight(waiting), now - waiting.since));
        let Some((&number, waiting)) = worst else { return };
        waiting.evicted.notify_one();
        let address = waiting.address;
        self.remove(number);
        self.evicted += 1;
        if self.logged.is_none_or(|logged| logged + LOG_EVERY <= now) {
            self.logged = Some(now);
            tracing::warn!(
                bound = bounds.name, slots = bounds.total, per_address = bounds.per_address,
                evicted = self.evicted, most = %address,
                "silent connections are evicted, to make room for others"
            );
        }
    }
}

impl Slot {
    /// The peer sent something: it is given more time.
    pub fn received(&self) {
        if let Some(waiting) = self.slots.lock().slots.get_mut(&self.number) {
            waiting.since = Instant::now();
            waiting.patience = SLOW;
        }
    }

    /// The connection is at work and does not wait for its peer: it returns its slot.
    pub fn pause(&self) {
        self.slots.give_back(self.number);
    }

    /// The connection waits for its peer again. This takes a slot even when all are taken, because
    /// the connection exists already.
    pub fn resume(&self) {
        let evicted = Arc::clone(&self.evicted);
        self.slots.lock().enter(self.number, self.address, Instant::now(), evicted);
    }

    /// How long the connection has been waiting; `None` while it is at work.
    pub fn waiting_for(&self) -> Option<Duration> {
        let state = self.slots.lock();
        state.slots.get(&self.number).map(|waiting| waiting.since.elapsed())
    }

    /// Completes when the connection was evicted. To be polled beside the peer's stream, and after
    /// it.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.give_back(self.number);
    }
}

/// One peer is one IPv4 address or one IPv6 network.
fn one_peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = v6.to_bits() & (u128::MAX << IPV6_PEER);
            Ipv6Addr::from_bits(network).into()
        }
        v4 => v4,
    }
}
