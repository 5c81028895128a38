//! Pre-provisioning hooks: a function, a local command or a URL decides whether a device may be provisioned.
//!
//! Every failure refuses: no such target, an error, a time-out, an answer that is too large or is
//! no verdict (house invariant 6).

mod allow_list;
mod command;
mod error;
mod function;
mod http;
mod outcome;
mod recent_events;
mod remote;
mod settings;
mod signature;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
pub(crate) use error::HookError;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::FunctionName;
use fleetwright_core::hook::{HookRequest, HookTarget, Verdict};
use fleetwright_core::limits;
pub use outcome::HookOutcome;
use recent_events::RecentEvents;
use serde::Serialize;
pub use settings::{HookCommand, LambdaEndpoint, Settings};
use signature::Secret;
use tokio::sync::Semaphore;

use crate::Functions;

/// What a function may take beyond [`limits::HOOK_MILLIS`], which it keeps by itself, to report
/// its own time-out. (ours)
const REPORT_GRACE: Duration = Duration::from_millis(250);
/// Bytes of what a hook printed that are kept. (ours; AWS: 4 KB of a log's end)
const LOG_BYTES: usize = 4096;

/// Calls hooks, at most [`limits::HOOKS_AT_ONCE`] at once, each within [`limits::HOOK_MILLIS`].
pub struct Hooks {
    targets: ArcSwap<Targets>,
    functions: Arc<Functions>,
    recorded: RecentEvents,
    under_way: Semaphore,
}

/// What may be called, and how.
struct Targets {
    settings: Settings,
    tls: Arc<rustls::ClientConfig>,
    secret: Option<Secret>,
    endpoints: BTreeMap<String, remote::Endpoint>,
}

impl Targets {
    fn new(settings: Settings, tls: Arc<rustls::ClientConfig>) -> Result<Self, String> {
        let secret = settings.hmac_secret_file.as_deref().map(Secret::read).transpose()?;
        let elsewhere = settings.lambda_endpoints.iter();
        let endpoints = elsewhere
            .map(|(arn, settings)| Ok((arn.clone(), remote::Endpoint::open(arn, settings)?)))
            .collect::<Result<_, String>>()?;
        Ok(Self { settings, tls, secret, endpoints })
    }
}

/// What is known of a call beside its answer, filled in while it runs.
#[derive(Debug, Default)]
struct HookCall {
    /// The function of this server that ran, and its version.
    function: Option<(FunctionName, String)>,
    /// Of the invocation, here or elsewhere.
    request_id: Option<String>,
    /// What was printed, at most [`LOG_BYTES`].
    log: Vec<u8>,
}

impl HookCall {
    /// Keeps the end of a function's log.
    fn keep_end(&mut self, log: &[u8]) {
        let from = log.len().saturating_sub(LOG_BYTES);
        self.log = log.get(from..).unwrap_or_default().to_vec();
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&self.log).into_owned()
    }
}

/// What may be called, read and not yet in force.
pub struct ReadHooks(Arc<Targets>);

impl Hooks {
    /// `settings` is the configuration's section; `tls` has the trusted roots for HTTPS.
    ///
    /// # Errors
    /// When a secret's file cannot be read, or its secret not be used.
    pub fn new(
        settings: Settings,
        tls: Arc<rustls::ClientConfig>,
        functions: Arc<Functions>,
    ) -> Result<Self, String> {
        let recorded = RecentEvents::new(settings.record_events);
        let targets = ArcSwap::from_pointee(Targets::new(settings, tls)?);
        let under_way = Semaphore::new(limits::HOOKS_AT_ONCE);
        Ok(Self { targets, functions, recorded, under_way })
    }

    /// Reads what may be called, for [`Hooks::take`].
    ///
    /// # Errors
    /// As [`Hooks::new`].
    pub fn read(settings: Settings, tls: Arc<rustls::ClientConfig>) -> Result<ReadHooks, String> {
        Ok(ReadHooks(Arc::new(Targets::new(settings, tls)?)))
    }

    /// What may be called from now on; calls that are under way come to their end. How many events
    /// are kept does not change.
    pub fn take(&self, ReadHooks(targets): ReadHooks) {
        self.targets.store(targets);
    }

    /// The principal that a hook is to the control plane, where it is a function of this server's:
    /// commands and URLs have whatever credentials their owners gave them.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn principal(&self, target: &str) -> Result<Option<String>, Refusal> {
        match HookTarget::parse(target) {
            Ok(HookTarget::Function(arn)) if !self.targets.load().endpoints.contains_key(arn) => {
                self.functions.principal(arn).await
            }
            _ => Ok(None),
        }
    }

    /// Reads a target that is about to be attached or called.
    ///
    /// # Errors
    /// A sentence that names the target's fault: it is none, or a URL that the server's
    /// configuration does not list.
    pub fn target<'t>(&self, text: &'t str) -> Result<HookTarget<'t>, String> {
        let target = HookTarget::parse(text)?;
        match &target {
            HookTarget::Url(url)
                if !allow_list::is_listed(&self.targets.load().settings.urls, url) =>
            {
                Err(format!(
                    "'{text}' is not among the URLs that this server may ask: its operator must list \
                 it under [hooks] urls of the configuration"
                ))
            }
            _ => Ok(target),
        }
    }

    /// Keeps an event, if the configuration wants that, under its request id in the audit trail.
    pub fn record(&self, request_id: &str, event: &HookRequest) {
        self.recorded.insert(request_id, event);
    }

    /// The event of a request, if it was kept.
    pub fn recorded(&self, request_id: &str) -> Option<HookRequest> {
        self.recorded.find(request_id)
    }

    /// Calls the hook that a template names. The verdict is written into a function's own log.
    pub async fn decide(&self, target: &str, request: &HookRequest) -> HookOutcome {
        let begun = Instant::now();
        let mut call = HookCall::default();
        let answer = self.call_with(target, &request.template_arn, request, &mut call).await;
        let verdict = answer.and_then(|bytes| Verdict::parse(&bytes).map_err(HookError::new));
        let verdict = verdict.map_err(|failure| failure.without(&request.parameters));
        if let (Some((function, version)), Some(id)) = (&call.function, &call.request_id) {
            let note = outcome::note(id, &request.client_id, &verdict);
            self.functions.note(function, version, Some(id), &note);
        }
        HookOutcome {
            target: target.to_owned(),
            verdict,
            log: call.log(),
            request_id: call.request_id,
            took: begun.elapsed(),
        }
    }

    /// Calls any function: its answer, at most [`limits::HOOK_ANSWER_BYTES`], within
    /// [`limits::HOOK_MILLIS`]. `source` is the ARN of what names the target: a Lambda function's
    /// policy must allow AWS IoT to invoke it for that.
    pub async fn call(
        &self,
        target: &str,
        source: &str,
        request: &impl Serialize,
    ) -> Result<Vec<u8>, HookError> {
        self.call_with(target, source, request, &mut HookCall::default()).await
    }

    async fn call_with(
        &self,
        target: &str,
        source: &str,
        request: &impl Serialize,
        call: &mut HookCall,
    ) -> Result<Vec<u8>, HookError> {
        let body = serde_json::to_vec(request).map_err(HookError::new)?;
        let parsed = self.target(target).map_err(HookError::new)?;
        let own = Duration::from_millis(limits::HOOK_MILLIS);
        let limit = match parsed {
            HookTarget::Function(_) => own + REPORT_GRACE,
            HookTarget::Command(_) | HookTarget::Url(_) => own,
        };
        let invoked = tokio::time::timeout(limit, self.invoke(&parsed, source, body, call)).await;
        if matches!(parsed, HookTarget::Command(_)) && !call.log.is_empty() {
            tracing::info!(hook = target, printed = call.log(), "what a hook's command printed");
        }
        let answer = invoked.map_err(|_| {
            HookError::new(format_args!("no answer within {} ms", limits::HOOK_MILLIS))
        })??;
        if answer.len() > limits::HOOK_ANSWER_BYTES {
            let most = limits::HOOK_ANSWER_BYTES;
            return Err(HookError::new(format_args!("its answer is larger than {most} bytes")));
        }
        Ok(answer)
    }

    async fn invoke(
        &self,
        target: &HookTarget<'_>,
        source: &str,
        body: Vec<u8>,
        call: &mut HookCall,
    ) -> Result<Vec<u8>, HookError> {
        let begun = Instant::now();
        let _permit = self.under_way.acquire().await.map_err(HookError::new)?;
        let targets = self.targets.load_full();
        match target {
            HookTarget::Command(name) => {
                let command = targets.settings.commands.get(*name).ok_or_else(|| {
                    HookError::new(format_args!(
                        "no command '{name}' under [hooks.commands] of the configuration"
                    ))
                })?;
                command::run(command, &body, &mut call.log).await
            }
            HookTarget::Url(url) => {
                url::post(url, body, targets.secret.as_ref(), &targets.tls).await
            }
            HookTarget::Function(arn) => match targets.endpoints.get(*arn) {
                Some(endpoint) => remote::invoke(endpoint, body, &targets.tls, call).await,
                None => {
                    let budget = Duration::from_millis(limits::HOOK_MILLIS);
                    let left = budget.saturating_sub(begun.elapsed());
                    function::invoke(&self.functions, arn, source, body, left, call).await
                }
            },
        }
    }
}
