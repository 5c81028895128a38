//! The decision whether a service may invoke a function: its resource-based policy is asked, and
//! nothing else.

use std::fmt;
use std::sync::Arc;

use super::FunctionRef;
use crate::arn::AccountScope;
use crate::names::PolicyName;
use crate::policy::{
    AttachedPolicy, Context, Document, MalformedPolicy, Principal, Request, Verdict, decide,
};
use crate::time::Timestamp;

/// What a service needs to be allowed. AWS: service authorization reference of Lambda.
pub(super) const INVOKE: &str = "lambda:InvokeFunction";

/// On whose behalf a service invokes a function.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `aws:SourceArn`, for instance of a provisioning template.
    pub arn: &'a str,
    /// `aws:SourceAccount`
    pub account: &'a str,
}

/// A service's wish to invoke a function.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCall<'a> {
    /// For instance `iot.amazonaws.com`.
    pub service: &'a str,
    /// The function, as the service names it: the policy asked must be that of the same
    /// qualifier.
    pub function: &'a FunctionRef,
    /// On whose behalf.
    pub source: Source<'a>,
    /// The present time.
    pub now: Timestamp,
}

/// Proof that a function's policy lets a service invoke it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayInvoke {
    function: FunctionRef,
    decided_by: String,
}

/// A service may not invoke a function. Its `Display` says why, and is for the log or for the
/// owner of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayNotInvoke {
    /// What is missing, or which statement denies.
    pub reason: String,
    /// The command of the AWS CLI that gives the permission; `None` when a statement denies.
    pub way_out: Option<String>,
}

impl MayInvoke {
    /// The function that may be invoked.
    pub fn function(&self) -> &FunctionRef {
        &self.function
    }

    /// The statement that allows it.
    pub fn decided_by(&self) -> &str {
        &self.decided_by
    }
}

/// Whether a service may invoke a function. `policy` is the function's policy of the very
/// qualifier that `call` names; without one nobody may.
///
/// # Errors
/// [`MayNotInvoke`]: no policy, no statement that allows, one that denies, or a policy that is
/// none.
pub fn service_may_invoke(
    scope: &AccountScope,
    policy: Option<&str>,
    call: &ServiceCall<'_>,
) -> Result<MayInvoke, MayNotInvoke> {
    let resource = call.function.arn(scope);
    let missing = |reason| MayNotInvoke { reason, way_out: Some(add_permission(call)) };
    let Some(text) = policy else {
        return Err(missing(format!("{resource} has no policy, so nobody may invoke it")));
    };
    let broken = |error: MalformedPolicy| MayNotInvoke {
        reason: format!("the policy of {resource} is not valid: {error}"),
        way_out: None,
    };
    let document = Document::parse_resource(text).map_err(broken)?;
    let name = PolicyName::parse("default").map_err(|rule| missing(rule.to_string()))?;
    let policies = [AttachedPolicy { name, version: 1, document: Arc::new(document) }];
    let keys: [(&str, &[&str]); 2] =
        [("aws:SourceArn", &[call.source.arn]), ("aws:SourceAccount", &[call.source.account])];
    let context = Context {
        now: Some(call.now),
        extra: &keys,
        principals: &[Principal { kind: "Service", id: call.service }],
        ..Context::default()
    };
    let request = Request { action: INVOKE, resource: &resource };
    let decision = decide(&policies, &request, &context);
    let decided_by = decision.decided_by.map(|by| by.to_string()).unwrap_or_default();
    match decision.verdict {
        Verdict::Allowed => Ok(MayInvoke { function: call.function.clone(), decided_by }),
        Verdict::ExplicitDeny => Err(MayNotInvoke {
            reason: format!("{decided_by} of {resource} denies {INVOKE} to {}", call.service),
            way_out: None,
        }),
        Verdict::ImplicitDeny => Err(missing(format!(
            "no statement of the policy of {resource} allows {INVOKE} to {} for {}",
            call.service, call.source.arn
        ))),
    }
}

/// The command that gives the permission.
fn add_permission(call: &ServiceCall<'_>) -> String {
    let FunctionRef { name, qualifier } = call.function;
    let qualifier = qualifier.as_ref().map(|text| format!(" --qualifier {text}"));
    let id = call.service.split('.').next().unwrap_or_default();
    format!(
        "aws lambda add-permission --function-name {name}{} --statement-id {id} --action {INVOKE} \
         --principal {} --source-arn {} --source-account {}",
        qualifier.unwrap_or_default(),
        call.service,
        call.source.arn,
        call.source.account
    )
}

impl fmt::Display for MayNotInvoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        self.way_out.as_ref().map_or(Ok(()), |command| write!(f, "; allow it with: {command}"))
    }
}

impl std::error::Error for MayNotInvoke {}
