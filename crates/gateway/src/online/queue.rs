//! Reading a session's queue: as much as there is room for, in the queue's order.

use std::collections::VecDeque;
use std::sync::Arc;

use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, Delivery, Dropped, Qos};
use fleetwright_store::{QueuePage, QueuedMessage, StoreError};

use super::{End, Online};
use crate::ledger::{Bound, Ledger};
use crate::{authorize, sessions, stream};

/// What is read at once: what a connection holds beyond the window. (ours)
const PAGE: QueuePage = QueuePage { messages: 32, bytes: 128 * 1024 };
/// When memory is short, the queue is looked at again after so many milliseconds. (ours)
const MEMORY_PAUSE: u64 = 500;

/// How far a connection is with its session's queue.
#[derive(Debug)]
pub(super) struct Reading {
    /// The last message that was sent.
    read_to: i64,
    /// Messages that were read and are not sent yet, at most a [`PAGE`].
    read: VecDeque<Read>,
    /// Bytes of `read`.
    bytes: usize,
    /// An earlier connection may have had messages up to this one.
    earlier: i64,
    /// Whether the queue may have more.
    more: bool,
    waits: Option<Waits>,
}

/// Why the next message is not sent.
#[derive(Debug, Clone, Copy)]
enum Waits {
    /// The connection holds too much: until the client acknowledges something.
    Acknowledgement,
    /// Memory is short: until this time, milliseconds.
    Memory(u64),
}

/// A message on its way from the queue to the client.
#[derive(Debug)]
struct Read {
    number: i64,
    /// Milliseconds.
    since: u64,
    /// None once it has expired: it keeps its place, so that the queue is read on behind it.
    message: Option<Delivery>,
}

impl Read {
    fn cost(&self) -> usize {
        self.message.as_ref().map_or(0, Delivery::cost)
    }
}

impl Reading {
    /// Earlier connections had messages up to a number; the queue is empty, or may not be.
    pub(super) fn new(earlier: i64, more: bool) -> Self {
        Self { read_to: 0, read: VecDeque::new(), bytes: 0, earlier, more, waits: None }
    }

    /// The client may have had messages up to this one.
    pub(super) fn sent_to(&self) -> i64 {
        self.read_to.max(self.earlier)
    }

    /// Messages that were read and are not sent yet, and their bytes.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.read.len(), self.bytes)
    }

    /// When it is tried again, without anything happening, milliseconds.
    pub(super) fn again_at(&self) -> Option<u64> {
        match self.waits {
            Some(Waits::Memory(until)) if self.more => Some(until),
            _ => None,
        }
    }

    fn may_go_on(&self, now: u64) -> bool {
        self.more
            && match self.waits {
                None => true,
                Some(Waits::Acknowledgement) => false,
                Some(Waits::Memory(until)) => until < now,
            }
    }

    /// Takes in a page, whose bytes are counted from here on.
    fn take_in(&mut self, page: Vec<QueuedMessage>, ledger: &Arc<Ledger>) {
        let since = clock::monotonic_millis();
        self.more = !page.is_empty();
        for queued in page {
            let number = queued.number;
            let message = sessions::delivery(queued).map(|message| {
                let beside = message.cost() - Delivery::OVERHEAD - message.payload.len();
                let payload = ledger.keep(Vec::from(message.payload), beside);
                Delivery { payload, ..message }
            });
            let read = Read { number, since, message };
            self.bytes += read.cost();
            self.read.push_back(read);
        }
    }

    fn next(&mut self) -> Option<Read> {
        let next = self.read.pop_front()?;
        self.bytes -= next.cost();
        Some(next)
    }

    fn put_back(&mut self, read: Read) {
        self.bytes += read.cost();
        self.read.push_front(read);
    }
}

impl Online {
    /// The client acknowledged a message.
    pub(super) fn on_delivered(&mut self, token: u64) {
        if let Some(kept) = &mut self.kept {
            kept.reading.waits = None;
            kept.done(i64::try_from(token).unwrap_or_default());
        }
    }

    /// Whether a message of the queue could be sent now.
    pub(super) fn may_read_queue(&mut self) -> bool {
        let Some(kept) = &mut self.kept else { return false };
        kept.reading.more |= self.mailbox.told_queued();
        kept.reading.may_go_on(clock::monotonic_millis())
            && self.session.output().len() < stream::WRITE_SOON
            && self.session.is_ready_for(Qos::AtLeastOnce)
    }

    /// Sends what is in the queue, as far as there is room.
    pub(super) async fn read_queue(&mut self) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        while self.may_read_queue() {
            if let Err(error) = self.read_page().await {
                let client_id = self.rights.client_id();
                tracing::error!(%error, client_id, "a session's queue cannot be read");
                return Some(End::Server);
            }
            while self.may_read_queue()
                && let Some(next) = self.kept.as_mut()?.reading.next()
            {
                self.send_queued(next);
            }
        }
        None
    }

    /// Reads the next page, when all of the last one was sent and memory is not short.
    async fn read_page(&mut self) -> Result<(), StoreError> {
        let Some(kept) = self.kept.as_mut().filter(|kept| kept.reading.read.is_empty()) else {
            return Ok(());
        };
        kept.reading.waits = None;
        let ledger = Arc::clone(&self.gateway.ledger);
        if !ledger.take_if_free(PAGE.bytes) {
            let until = clock::monotonic_millis() + MEMORY_PAUSE;
            kept.reading.waits = Some(Waits::Memory(until));
            self.mailbox.hit(Bound::QueueMemory, 1);
            return Ok(());
        }
        let page = self.next_page().await;
        ledger.give_back(PAGE.bytes);
        let Some(kept) = &mut self.kept else { return Ok(()) };
        kept.reading.take_in(page?, &ledger);
        Ok(())
    }

    /// The next messages of the session's queue, or of its groups'.
    async fn next_page(&self) -> Result<Vec<QueuedMessage>, StoreError> {
        let Some(kept) = &self.kept else { return Ok(Vec::new()) };
        let (store, client_id) = (&self.gateway.store, kept.session.client_id());
        let page = store.queued_messages(client_id, kept.reading.read_to, PAGE).await?;
        if !page.is_empty() {
            return Ok(page);
        }
        for group in self.subscriptions.keys().filter(|filter| filter.starts_with("$share/")) {
            let taken = store.take_from_group(group, client_id, PAGE).await?;
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
        Ok(Vec::new())
    }

    /// Sends one message of the queue, if it may be received and there is room; else it stays first.
    fn send_queued(&mut self, next: Read) {
        let in_flight = self.session.in_flight();
        let Some(kept) = &mut self.kept else { return };
        if in_flight > 0 && !self.mailbox.has_room(next.cost()) {
            kept.reading.waits = Some(Waits::Acknowledgement);
            return kept.reading.put_back(next);
        }
        let Read { number, since, message } = next;
        let (again, now) = (number <= kept.reading.earlier, clock::monotonic_millis());
        kept.reading.read_to = kept.reading.read_to.max(number);
        let aged = message.and_then(|message| message.aged(now.saturating_sub(since)));
        let Some(message) = aged else {
            return kept.done(number);
        };
        match authorize::receive(&self.rights, message) {
            Ok(message) => {
                let message: Delivery = message.into_inner();
                let delivered = self.session.deliver_stored(&message, again, now);
                self.gateway.sent(self.rights.client_id(), &message, delivered);
                if delivered == Delivered::Dropped(Dropped::TooLarge) {
                    self.mailbox.hit(Bound::ClientPacketSize, 1);
                    kept.done(number);
                }
            }
            Err(refused) => {
                refused.1.tell(&self.gateway.traces, &self.rights);
                kept.done(number);
            }
        }
    }
}
