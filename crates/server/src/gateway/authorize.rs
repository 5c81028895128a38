//! May it? A principal, an action and a resource become an [`Authorized`] value, or a [`Denied`]
//! with its reasons. Nothing else makes an `Authorized`.

use std::fmt;

use fleetwright_core::policy::{self, Context, Request, Verdict};
use fleetwright_mqtt::{ConnectRequest, Delivery, SubscribeFilter};

use super::topics::{self, Message, Ordinary, Routed};
use crate::policies::Rights;

/// Proof that the policies in force allowed an action on this very value.
#[derive(Debug)]
pub(super) struct Authorized<T>(T);

impl<T> Authorized<T> {
    /// The value, proof spent.
    pub(super) fn into_inner(self) -> T {
        self.0
    }

    /// The value, proof kept.
    pub(super) fn get(&self) -> &T {
        &self.0
    }
}

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
    action: &'static str,
    resource: String,
    verdict: Verdict,
    policy: Option<String>,
    version: Option<u32>,
    statement: Option<String>,
    hints: Vec<String>,
}

impl Denied {
    /// One structured line: who, what, which policy, version and statement decided, or that none
    /// did, and what most likely went wrong.
    pub(super) fn log(&self, rights: &Rights) {
        tracing::warn!(
            event = "AUTHORIZATION_FAILURE",
            action = self.action,
            resource = self.resource,
            client_id = rights.client_id(),
            principal = %rights.certificate_id(),
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
        self.hints.iter().try_for_each(|hint| write!(f, ". {hint}"))
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
    let asked: &[&str] = match (request.session_expiry > 0, request.will.is_some()) {
        (false, false) => &[],
        (true, false) => &["PersistentConnect"],
        (false, true) => &["LastWill"],
        (true, true) => &["PersistentConnect", "LastWill"],
    };
    let context = Context {
        connect_attributes: Some(asked),
        last_will_topic: will_arn.as_deref(),
        ..rights.context()
    };
    let decided =
        decide(rights, Action::Connect, rights.client_id(), &context).and_then(|()| match &request
            .will
        {
            Some(will) => may_publish(rights, &will.topic, will.retain),
            None => Ok(()),
        });
    match decided {
        Ok(()) => Ok(Authorized(request)),
        Err(denied) => Err(Box::new((request, *denied))),
    }
}

/// A publish, or a will when it is due, needs `iot:Publish`, and `iot:RetainPublish` when retained.
/// The message comes back with a denial, for its acknowledgement.
pub(super) fn publish<M: Message>(
    rights: &Rights,
    routed: Routed<M>,
) -> Result<Authorized<Routed<M>>, Refused<Routed<M>>> {
    let message = routed.message();
    match may_publish(rights, message.topic(), message.retain()) {
        Ok(()) => Ok(Authorized(routed)),
        Err(denied) => Err(Box::new((routed, *denied))),
    }
}

/// A message that the caller's identity policies allowed, not a certificate's: the proof was given
/// where the request was signed.
pub(super) fn vouched<M>(routed: Routed<M>) -> Authorized<Routed<M>> {
    Authorized(routed)
}

impl<M> Authorized<Routed<M>> {
    /// The message for subscribers, still with its proof, or the request to the server.
    pub(super) fn for_subscribers(self) -> Result<Authorized<Ordinary<M>>, (topics::Request, M)> {
        match self.0 {
            Routed::Subscribers(message) => Ok(Authorized(message)),
            Routed::Server(request, message) => Err((request, message)),
        }
    }
}

/// A filter needs `iot:Subscribe` on its whole literal text.
pub(super) fn subscribe<'a>(
    rights: &Rights,
    filter: &'a SubscribeFilter,
) -> Result<Authorized<&'a SubscribeFilter>, Box<Denied>> {
    decide(rights, Action::Subscribe, &filter.filter, &rights.context())
        .map(|()| Authorized(filter))
}

/// A delivery needs `iot:Receive`, each time.
pub(super) fn receive(
    rights: &Rights,
    message: Delivery,
) -> Result<Authorized<Delivery>, Box<Denied>> {
    decide(rights, Action::Receive, &message.topic, &rights.context()).map(|()| Authorized(message))
}

fn may_publish(rights: &Rights, topic: &str, retain: bool) -> Result<(), Box<Denied>> {
    decide(rights, Action::Publish, topic, &rights.context())?;
    if retain { decide(rights, Action::RetainPublish, topic, &rights.context()) } else { Ok(()) }
}

fn decide(
    rights: &Rights,
    action: Action,
    name: &str,
    context: &Context<'_>,
) -> Result<(), Box<Denied>> {
    let resource = rights.arn(action.resource_kind(), name);
    let request = Request { action: action.name(), resource: &resource };
    if policy::decide(rights.policies(), &request, context).is_allowed() {
        return Ok(());
    }
    let explanation = policy::explain(rights.policies(), &request, context);
    let decided_by = explanation.decided_by.first();
    Err(Box::new(Denied {
        action: action.name(),
        verdict: explanation.verdict,
        policy: decided_by.map(|by| by.policy.to_string()),
        version: decided_by.map(|by| by.version),
        statement: decided_by.map(|by| match by.sid {
            Some(sid) => format!("{} ({sid})", by.statement),
            None => by.statement.to_string(),
        }),
        hints: explanation.hints.iter().map(ToString::to_string).collect(),
        resource,
    }))
}
