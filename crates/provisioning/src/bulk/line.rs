//! One line of the input: its parameters, its registration, its outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::template::Template;
use fleetwright_core::text::utf8;
use fleetwright_host::clock;
use fleetwright_store::{LineOutcome, Store, TaskRow};
use serde_json::json;

use super::input::{InputLine, LINE_BYTES};
use super::{Bulk, TaskFailure};
use crate::record::{recording_line, refused};
use crate::{Line, ProvisioningRole};

/// Attempts at a line while the registry is busy. (ours)
const ATTEMPTS: usize = 5;
/// Pause between them. (ours)
const PAUSE: Duration = Duration::from_secs(1);

/// What every line of a task has in common.
pub(super) struct Task {
    pub(super) row: TaskRow,
    pub(super) template: Template,
    /// The ARN of the role with whose permissions its lines are registered.
    pub(super) role: String,
    /// Its id.
    pub(super) id: String,
    /// The task as `aws:SourceArn`.
    pub(super) source: String,
}

impl Bulk {
    /// Takes lines one after the other.
    ///
    /// # Errors
    /// As [`Self::take_line`].
    pub(super) async fn take_lines(
        self: Arc<Self>,
        task: Arc<Task>,
        lines: Vec<InputLine>,
    ) -> Result<(), TaskFailure> {
        for line in lines {
            self.take_line(&task, line).await?;
        }
        Ok(())
    }

    /// Registers what a line asks for and notes what became of it.
    ///
    /// # Errors
    /// When not even that can be noted.
    async fn take_line(&self, task: &Task, line: InputLine) -> Result<(), TaskFailure> {
        let recording = recording_line(&task.role, &task.id, line.number);
        let store = self.store.recording(&recording);
        let Err(refusal) = self.register(&store, task, &line).await else { return Ok(()) };
        refused(&recording, &refusal);
        let outcome = json!({
            "line": line.number,
            "offset": line.offset,
            "errorCode": refusal.code.rest_name(),
            "message": refusal.message,
        });
        let outcome = LineOutcome {
            task: task.row,
            line: line.number,
            succeeded: false,
            outcome: outcome.to_string(),
        };
        let noted = store.note_line(outcome, clock::now()).await;
        Ok(noted?)
    }

    async fn register(&self, store: &Store, task: &Task, line: &InputLine) -> Result<(), Refusal> {
        let parameters = parameters(line)?;
        let role = ProvisioningRole {
            arn: &task.role,
            source: &task.source,
            called: "The role of this registration task",
        };
        let place = Line { task: task.row, number: line.number };
        for attempt in 1.. {
            let registered = async {
                let plan = self.provisioning.plan_directly(&task.template, &parameters).await?;
                let certificate = self.provisioning.certificate_arn(&plan);
                let plan = self.provisioning.as_role(&role, &certificate, plan).await?;
                self.provisioning.register_directly(store, plan, Some(place)).await
            };
            match registered.await {
                Ok(_) => break,
                Err(busy) if busy.code == ErrorCode::ServiceUnavailable && attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }
}

pub(super) fn parameters(line: &InputLine) -> Result<BTreeMap<String, String>, Refusal> {
    let invalid = |message: String| Err(Refusal::new(ErrorCode::InvalidRequest, message));
    let Some(text) = &line.text else {
        return invalid(format!("The line is longer than {LINE_BYTES} bytes."));
    };
    let found = match utf8(text) {
        Ok(text) => serde_json::from_str(text).map_err(|error| match format_of(text) {
            Some(way_out) => way_out.to_owned(),
            None => error.to_string(),
        }),
        Err(error) => Err(error.to_string()),
    };
    found.or_else(|why| {
        invalid(format!(
            "The line must be one JSON object of strings, the template's parameters: {why}."
        ))
    })
}

/// What a line is that is no JSON object, and the way out.
fn format_of(text: &str) -> Option<&'static str> {
    match text.trim() {
        text if text.starts_with('[') || text == "]" => {
            Some("this is a JSON array; write one object a line, without brackets and commas")
        }
        "{" | "}" | "}," => Some("this is JSON over several lines; write each object on one line"),
        text if text.starts_with('{') => None,
        text if text.starts_with('"') && text.contains("\":") => {
            Some("this is JSON over several lines; write each object on one line")
        }
        text if text.contains([',', ';', '\t']) => Some(
            "this is CSV; write a JSON object for each line, such as {\"SerialNumber\": \"1\"}",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &[u8]) -> String {
        let line = InputLine { number: 1, offset: 0, text: Some(text.to_vec()) };
        parameters(&line).map_or_else(|refusal| refusal.message, |found| format!("{found:?}"))
    }

    #[test]
    fn a_line_of_another_format_is_named() {
        for (text, piece) in [
            (&b"\xef\xbb\xbf{\"a\": \"b\"}"[..], "{\"a\": \"b\"}"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"[{\"a\": \"b\"},", "JSON array"),
            (b"{", "over several lines"),
            (b"\"a\": \"b\"", "over several lines"),
            (b"SerialNumber,Site", "CSV"),
            (b"{\"a\": 1}", "expected a string"),
        ] {
            assert!(said(text).contains(piece), "{}", said(text));
        }
    }
}
