//! Jobs: what is true while there are none.

use fleetwright_core::job::{JobOperation, JobRequest};
use fleetwright_core::service_request::ServiceAnswer;
use fleetwright_core::shadow;
use fleetwright_host::clock;
use serde_json::json;

use crate::Services;

impl Services {
    /// Carries a device's request out; the answer is for the connection that asks.
    pub(crate) async fn answer_job(&self, request: &JobRequest, payload: &[u8]) -> ServiceAnswer {
        let now = clock::now().0 / 1000;
        let (outcome, mut answer) = match request.operation {
            JobOperation::GetPending => {
                ("accepted", json!({ "inProgressJobs": [], "queuedJobs": [], "timestamp": now }))
            }
            JobOperation::StartNext | JobOperation::Describe(None) => {
                ("accepted", json!({ "timestamp": now }))
            }
            JobOperation::Describe(Some(_)) | JobOperation::Update(_) => {
                let message = "There is no such job; jobs are not offered by this server";
                let code = "ResourceNotFound";
                ("rejected", json!({ "code": code, "message": message, "timestamp": now }))
            }
        };
        if let (Some(token), Some(members)) =
            (shadow::read_lenient(payload).token, answer.as_object_mut())
        {
            members.insert("clientToken".to_owned(), token.into());
        }
        let topic = format!("{}/{outcome}", request.topic());
        ServiceAnswer { topic, payload: answer.to_string().into_bytes() }
    }
}
