//! What happens to one client, line by line, while an operator reads it: `fleetwright trace`. Nothing is
//! kept of clients that nobody asked for, and nothing for long of one whose reader went away.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fleetwright_core::connection::{TraceLine, TracePage};
use fleetwright_core::text::shown;
use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, Delivery, Event, Publish};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Clients that are traced at once. (ours)
const TRACES: usize = 16;
/// Lines that wait for their reader; beyond it the oldest are dropped, and counted. (ours)
const LINES: usize = 1024;
/// Bytes of a payload that a line has. (ours)
const PAYLOAD: usize = 4096;
/// How long a reader waits for lines. (ours)
const WAIT: Duration = Duration::from_secs(10);
/// A trace that was not read for so long ends. (ours)
const FORGOTTEN: Duration = Duration::from_secs(60);

/// The traces that are read.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// How many, so that who is not traced pays nothing.
    count: AtomicUsize,
    by_client: Mutex<HashMap<String, Trace>>,
}

#[derive(Debug)]
struct Trace {
    lines: VecDeque<TraceLine>,
    next: u64,
    lost: u64,
    payloads: bool,
    read: Instant,
    arrived: Arc<Notify>,
}

impl Traces {
    /// Notes a line, if the client is traced. `what` is made only then.
    pub(crate) fn note(
        &self,
        client_id: &str,
        direction: &'static str,
        what: impl FnOnce() -> String,
    ) {
        self.note_with(client_id, direction, what, None);
    }

    /// The same with a payload.
    pub(crate) fn note_with(
        &self,
        client_id: &str,
        direction: &'static str,
        what: impl FnOnce() -> String,
        payload: Option<&[u8]>,
    ) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut traces = self.by_client.lock();
        let Some(trace) = traces.get_mut(client_id) else { return };
        if trace.read.elapsed() > FORGOTTEN {
            traces.remove(client_id);
            self.count.store(traces.len(), Ordering::Relaxed);
            return;
        }
        if trace.lines.len() >= LINES {
            trace.lines.pop_front();
            trace.lost += 1;
        }
        let payload = payload.filter(|_| trace.payloads);
        let payload = payload.map(|bytes| bytes.get(..PAYLOAD).unwrap_or(bytes).to_vec());
        let (position, at) = (trace.next, clock::now());
        trace.lines.push_back(TraceLine { position, at, direction, what: what(), payload });
        trace.next += 1;
        trace.arrived.notify_one();
    }

    /// A packet that came in.
    pub(crate) fn packet(&self, client_id: &str, event: &Event) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        match event {
            Event::Publish(publish) => {
                let payload = Some(&publish.payload[..]);
                self.note_with(client_id, "in", || published(publish), payload);
            }
            Event::Subscribe(subscribe) => self.note(client_id, "in", || {
                let filters = subscribe.filters.iter();
                let filters = filters.map(|filter| shown(&filter.filter).to_string());
                format!("SUBSCRIBE {}", filters.collect::<Vec<_>>().join(" "))
            }),
            Event::Unsubscribe(unsubscribe) => self.note(client_id, "in", || {
                let filters = unsubscribe.filters.iter().map(|filter| shown(filter).to_string());
                format!("UNSUBSCRIBE {}", filters.collect::<Vec<_>>().join(" "))
            }),
            Event::PublishRefused(violation) => self.note(client_id, "server", || {
                format!("PUBLISH refused: {} [{}]", violation.reason, violation.clause)
            }),
            Event::Delivered { code, .. } => {
                self.note(client_id, "in", || format!("PUBACK, code {code}"));
            }
            // Its end is told with its reason.
            Event::Ended(_) => {}
        }
    }

    /// A message that was sent, or dropped. Keys of provisioning answers are payloads: they are never
    /// noted.
    pub(crate) fn delivered(&self, client_id: &str, message: &Delivery, delivered: Delivered) {
        let Delivery { topic, qos, payload, .. } = message;
        let what =
            || format!("PUBLISH {} {qos:?}, {} bytes: {delivered:?}", shown(topic), payload.len());
        let is_shown = !topic.starts_with("$aws/certificates/");
        self.note_with(client_id, "out", what, is_shown.then_some(&payload[..]));
    }

    /// Lines from a position on; begins the trace if there is none. `None` when there are too many.
    pub(crate) async fn read(
        &self,
        client_id: &str,
        position: Option<u64>,
        payloads: bool,
    ) -> Option<TracePage> {
        let arrived = self.begin(client_id, payloads)?;
        let page = self.take(client_id, position);
        if position.is_none() || !page.lines.is_empty() {
            return Some(page);
        }
        let _ = tokio::time::timeout(WAIT, arrived.notified()).await;
        Some(self.take(client_id, position))
    }

    fn begin(&self, client_id: &str, payloads: bool) -> Option<Arc<Notify>> {
        let mut traces = self.by_client.lock();
        traces.retain(|_, trace| trace.read.elapsed() <= FORGOTTEN);
        if traces.len() >= TRACES && !traces.contains_key(client_id) {
            return None;
        }
        let trace = traces.entry(client_id.to_owned()).or_insert_with(|| Trace {
            lines: VecDeque::new(),
            next: 1,
            lost: 0,
            payloads,
            read: Instant::now(),
            arrived: Arc::default(),
        });
        trace.payloads = payloads;
        let arrived = Arc::clone(&trace.arrived);
        self.count.store(traces.len(), Ordering::Relaxed);
        Some(arrived)
    }

    /// What was read before a position is forgotten.
    fn take(&self, client_id: &str, position: Option<u64>) -> TracePage {
        let mut traces = self.by_client.lock();
        let Some(trace) = traces.get_mut(client_id) else { return TracePage::default() };
        trace.read = Instant::now();
        match position {
            Some(position) => trace.lines.retain(|line| line.position >= position),
            None => trace.lines.clear(),
        }
        TracePage {
            lines: trace.lines.iter().cloned().collect(),
            position: trace.next,
            lost: std::mem::take(&mut trace.lost),
        }
    }
}

/// A PUBLISH in one line.
fn published(publish: &Publish) -> String {
    let Publish { topic, qos, retain, payload, .. } = publish;
    let retain = if *retain { ", RETAIN" } else { "" };
    format!("PUBLISH {} {qos:?}{retain}, {} bytes", shown(topic), payload.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_noted_from_the_first_reading_on() {
        let traces = Traces::default();
        traces.note("a", "in", || unreachable!("nobody reads it"));
        assert_eq!(traces.read("a", None, false).await.unwrap().position, 1);
        traces.note_with("a", "in", || "one".into(), Some(b"secret"));
        traces.note("b", "in", || unreachable!("nobody reads it"));
        let page = traces.read("a", Some(1), true).await.unwrap();
        assert_eq!((page.lines[0].what.as_str(), &page.lines[0].payload), ("one", &None));
        traces.note_with("a", "out", || "two".into(), Some(b"shown"));
        let page = traces.read("a", Some(page.position), true).await.unwrap();
        assert_eq!(page.lines.len(), 1);
        assert_eq!(page.lines[0].payload.as_deref(), Some(&b"shown"[..]));
    }

    #[tokio::test]
    async fn lines_and_traces_are_bounded() {
        let traces = Traces::default();
        for number in 0..TRACES {
            assert!(traces.read(&number.to_string(), None, false).await.is_some());
        }
        assert!(traces.read("further", None, false).await.is_none());
        for _ in 0..LINES + 3 {
            traces.note("0", "in", || "line".into());
        }
        let page = traces.read("0", Some(1), false).await.unwrap();
        assert_eq!((page.lines.len(), page.lost), (LINES, 3));
    }
}
