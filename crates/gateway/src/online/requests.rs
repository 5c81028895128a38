//! Provisioning requests of a connection: one under way, the others in line behind it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits;
use fleetwright_core::reserved_topic::ProvisioningTopic;
use fleetwright_mqtt::Delivery;
use fleetwright_provisioning::{Answer, ProvisioningRequest};
use tokio::task::JoinHandle;

use crate::Gateway;
use crate::rights::Rights;

/// Provisioning requests that wait behind the one under way; a device that sends more is not read
/// until there is room. (ours)
const REQUESTS_WAITING: usize = 32;
/// The same, bytes of their payloads. (ours)
const REQUESTS_BYTES: usize = 512 * 1024;
/// Longest wait for answers under way when the server stops, or for the one that outlives its
/// certificate.
/// A hook has [`limits::HOOK_MILLIS`]; the rest is ours.
pub(super) const LAST_ANSWERS: Duration = Duration::from_millis(limits::HOOK_MILLIS + 3_000);

/// Made with the first request: most connections never have one.
#[derive(Default)]
pub(super) struct RequestQueue(Option<Box<Queue>>);

/// A provisioning request: its topic and payload.
pub(super) type Waiting = Authorized<(ProvisioningTopic, Bytes)>;

struct Queue {
    under_way: UnderWay,
    /// Its answer, where it came together with the end of the certificate.
    answered: Option<Answer>,
    waiting: VecDeque<Waiting>,
    /// Bytes of the payloads that wait.
    bytes: usize,
}

/// The request that is being carried out.
struct UnderWay {
    /// A task of its own, so that a request whose device is cut off still comes to its end: the
    /// device retries with the same token and gets that answer.
    answer: JoinHandle<Answer>,
    /// Whether it may outlive its certificate: see [`Answer::outlives`].
    outlives: Arc<AtomicBool>,
    /// Bytes of its payload.
    bytes: usize,
}

impl RequestQueue {
    /// Whether another request would find no room.
    pub(super) fn is_full(&self) -> bool {
        self.0.as_ref().is_some_and(|queue| {
            queue.waiting.len() >= REQUESTS_WAITING || queue.bytes >= REQUESTS_BYTES
        })
    }

    /// Bytes that the requests in line hold.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| {
            queue.bytes + queue.waiting.len() * Delivery::OVERHEAD + queue.under_way.bytes
        })
    }

    /// The next answer; pending while nothing is under way, `None` after a fault of ours. May be
    /// dropped and asked for again without loss.
    pub(super) async fn next(&mut self, client_id: &str) -> Option<Answer> {
        match &mut self.0 {
            Some(queue) => (&mut queue.under_way.answer)
                .await
                .inspect_err(|error| {
                    tracing::error!(%error, client_id, "a provisioning request failed");
                })
                .ok(),
            None => pending().await,
        }
    }

    /// Puts a request in line; the first one begins at once.
    pub(super) fn enqueue(&mut self, gateway: &Arc<Gateway>, rights: &Rights, request: Waiting) {
        match &mut self.0 {
            Some(queue) => {
                queue.bytes += request.1.len();
                queue.waiting.push_back(request);
            }
            empty => {
                let Some(under_way) = begin(gateway, rights, request) else { return };
                let queue = Queue { under_way, answered: None, waiting: VecDeque::new(), bytes: 0 };
                *empty = Some(Box::new(queue));
            }
        }
    }

    /// The request under way was answered: begins with the next one in line.
    pub(super) fn advance(&mut self, gateway: &Arc<Gateway>, rights: &Rights) {
        let Some(queue) = &mut self.0 else { return };
        let next = queue.waiting.pop_front();
        queue.bytes -= next.as_ref().map_or(0, |request| request.1.len());
        match next.and_then(|request| begin(gateway, rights, request)) {
            Some(under_way) => queue.under_way = under_way,
            None => self.0 = None,
        }
    }

    /// Keeps an answer that came together with the end of the certificate.
    pub(super) fn keep(&mut self, answer: Answer) {
        if let Some(queue) = &mut self.0 {
            queue.answered = Some(answer);
        }
    }

    /// Whether none is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The answer under way, if it outlives the certificate; the requests behind it are dropped.
    pub(super) async fn last(&mut self) -> Option<Answer> {
        let mut queue = self.0.take()?;
        let answer = match queue.answered {
            Some(answer) => answer,
            None if !queue.under_way.outlives.load(Ordering::Acquire) => return None,
            None => {
                let answer = &mut queue.under_way.answer;
                tokio::time::timeout(LAST_ANSWERS, answer).await.ok()?.ok()?
            }
        };
        answer.outlives.then_some(answer)
    }
}

/// Begins a request of a device; those of others are refused before.
fn begin(gateway: &Arc<Gateway>, rights: &Rights, request: Waiting) -> Option<UnderWay> {
    let (claim, claim_row) = (rights.certificate_id()?, rights.certificate_row()?);
    let provisioning = Arc::clone(&gateway.provisioning);
    let (outlives, bytes) = (Arc::new(AtomicBool::new(false)), request.1.len());
    let request = request.map(|(topic, payload)| ProvisioningRequest {
        topic,
        payload,
        claim,
        claim_row,
        client_id: rights.client_id().into(),
        held_to: rights.held().map(|held| held.template.clone()),
        outlives: Arc::clone(&outlives),
    });
    let answer = tokio::spawn(async move { provisioning.answer(request).await });
    Some(UnderWay { answer, outlives, bytes })
}
