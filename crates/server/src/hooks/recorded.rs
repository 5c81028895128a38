//! The last events that hooks were sent, to be sent again by `fleetwright hook test`. They hold
//! devices' parameters, which may be secrets: off unless configured, and never on disk.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fleetwright_core::hook::HookRequest;

/// Bytes of all events that are kept; the oldest go first. (ours)
const BYTES: usize = 16 * 1024 * 1024;

/// The events, the oldest first.
pub(super) struct Recorded {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    events: VecDeque<(String, HookRequest)>,
    bytes: usize,
}

impl Recorded {
    /// Keeps at most this many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// Keeps an event under the request id that its record in the audit trail has.
    pub(super) fn keep(&self, request_id: &str, event: &HookRequest) {
        if self.most == 0 {
            return;
        }
        let mut kept = self.kept();
        kept.bytes += size(event);
        kept.events.push_back((request_id.to_owned(), event.clone()));
        while kept.events.len() > self.most || kept.bytes > BYTES {
            let Some((_, oldest)) = kept.events.pop_front() else { break };
            kept.bytes = kept.bytes.saturating_sub(size(&oldest));
        }
    }

    /// The event of a request.
    pub(super) fn find(&self, request_id: &str) -> Option<HookRequest> {
        let kept = self.kept();
        let found = kept.events.iter().rev().find(|(id, _)| id == request_id)?;
        Some(found.1.clone())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of an event's texts.
fn size(event: &HookRequest) -> usize {
    let parameters = event.parameters.iter().map(|(name, value)| name.len() + value.len());
    parameters.sum::<usize>() + event.certificate_pem.len() + event.client_id.len() + 512
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn event(client_id: &str) -> HookRequest {
        HookRequest {
            claim_certificate_id: String::new(),
            certificate_id: String::new(),
            certificate_pem: String::new(),
            template_arn: String::new(),
            client_id: client_id.into(),
            parameters: BTreeMap::new(),
        }
    }

    #[test]
    fn the_last_events_are_kept_and_the_oldest_go() {
        let recorded = Recorded::new(2);
        for id in ["a", "b", "c"] {
            recorded.keep(id, &event(id));
        }
        assert_eq!(recorded.find("a"), None);
        assert_eq!(recorded.find("b"), Some(event("b")));
        assert_eq!(recorded.find("c"), Some(event("c")));
    }

    #[test]
    fn nothing_is_kept_unless_asked_for() {
        let recorded = Recorded::new(0);
        recorded.keep("a", &event("a"));
        assert_eq!(recorded.find("a"), None);
    }

    #[test]
    fn large_events_take_no_more_than_their_room() {
        let recorded = Recorded::new(1000);
        let mut large = event("large");
        large.parameters.insert("Blob".into(), "x".repeat(BYTES / 3));
        for id in ["a", "b", "c", "d"] {
            recorded.keep(id, &large);
        }
        assert!(recorded.find("a").is_none() && recorded.find("d").is_some());
        assert!(recorded.kept().bytes <= BYTES);
    }
}
