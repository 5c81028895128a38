//! Pre-provisioning hooks: a function, a local command or a URL is asked whether a device may join.
//!
//! Whatever goes wrong refuses: no such target, an error, a time-out, an answer that is too large
//! or is no verdict (house invariant 6).

mod command;
mod consulted;
mod failure;
mod function;
mod http;
mod listed;
mod recorded;
mod remote;
mod signature;
mod target;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetwright_core::function::FunctionName;
use fleetwright_core::hook::{HookRequest, Verdict};
use fleetwright_core::limits;
use serde::Serialize;
use tokio::sync::Semaphore;

pub use consulted::Consulted;
pub(crate) use failure::HookFailure;
pub use target::{HookTarget, Url};

use crate::config;
use crate::functions::Functions;
use recorded::Recorded;
use signature::Secret;

/// What a function may take beyond [`limits::HOOK_MILLIS`], which it keeps by itself, to say how
/// it went. (ours)
const LAST_WORDS: Duration = Duration::from_millis(250);
/// Bytes of what a hook printed that are kept. (ours; AWS: 4 KB of a log's end)
const LOG_BYTES: usize = 4096;

/// Asks hooks, at most [`limits::HOOKS_AT_ONCE`] at once, each within [`limits::HOOK_MILLIS`].
pub struct Hooks {
    settings: config::Hooks,
    tls: Arc<rustls::ClientConfig>,
    functions: Arc<Functions>,
    recorded: Recorded,
    secret: Option<Secret>,
    endpoints: BTreeMap<String, remote::Endpoint>,
    under_way: Semaphore,
}

/// What is known of a call beside its answer, told while it goes on.
#[derive(Debug, Default)]
struct Said {
    /// The function of this server that ran, and its version.
    function: Option<(FunctionName, String)>,
    /// Of the invocation, here or elsewhere.
    request_id: Option<String>,
    /// What was printed, at most [`LOG_BYTES`].
    log: Vec<u8>,
}

impl Said {
    /// Keeps the end of a function's log.
    fn keep_end(&mut self, log: &[u8]) {
        let from = log.len().saturating_sub(LOG_BYTES);
        self.log = log.get(from..).unwrap_or_default().to_vec();
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&self.log).into_owned()
    }
}

impl Hooks {
    /// `settings` is the configuration's section; `tls` tells whom to trust over HTTPS.
    ///
    /// # Errors
    /// When a secret's file cannot be read, or its secret not be used.
    pub fn new(
        settings: config::Hooks,
        tls: Arc<rustls::ClientConfig>,
        functions: Arc<Functions>,
    ) -> Result<Self, String> {
        let recorded = Recorded::new(settings.record_events);
        let secret = settings.hmac_secret_file.as_deref().map(Secret::read).transpose()?;
        let elsewhere = settings.lambda_endpoints.iter();
        let endpoints = elsewhere
            .map(|(arn, settings)| Ok((arn.clone(), remote::Endpoint::open(arn, settings)?)))
            .collect::<Result<_, String>>()?;
        let under_way = Semaphore::new(limits::HOOKS_AT_ONCE);
        Ok(Self { settings, tls, functions, recorded, secret, endpoints, under_way })
    }

    /// Reads a target that somebody wants to attach, or that is about to be asked.
    ///
    /// # Errors
    /// A sentence that names the target's fault: it is none, or a URL that the server's
    /// configuration does not list.
    pub(crate) fn target<'t>(&self, text: &'t str) -> Result<HookTarget<'t>, String> {
        let target = HookTarget::parse(text)?;
        match &target {
            HookTarget::Url(url) if !listed::is_listed(&self.settings.urls, url) => Err(format!(
                "'{text}' is not among the URLs that this server may ask: its operator must list \
                 it under [hooks] urls of the configuration"
            )),
            _ => Ok(target),
        }
    }

    /// Keeps an event, if the configuration wants that, under its request id in the audit trail.
    pub(crate) fn record(&self, request_id: &str, event: &HookRequest) {
        self.recorded.keep(request_id, event);
    }

    /// The event of a request, if it was kept.
    pub(crate) fn recorded(&self, request_id: &str) -> Option<HookRequest> {
        self.recorded.find(request_id)
    }

    /// Asks the hook that a template names. A function's own log is told what it came to.
    pub async fn ask(&self, target: &str, request: &HookRequest) -> Consulted {
        let begun = Instant::now();
        let mut said = Said::default();
        let answer = self.call_and_tell(target, &request.template_arn, request, &mut said).await;
        let verdict = answer.and_then(|bytes| Verdict::parse(&bytes).map_err(HookFailure::new));
        let verdict = verdict.map_err(|failure| failure.without(&request.parameters));
        if let (Some((function, version)), Some(id)) = (&said.function, &said.request_id) {
            let note = consulted::note(id, &request.client_id, &verdict);
            self.functions.note(function, version, Some(id), &note);
        }
        Consulted {
            target: target.to_owned(),
            verdict,
            log: said.log(),
            request_id: said.request_id,
            took: begun.elapsed(),
        }
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
        self.call_and_tell(target, source, request, &mut Said::default()).await
    }

    async fn call_and_tell(
        &self,
        target: &str,
        source: &str,
        request: &impl Serialize,
        said: &mut Said,
    ) -> Result<Vec<u8>, HookFailure> {
        let body = serde_json::to_vec(request).map_err(HookFailure::new)?;
        let parsed = self.target(target).map_err(HookFailure::new)?;
        let own = Duration::from_millis(limits::HOOK_MILLIS);
        let limit = match parsed {
            HookTarget::Function(_) => own + LAST_WORDS,
            HookTarget::Command(_) | HookTarget::Url(_) => own,
        };
        let invoked = tokio::time::timeout(limit, self.invoke(&parsed, source, body, said)).await;
        if matches!(parsed, HookTarget::Command(_)) && !said.log.is_empty() {
            tracing::info!(hook = target, printed = said.log(), "what a hook's command printed");
        }
        let answer = invoked.map_err(|_| {
            HookFailure::new(format_args!("no answer within {} ms", limits::HOOK_MILLIS))
        })??;
        if answer.len() > limits::HOOK_ANSWER_BYTES {
            let most = limits::HOOK_ANSWER_BYTES;
            return Err(HookFailure::new(format_args!("its answer is larger than {most} bytes")));
        }
        Ok(answer)
    }

    async fn invoke(
        &self,
        target: &HookTarget<'_>,
        source: &str,
        body: Vec<u8>,
        said: &mut Said,
    ) -> Result<Vec<u8>, HookFailure> {
        let begun = Instant::now();
        let _place = self.under_way.acquire().await.map_err(HookFailure::new)?;
        match target {
            HookTarget::Command(name) => {
                let command = self.settings.commands.get(*name).ok_or_else(|| {
                    HookFailure::new(format_args!(
                        "no command '{name}' under [hooks.commands] of the configuration"
                    ))
                })?;
                command::run(command, &body, &mut said.log).await
            }
            HookTarget::Url(url) => url::post(url, body, self.secret.as_ref(), &self.tls).await,
            HookTarget::Function(arn) => match self.endpoints.get(*arn) {
                Some(endpoint) => remote::invoke(endpoint, body, &self.tls, said).await,
                None => {
                    let budget = Duration::from_millis(limits::HOOK_MILLIS);
                    let left = budget.saturating_sub(begun.elapsed());
                    function::invoke(&self.functions, arn, source, body, left, said).await
                }
            },
        }
    }
}
