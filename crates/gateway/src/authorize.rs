//! May it? A principal, an action and a resource become an [`Authorized`] value, or a [`Denied`]
//! with its reasons.

use std::fmt;

use fleetwright_core::authorization::{Authorized, authorize_device};
use fleetwright_core::policy::{self, AttachedPolicy, Context, Request, Verdict};
use fleetwright_mqtt::{ConnectRequest, Delivery, SubscribeFilter};

use super::topics::{self, Message, Ordinary, Routed};
use crate::rights::Rights;
use crate::traces::Traces;

/// The actions that the gateway asks about (AWS: guide, "AWS IoT Core policy actions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Open a connection under a client id.
    Connect,
    /// Publish to a topic.
    Publish,
    /// Publish to a topic with RETAIN, beside [`Action::Publish`].
    RetainPublish,
    /// Subscribe to a filter, matched as literal text.
    Subscribe,
    /// Be given a message of a topic.
    Receive,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Connect => "iot:Connect",
            Self::Publish => "iot:Publish",
            Self::RetainPublish => "iot:RetainPublish",
            Self::Subscribe => "iot:Subscribe",
            Self::Receive => "iot:Receive",
        }
    }

    fn resource_kind(self) -> &'static str {
        match self {
            Self::Connect => "client",
            Self::Publish | Self::RetainPublish | Self::Receive => "topic",
            Self::Subscribe => "topicfilter",
        }
    }
}

/// An action was not allowed. `Display` is for the log and names what decided.
#[derive(Debug)]
pub(super) struct Denied {
    action: String,
    resource: String,
    verdict: Verdict,
    policy: Option<String>,
    version: Option<u32>,
    statement: Option<String>,
    hints: Vec<String>,
}

impl Denied {
    fn of(request: &Request<'_>, policies: &[AttachedPolicy], context: &Context<'_>) -> Self {
        let explanation = policy::explain(policies, request, context);
        let decided_by = explanation.decided_by.first();
        Self {
            action: request.action.to_owned(),
            resource: request.resource.to_owned(),
            verdict: explanation.verdict,
            policy: decided_by.map(|by| by.policy.to_string()),
            version: decided_by.map(|by| by.version),
            statement: decided_by.map(|by| match by.sid {
                Some(sid) => format!("{} ({sid})", by.statement),
                None => by.statement.to_string(),
            }),
            hints: explanation.hints.iter().map(ToString::to_string).collect(),
        }
    }

    /// Logs it, and tells whoever traces the client.
    pub(super) fn tell(&self, traces: &Traces, rights: &Rights) {
        self.log(rights);
        traces.note(rights.client_id(), "server", || self.to_string());
    }

    /// One structured line: who, what, which policy, version and statement decided, or that none
    /// did, and what most likely went wrong.
    fn log(&self, rights: &Rights) {
        tracing::warn!(
            event = "AUTHORIZATION_FAILURE",
            action = self.action,
            resource = self.resource,
            client_id = rights.client_id(),
            principal = %rights.principal_id(),
            verdict = self.verdict.as_str(),
            policy = self.policy.as_deref().unwrap_or("none"),
            version = self.version,
            statement = self.statement.as_deref().unwrap_or("none"),
            reason = %self,
        );
    }

    /// A short form for an MQTT 5 Reason String: names action and resource, not other policies.
    pub(super) fn reason_string(&self) -> String {
        let rule = match self.verdict {
            Verdict::ExplicitDeny => "a statement denies it",
            Verdict::ImplicitDeny | Verdict::Allowed => "no statement allows it",
        };
        format!("{} on {} is not allowed: {rule}", self.action, self.resource)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} denied: ", self.action, self.resource)?;
        match (&self.policy, self.version, &self.statement) {
            (Some(policy), Some(version), Some(statement)) => {
                write!(f, "policy {policy}, version {version}, statement {statement}")?;
            }
            _ => f.write_str("no statement of the attached policies allows it")?,
        }
        // Hints are whole sentences.
        if !self.hints.is_empty() {
            f.write_str(".")?;
        }
        self.hints.iter().try_for_each(|hint| write!(f, " {hint}"))
    }
}

/// What was refused, and why.
pub(super) type Refused<T> = Box<(T, Denied)>;

/// A CONNECT needs `iot:Connect`; its will `iot:Publish`, and `iot:RetainPublish` when retained.
/// The request comes back with a denial, for its refusal.
pub(super) fn connect(
    rights: &Rights,
    request: Box<ConnectRequest>,
) -> Result<Authorized<Box<ConnectRequest>>, Refused<Box<ConnectRequest>>> {
    let will_arn = request.will.as_ref().map(|will| rights.arn("topic", &will.topic));
    let attributes: &[&str] = match (request.session_expiry > 0, request.will.is_some()) {
        (false, false) => &[],
        (true, false) => &["PersistentConnect"],
        (false, true) => &["LastWill"],
        (true, true) => &["PersistentConnect", "LastWill"],
    };
    let context = Context {
        connect_attributes: Some(attributes),
        last_will_topic: will_arn.as_deref(),
        ..rights.context()
    };
    let authorized =
        decide(rights, request, &[Action::Connect], |_, rights| rights.client_id(), &context)?;
    let Some(will) = &authorized.will else { return Ok(authorized) };
    let actions = publishing(will.retain);
    let topic: Name<Box<ConnectRequest>> =
        |request, _| request.will.as_ref().map_or("", |will| &will.topic);
    decide(rights, authorized.into_inner(), actions, topic, &rights.context())
}

/// A publish, or a will when it is due, needs `iot:Publish`, and `iot:RetainPublish` when retained.
/// The message comes back with a denial, for its acknowledgement.
pub(super) fn publish<M: Message>(
    rights: &Rights,
    routed: Routed<M>,
) -> Result<Authorized<Routed<M>>, Refused<Routed<M>>> {
    let actions = publishing(routed.message().parts().retain);
    decide(rights, routed, actions, |routed, _| routed.message().parts().topic, &rights.context())
}

/// A message for subscribers, or else a request to the server; either with its proof.
pub(super) fn for_subscribers<M>(
    authorized: Authorized<Routed<M>>,
) -> Result<Authorized<Ordinary<M>>, Authorized<(topics::Request, M)>> {
    authorized.either(|routed| match routed {
        Routed::Subscribers(message) => Ok(message),
        Routed::Server(request, message) => Err((request, message)),
    })
}

/// A request that subscribers see, as a message for them.
pub(super) fn shown<M: Clone>(
    request: &Authorized<(topics::Request, M)>,
) -> Option<Authorized<Ordinary<M>>> {
    request.derive(|(request, message)| topics::shown(request, message).ok_or(())).ok()
}

/// A filter needs `iot:Subscribe` on its whole literal text.
pub(super) fn subscribe<'a>(
    rights: &Rights,
    filter: &'a SubscribeFilter,
) -> Result<Authorized<&'a SubscribeFilter>, Refused<&'a SubscribeFilter>> {
    decide(rights, filter, &[Action::Subscribe], |filter, _| &filter.filter, &rights.context())
}

/// A delivery needs `iot:Receive`, each time.
pub(super) fn receive(
    rights: &Rights,
    message: Delivery,
) -> Result<Authorized<Delivery>, Refused<Delivery>> {
    decide(rights, message, &[Action::Receive], |message, _| &message.topic, &rights.context())
}

fn publishing(retain: bool) -> &'static [Action] {
    if retain { &[Action::Publish, Action::RetainPublish] } else { &[Action::Publish] }
}

/// What a value names: a client id, a topic, a filter.
type Name<T> = for<'v> fn(&'v T, &'v Rights) -> &'v str;

/// Asks the policies in force about each of one or two actions, all on the resource that the value
/// names.
fn decide<T>(
    rights: &Rights,
    value: T,
    actions: &[Action],
    name: Name<T>,
    context: &Context<'_>,
) -> Result<Authorized<T>, Refused<T>> {
    let values: Vec<Vec<&str>> = rights.keys().iter().map(|(_, all)| texts(all)).collect();
    let extra: Vec<(&str, &[&str])> =
        rights.keys().iter().zip(&values).map(|((key, _), all)| (&**key, &**all)).collect();
    let context = &Context { extra: &extra, ..*context };
    let kind = actions.first().map_or("", |action| action.resource_kind());
    let resource = rights.arn(kind, name(&value, rights));
    let request = |action: &Action| Request { action: action.name(), resource: &resource };
    let asked = |value, policies: &[AttachedPolicy]| {
        let decided = match actions {
            [first] => authorize_device(value, &[request(first)], policies, context),
            [first, then] => {
                let requests = [request(first), request(then)];
                authorize_device(value, &requests, policies, context)
            }
            _ => Err((value, 0)),
        };
        decided.map_err(|(value, refused)| {
            let action = actions.get(refused).map_or("", |action| action.name());
            let denied = Denied::of(&Request { action, resource: &resource }, policies, context);
            Box::new((value, denied))
        })
    };
    let authorized = asked(value, rights.policies())?;
    match rights.session() {
        None => Ok(authorized),
        Some(session) => asked(authorized.into_inner(), session),
    }
}

fn texts(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}
