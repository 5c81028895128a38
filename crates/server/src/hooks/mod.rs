//! Pre-provisioning hooks: a function, a local command or a URL is asked whether a device may join.
//!
//! Whatever goes wrong refuses: no such target, an error, a time-out, an answer that is too large
//! or is no verdict (house invariant 6).

mod command;
mod target;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::hook::{HookRequest, Verdict};
use fleetwright_core::limits;
use serde::Serialize;
use tokio::sync::Semaphore;

pub use target::{HookTarget, Url};

use crate::config;
use crate::functions::Functions;

/// Asks hooks, at most [`limits::HOOKS_AT_ONCE`] at once, each within [`limits::HOOK_MILLIS`].
pub struct Hooks {
    commands: config::Hooks,
    tls: Arc<rustls::ClientConfig>,
    functions: Arc<Functions>,
    under_way: Semaphore,
}

/// Why a hook gave no verdict. `Display` is for the log, never for the device.
#[derive(Debug)]
pub(crate) struct HookFailure(String);

impl HookFailure {
    fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Hooks {
    /// `commands` is the configuration's section; `tls` tells whom to trust over HTTPS.
    pub fn new(
        commands: config::Hooks,
        tls: Arc<rustls::ClientConfig>,
        functions: Arc<Functions>,
    ) -> Self {
        Self { commands, tls, functions, under_way: Semaphore::new(limits::HOOKS_AT_ONCE) }
    }

    /// Asks the hook that a template names.
    ///
    /// # Errors
    /// [`ErrorCode::AccessDenied`] whenever there is no verdict; the cause says why.
    pub async fn ask(&self, target: &str, request: &HookRequest) -> Result<Verdict, Refusal> {
        let failure = match self.call(target, &request.template_arn, request).await {
            Ok(bytes) => match Verdict::parse(&bytes) {
                Ok(verdict) => return Ok(verdict),
                Err(error) => HookFailure::new(error),
            },
            Err(failure) => failure,
        };
        Err(Refusal::new(
            ErrorCode::AccessDenied,
            "The pre-provisioning hook of this template failed, so the device was refused.",
        )
        .because(format_args!("hook {target}: {failure}")))
    }

    /// Calls any function: its answer, at most [`limits::HOOK_ANSWER_BYTES`], within
    /// [`limits::HOOK_MILLIS`]. `source` is the ARN of what names the target: a Lambda function's
    /// policy must allow AWS IoT to invoke it for that.
    pub(crate) async fn call(
        &self,
        target: &str,
        source: &str,
        request: &impl Serialize,
    ) -> Result<Vec<u8>, HookFailure> {
        let body = serde_json::to_vec(request).map_err(HookFailure::new)?;
        let deadline = Duration::from_millis(limits::HOOK_MILLIS);
        tokio::time::timeout(deadline, self.invoke(target, source, body)).await.map_err(|_| {
            HookFailure::new(format_args!("no answer within {} ms", limits::HOOK_MILLIS))
        })?
    }

    async fn invoke(
        &self,
        target: &str,
        source: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, HookFailure> {
        let begun = Instant::now();
        let _place = self.under_way.acquire().await.map_err(HookFailure::new)?;
        match HookTarget::parse(target).map_err(HookFailure::new)? {
            HookTarget::Command(name) => {
                let command = self.commands.commands.get(name).ok_or_else(|| {
                    HookFailure::new(format_args!(
                        "no command '{name}' under [hooks.commands] of the configuration"
                    ))
                })?;
                command::run(command, &body).await
            }
            HookTarget::Url(url) => url::post(&url, body, &self.tls).await,
            HookTarget::Function(arn) => {
                let budget = Duration::from_millis(limits::HOOK_MILLIS);
                let left = budget.saturating_sub(begun.elapsed());
                let answer = self.functions.invoke_for_iot(arn, source, body.into(), left).await;
                let answer = answer.map_err(HookFailure::new)?;
                if answer.len() > limits::HOOK_ANSWER_BYTES {
                    return Err(HookFailure::new(format_args!(
                        "its answer is larger than {} bytes",
                        limits::HOOK_ANSWER_BYTES
                    )));
                }
                Ok(answer.into())
            }
        }
    }
}
