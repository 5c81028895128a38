//! The outcome of a hook's call.

use std::collections::BTreeMap;
use std::time::Duration;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::hook::Verdict;

use super::HookError;

/// How a hook was called and what it answered.
#[derive(Debug)]
pub struct HookOutcome {
    /// As the template names it.
    pub target: String,
    /// The verdict, or why there is none.
    pub verdict: Result<Verdict, HookError>,
    /// Of the invocation, when a function ran.
    pub request_id: Option<String>,
    /// The end of a function's log, the beginning of a command's standard error.
    pub log: String,
    /// From the request to the answer.
    pub took: Duration,
}

impl HookOutcome {
    /// The overrides of a hook that allows.
    ///
    /// # Errors
    /// [`ErrorCode::AccessDenied`] for any other end; the cause says which hook, which invocation
    /// and why.
    pub fn overrides(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let hook = match &self.request_id {
            Some(request_id) => format!("hook {}, invocation {request_id}", self.target),
            None => format!("hook {}", self.target),
        };
        let denied = |message| Refusal::new(ErrorCode::AccessDenied, message);
        match &self.verdict {
            Ok(Verdict::Allow { overrides }) => Ok(overrides.clone()),
            Ok(Verdict::Refuse) => {
                Err(denied("The pre-provisioning hook of this template refused the device.")
                    .because(hook))
            }
            Err(failure) => Err(denied(
                "The pre-provisioning hook of this template failed, so the device was refused.",
            )
            .because(format_args!("{hook}: {failure}"))),
        }
    }
}

/// The line of it in a function's log.
pub(super) fn note(
    request_id: &str,
    client_id: &str,
    verdict: &Result<Verdict, HookError>,
) -> String {
    let what = match verdict {
        Ok(Verdict::Allow { .. }) => "allowed".to_owned(),
        Ok(Verdict::Refuse) => "refused".to_owned(),
        Err(failure) => format!("refused, for it failed: {failure};"),
    };
    format!("VERDICT RequestId: {request_id} {what} client {client_id}")
}
