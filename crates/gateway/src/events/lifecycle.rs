//! What connections do (AWS: guide, "Lifecycle events"): always published, to those whose policy
//! lets them subscribe.

use std::net::IpAddr;

use fleetwright_core::event::Event;
use fleetwright_core::names::ThingName;
use fleetwright_core::time::Timestamp;
use serde_json::{Value, json};

use crate::principal::PrincipalId;

/// A connection as its events name it.
#[derive(Debug, Clone)]
pub struct Connection<'a> {
    /// Its client id.
    pub client_id: &'a str,
    /// The thing that its certificate is attached to exclusively, if it is.
    pub thing: Option<&'a ThingName>,
    /// Who it is.
    pub principal: PrincipalId,
    /// Rises with each connection, for ever; the same for a connection's begin and end.
    pub number: u64,
    /// The peer's address.
    pub address: IpAddr,
}

impl Connection<'_> {
    /// AWS: a client id with `#` or `+` makes no events, for its topic would be a filter.
    fn event(&self, kind: &str, name: &str, at: Timestamp, more: Value) -> Option<Event> {
        if self.client_id.contains(['#', '+', '/', '\0']) {
            return None;
        }
        let mut members = json!({
            "clientId": self.client_id,
            "timestamp": at.0,
            "eventType": name,
            "sessionIdentifier": format!("{:032x}", self.number),
            "principalIdentifier": self.principal.to_string(),
        });
        if let (Some(members), Value::Object(more)) = (members.as_object_mut(), more) {
            members.extend(self.thing.map(|thing| ("thingName".into(), thing.as_str().into())));
            members.extend(more);
        }
        let topic = format!("$aws/events/{kind}/{name}/{}", self.client_id);
        Some(Event::new(topic, &members))
    }

    /// It is online.
    pub fn connected(&self, at: Timestamp) -> Option<Event> {
        let more = json!({"ipAddress": self.address.to_string(), "versionNumber": self.number});
        self.event("presence", "connected", at, more)
    }

    /// It is no longer; `reason` is AWS's `disconnectReason`.
    pub fn disconnected(&self, reason: &str, by_client: bool, at: Timestamp) -> Option<Event> {
        let more = json!({
            "clientInitiatedDisconnect": by_client,
            "disconnectReason": reason,
            "versionNumber": self.number,
        });
        self.event("presence", "disconnected", at, more)
    }

    /// Its policies did not let it in.
    pub(crate) fn connect_failed(&self, at: Timestamp) -> Option<Event> {
        let more = json!({
            "connectFailureReason": "AUTHORIZATION_FAILED",
            "ipAddress": self.address.to_string(),
        });
        self.event("presence", "connect_failed", at, more)
    }

    /// It subscribed to filters.
    pub fn subscribed(&self, filters: &[&str], at: Timestamp) -> Option<Event> {
        self.event("subscriptions", "subscribed", at, json!({"topics": filters}))
    }

    /// It ended subscriptions.
    pub fn unsubscribed(&self, filters: &[&str], at: Timestamp) -> Option<Event> {
        self.event("subscriptions", "unsubscribed", at, json!({"topics": filters}))
    }
}
