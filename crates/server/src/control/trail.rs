//! What a request leaves in the audit trail, gathered as it becomes known: of a change, the record
//! that goes into its commit; of all else, one after the answer.

use std::sync::Arc;

use fleetwright_core::authorization::Member;
use fleetwright_core::certificate::Instant;
use fleetwright_store::{AuditRecord, Recording};
use http::StatusCode;

use super::authorize::{Holds, Peer};
use super::error::Failure;
use super::iot;
use super::query::Form;
use super::service::Service;
use crate::audit::{self, ACCEPTED, ANONYMOUS, DENIED, REJECTED};

/// The operations that are followed: they leave a record when they are refused only, or whoever
/// follows the trail would read of nothing but himself.
const FOLLOWED: &[&str] = &["ReadAudit", "ReadFunctionLogs"];
/// The operation of a request that names none.
const UNKNOWN: &str = "unknown";
/// Parameters of a form whose values name its resource; none of them is a secret.
const NAMING: &[&str] = &[
    "GroupName",
    "OpenIDConnectProviderArn",
    "PolicyArn",
    "PolicyName",
    "RoleArn",
    "RoleName",
    "UserName",
];

/// A request as far as it is known.
#[derive(Default)]
pub(super) struct Trail {
    peer: Option<Peer>,
    /// ARN of the caller, once proven.
    pub(super) principal: Option<String>,
    operation: Option<String>,
    resource: Option<String>,
    parameters: String,
    /// The record that goes with the change.
    recording: Option<Arc<Recording>>,
}

impl Trail {
    /// Nothing is known but where the request came from.
    pub(super) fn from(peer: Option<Peer>) -> Self {
        Self { peer, ..Self::default() }
    }

    /// Notes the operation, its resource and the names of its parameters.
    pub(super) fn about(&mut self, service: Service, operation: &str, call: &iot::Call) {
        self.operation = Some(qualified(service, operation));
        self.resource = joined(call.labels.iter().map(|(_, value)| value.as_str()));
        if service == Service::Lambda && self.resource.is_none() {
            self.resource = call.values(Member::Body("FunctionName")).pop();
        }
        let mut names = call.query_names();
        // The body of a message or of an invocation is somebody's data, no parameters.
        if service == Service::Iot || service == Service::Lambda && operation != "Invoke" {
            names.extend(call.body_names());
        }
        self.parameters = names.join(",");
    }

    /// The same of a form.
    pub(super) fn about_form(&mut self, service: Service, operation: &str, form: &Form) {
        self.operation = Some(qualified(service, operation));
        self.resource = joined(NAMING.iter().filter_map(|name| form.get(name)));
        let own = |name: &&str| !matches!(*name, "Action" | "Version");
        self.parameters = form.names().filter(own).collect::<Vec<_>>().join(",");
    }

    /// The record that the operation's change is written with, once the operation is known.
    pub(super) fn recording(&mut self, request_id: &str, at: Instant) -> Arc<Recording> {
        let record = AuditRecord {
            at,
            principal: self.principal.clone().unwrap_or_else(|| ANONYMOUS.to_owned()),
            client_id: None,
            operation: self.operation.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            resource: self.resource.clone(),
            parameters: self.parameters.clone(),
            source: self.peer.map(|peer| peer.address.to_string()),
            outcome: ACCEPTED.to_owned(),
            code: None,
            reason: None,
            request_id: request_id.to_owned(),
        };
        let recording = audit::recording(record);
        self.recording = Some(Arc::clone(&recording));
        recording
    }

    /// The record of what it came to; `None` when it leaves none, or has left it with its change.
    /// Should a request be refused after it changed something, it leaves both.
    pub(super) fn record<T>(
        mut self,
        outcome: &Result<T, Failure>,
        request_id: &str,
        at: Instant,
    ) -> Option<AuditRecord> {
        let failure = outcome.as_ref().err();
        let followed = self.operation.as_deref().is_some_and(|name| FOLLOWED.contains(&name));
        if failure.is_none() && followed {
            return None;
        }
        if let Some(recording) = &self.recording {
            if failure.is_none() && recording.is_kept() {
                return None;
            }
            self.resource = recording.record().resource;
        }
        let outcome = match failure.map(|failure| failure.status) {
            None => ACCEPTED,
            Some(StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) => DENIED,
            Some(_) => REJECTED,
        };
        Some(AuditRecord {
            at,
            principal: self.principal.unwrap_or_else(|| ANONYMOUS.to_owned()),
            client_id: None,
            operation: self.operation.unwrap_or_else(|| UNKNOWN.to_owned()),
            resource: self.resource,
            parameters: self.parameters,
            source: self.peer.map(|peer| peer.address.to_string()),
            outcome: outcome.to_owned(),
            code: failure.map(|failure| failure.name.to_string()),
            reason: failure.map(|failure| failure.message.clone()),
            request_id: request_id.to_owned(),
        })
    }
}

/// The operation's name; with its service before it unless that is AWS IoT, for IAM has a
/// `CreatePolicy` as well.
fn qualified(service: Service, operation: &str) -> String {
    match service {
        Service::Iot => operation.to_owned(),
        other => format!("{}:{operation}", other.signing_name()),
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join("/"))
}
