//! The last events that hooks were sent, to be sent again by `fleetwright hook test`. They hold
//! devices' parameters, which may be secrets: off unless configured, and never on disk.

use std::collections::VecDeque;

use fleetwright_core::hook::HookRequest;
use parking_lot::{Mutex, MutexGuard};

/// Bytes of all events that are kept; the oldest go first. (ours)
const BYTES: usize = 16 * 1024 * 1024;

/// The events, the oldest first.
pub(super) struct RecentEvents {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: VecDeque<(String, HookRequest)>,
    bytes: usize,
}

impl RecentEvents {
    /// Keeps at most this many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default() }
    }

    /// Keeps an event under the request id that its record in the audit trail has.
    pub(super) fn insert(&self, request_id: &str, event: &HookRequest) {
        if self.most == 0 {
            return;
        }
        let mut state = self.state();
        state.bytes += size(event);
        state.events.push_back((request_id.to_owned(), event.clone()));
        while state.events.len() > self.most || state.bytes > BYTES {
            let Some((_, oldest)) = state.events.pop_front() else { break };
            state.bytes = state.bytes.saturating_sub(size(&oldest));
        }
    }

    /// The event of a request.
    pub(super) fn find(&self, request_id: &str) -> Option<HookRequest> {
        let state = self.state();
        let found = state.events.iter().rev().find(|(id, _)| id == request_id)?;
        Some(found.1.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
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
        let recorded = RecentEvents::new(2);
        for id in ["a", "b", "c"] {
            recorded.insert(id, &event(id));
        }
        assert_eq!(recorded.find("a"), None);
        assert_eq!(recorded.find("b"), Some(event("b")));
        assert_eq!(recorded.find("c"), Some(event("c")));
    }

    #[test]
    fn nothing_is_kept_unless_asked_for() {
        let recorded = RecentEvents::new(0);
        recorded.insert("a", &event("a"));
        assert_eq!(recorded.find("a"), None);
    }

    #[test]
    fn large_events_take_no_more_than_their_room() {
        let recorded = RecentEvents::new(1000);
        let mut large = event("large");
        large.parameters.insert("Blob".into(), "x".repeat(BYTES / 3));
        for id in ["a", "b", "c", "d"] {
            recorded.insert(id, &large);
        }
        assert!(recorded.find("a").is_none() && recorded.find("d").is_some());
        assert!(recorded.state().bytes <= BYTES);
    }
}
