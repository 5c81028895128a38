//! What a connection waits for, and what it does then, until it ends.

use std::time::Duration;

use bytes::BytesMut;
use fleetwright_host::clock;
use fleetwright_mqtt::Delivery;
use fleetwright_provisioning::Answer;
use tokio::sync::watch;

use super::{End, Online};
use crate::ledger::Bound;
use crate::mailbox::Holding;
use crate::standing::{Ended, WriteError};
use crate::stream::{self, Moved};

/// What a connection waits for.
enum Wakeup {
    Moved(Result<Moved, WriteError>),
    Mail,
    Answered(Answer),
    /// Answering a provisioning request failed by a fault of ours.
    Defect,
    Deadline,
    /// The rights are to be looked up again, for nothing else did it for long.
    Refresh,
    Ended(Ended),
    /// The peer takes nothing of what was written.
    Stalled,
    Stop,
}

impl Online {
    pub(super) async fn run_to_end(
        &mut self,
        mut input: BytesMut,
        mut shutdown: watch::Receiver<bool>,
    ) -> End {
        loop {
            if let Some(end) = Box::pin(self.take_in(&mut input)).await {
                return Box::pin(self.say_goodbye(end)).await;
            }
            if (self.mailbox.has_notice() || self.may_deliver())
                && let Some(end) = Box::pin(self.empty_mailbox()).await
            {
                return Box::pin(self.say_goodbye(end)).await;
            }
            if self.may_read_queue()
                && let Some(end) = Box::pin(self.read_queue()).await
            {
                return Box::pin(self.say_goodbye(end)).await;
            }
            self.take_out_of_queue();
            if input.is_empty() {
                input = BytesMut::new();
            }
            self.account(&input);
            let end = match self.wait(&mut input, &mut shutdown).await {
                Wakeup::Moved(Ok(Moved::In(0))) => Some(self.closed()),
                Wakeup::Moved(Err(error)) => Some(error.into()),
                Wakeup::Moved(Ok(Moved::In(_))) | Wakeup::Mail => None,
                Wakeup::Moved(Ok(Moved::Out)) => self.went_out(),
                Wakeup::Answered(answer) => {
                    self.excuse_silence();
                    self.on_answer(answer)
                }
                Wakeup::Defect => Some(End::Defect),
                Wakeup::Deadline => self.tick(),
                Wakeup::Refresh => self.freshen().await.err(),
                Wakeup::Ended(ended) => Some(ended.into()),
                Wakeup::Stalled => Some(End::Lost(stream::stalled())),
                Wakeup::Stop => Some(End::Server),
            };
            if let Some(end) = end {
                return Box::pin(self.say_goodbye(end)).await;
            }
        }
    }

    async fn wait(&mut self, input: &mut BytesMut, shutdown: &mut watch::Receiver<bool>) -> Wakeup {
        self.excuse_silence();
        let now = clock::monotonic_millis();
        let (at, then) = self.next_deadline(now);
        let is_held = self.held_until().is_some();
        let reads = !is_held && !self.requests.is_full() && !self.session.output_is_full();
        let has_room = !self.session.output_is_full();
        let (stream, output) = (&mut self.stream, self.session.output());
        let input = reads.then_some(input);
        let moved = stream::exchange(stream, input, output, &mut self.outgoing, &self.standing);
        tokio::select! {
            ended = self.standing.ended() => Wakeup::Ended(ended),
            answer = self.requests.next(self.rights.client_id()), if has_room => answer.map_or(Wakeup::Defect, Wakeup::Answered),
            moved = moved => Wakeup::Moved(moved),
            () = self.mailbox.arrival() => Wakeup::Mail,
            _ = shutdown.wait_for(|stop| *stop) => Wakeup::Stop,
            () = tokio::time::sleep(Duration::from_millis(at.saturating_sub(now))) => then,
        }
    }

    /// What is to be done next if nothing happens, and when, milliseconds.
    fn next_deadline(&mut self, now: u64) -> (u64, Wakeup) {
        let mut next = (self.session.deadline(), Wakeup::Deadline);
        if let Some(term) = self.standing.term() {
            let left = term.until.0.saturating_sub(clock::now().0);
            let at = now.saturating_add(u64::try_from(left).unwrap_or(0));
            if at < next.0 {
                next = (at, Wakeup::Ended(Ended::Term(term.of)));
            }
        }
        if let Some(due) = self.rights.due_idle() {
            let left = due.0.saturating_sub(clock::now().0);
            let at = now.saturating_add(u64::try_from(left).unwrap_or(0));
            if at < next.0 {
                next = (at, Wakeup::Refresh);
            }
        }
        if let Some(until) = self.held_until()
            && until < next.0
        {
            next = (until, Wakeup::Deadline);
        }
        if let Some(at) = self.kept.as_ref().and_then(|kept| kept.reading.again_at())
            && (now..next.0).contains(&at)
        {
            next = (at, Wakeup::Deadline);
        }
        if self.outgoing.is_done(self.session.output()) {
            self.stalled_since = None;
        } else {
            let at = *self.stalled_since.get_or_insert(now) + stream::WRITE_PATIENCE;
            if at < next.0 {
                next = (at, Wakeup::Stalled);
            }
        }
        next
    }

    /// The peer sends nothing more. A close frame of WebSocket is as good as a DISCONNECT: no will.
    fn closed(&mut self) -> End {
        if !self.stream.was_closed_in_order() {
            return End::Lost(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.session.take_will();
        End::Client
    }

    /// Lets time pass in the session.
    fn tick(&mut self) -> Option<End> {
        self.session.tick(clock::monotonic_millis())?;
        self.session.end().cloned().map(End::from)
    }

    /// Some output was taken: there may be room for what waited for it.
    fn went_out(&mut self) -> Option<End> {
        self.stalled_since = None;
        let end = self.tick();
        if self.outgoing.is_done(self.session.output()) {
            self.session.shrink();
        }
        end
    }

    /// While the device is not read, by our choice, its silence says nothing.
    fn excuse_silence(&mut self) {
        if self.requests.is_full() || self.session.output_is_full() || self.held_until().is_some() {
            self.session.excuse_silence(clock::monotonic_millis());
        }
    }

    /// Tells the ledger what the connection holds.
    fn account(&mut self, input: &BytesMut) {
        let (memory, in_flight) = (self.session.memory(), self.session.in_flight());
        let (read, read_bytes) = self.kept.as_ref().map_or((0, 0), |kept| kept.reading.held());
        let copies = in_flight + read;
        let now = Holding {
            buffers: memory.buffers + input.capacity() + copies * Delivery::OVERHEAD,
            messages: memory.messages + self.requests.bytes() + read_bytes,
            in_flight,
        };
        self.mailbox.hold(self.holding, now);
        self.holding = now;
        let given_up = self.session.take_given_up();
        if given_up > 0 {
            self.mailbox.hit(Bound::Resending, given_up);
        }
    }
}
