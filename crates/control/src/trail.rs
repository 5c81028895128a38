//! What a request leaves in the audit trail, gathered as it becomes known: for a change, the record
//! in its commit; for everything else, one after the response.

use std::sync::Arc;

use fleetwright_core::authorization::Member;
use fleetwright_core::time::Timestamp;
use fleetwright_installation::audit::{self, ACCEPTED, ANONYMOUS, DENIED, REJECTED};
use fleetwright_store::{AuditRecord, Recording};
use http::StatusCode;

use super::authorize::{Peer, RequestContext, RequestMembers};
use super::error::ApiError;
use super::query::Form;
use super::rest::Call;
use super::service::Service;

/// Operations that read continuously: only their refusals are recorded, or a reader of the trail would
/// mostly find its own queries.
const CONTINUOUS: &[&str] = &["ReadAudit", "ReadFunctionLogs"];
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

/// Members of a body that name the resource of an operation whose path names none; none of them is a
/// secret.
const BODY_NAMING: &[&str] = &[
    "FunctionName",
    "templateName",
    "thingGroupName",
    "billingGroupName",
    "thingName",
    "resourceArn",
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
    pub(super) fn about(&mut self, call: &Call) {
        let RequestContext { service, operation, .. } = call.context;
        self.operation = Some(qualified(service, operation));
        self.resource = joined(call.labels.iter().map(|(_, value)| value.as_str()));
        if self.resource.is_none() {
            let members = BODY_NAMING.iter().flat_map(|name| call.values(Member::Body(name)));
            let members: Vec<String> = members.collect();
            self.resource = joined(members.iter().map(String::as_str));
        }
        let mut names = call.query_names();
        // The body of a message or of an invocation is data, not parameters.
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

    /// Notes an operation of our own that has no parameters but its token.
    pub(super) fn about_own(&mut self, operation: &str) {
        self.operation = Some(operation.to_owned());
    }

    /// Notes the operation of a service that is not here.
    pub(super) fn about_absent(&mut self, operation: String) {
        self.operation = Some(operation);
    }

    /// The record that the operation's change is written with, once the operation is known.
    pub(super) fn recording(&mut self, request_id: &str, at: Timestamp) -> Arc<Recording> {
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

    /// The record of the outcome; `None` when there is none, or it was written with its change.
    /// A request that is refused after it changed something leaves both.
    pub(super) fn record<T>(
        mut self,
        outcome: &Result<T, ApiError>,
        service: Service,
        request_id: &str,
        at: Timestamp,
    ) -> Option<AuditRecord> {
        let error = outcome.as_ref().err();
        let continuous = self.operation.as_deref().is_some_and(|name| CONTINUOUS.contains(&name));
        if error.is_none() && continuous {
            return None;
        }
        if let Some(recording) = &self.recording {
            if error.is_none() && recording.is_committed() {
                return None;
            }
            self.resource = recording.record().resource;
        }
        let outcome = match error.map(|error| error.status(service)) {
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
            code: error.map(|error| error.name(service).to_owned()),
            reason: error.map(|error| error.message.clone()),
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
