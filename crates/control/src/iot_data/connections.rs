//! Connections: who is connected, ending a connection, a message to one client. AWS: guide, "MQTT
//! connection operations", "Direct messaging".

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytestring::ByteString;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::connection::{Connection, NotDelivered};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_host::random;
use fleetwright_mqtt::Publish;
use serde_json::{Value, json};

use super::publish;
use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::page::{NEXT_TOKEN, cut};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DeleteConnection", delete_connection),
    operation!("GetConnection", get_connection),
    operation!("ListSubscriptions", list_subscriptions),
    operation!("SendDirectMessage", send_direct_message),
];

/// Bytes of a client id. AWS: shape `ClientId`.
const CLIENT_ID_BYTES: usize = 128;
/// Subscriptions of a page. AWS: shape `SubscriptionMaxResults`.
const SUBSCRIPTIONS: u64 = 200;
/// The same, if not asked for.
const SUBSCRIPTIONS_DEFAULT: usize = 20;
/// Seconds that a confirmation is waited for, if not said. (ours)
const CONFIRMATION: u64 = 10;
/// The most. (ours)
const CONFIRMATION_MOST: u64 = 30;

/// The client id of a path.
pub(crate) fn client_id(call: &Call) -> Result<&str, Refusal> {
    let id = call.label_text("clientId")?;
    if id.is_empty() || id.len() > CLIENT_ID_BYTES || id.starts_with('$') {
        return Err(invalid(format!(
            "The client id must be 1 to {CLIENT_ID_BYTES} bytes and must not begin with '$'."
        )));
    }
    Ok(id)
}

fn unknown(client_id: &str) -> ApiError {
    let message = format!("The client '{client_id}' is not connected and has no session.");
    ApiError::new(ErrorCode::ResourceNotFound, message)
}

/// A flag that may be written in capitals.
fn flag(call: &Call, name: &str) -> Result<bool, Refusal> {
    match call.query_text(name)? {
        Some("TRUE") => Ok(true),
        Some("FALSE") => Ok(false),
        _ => call.query_flag(name),
    }
}

/// `DeleteConnection`: ends the connection, with `cleanSession` the session too.
async fn delete_connection(control: &Control, call: &Authorized<Call>) -> Outcome {
    let client_id = client_id(call)?;
    let (session, without_will) = (flag(call, "cleanSession")?, flag(call, "preventWillMessage")?);
    match control.connections.end(&control.store, client_id, session, without_will).await? {
        true => Ok(Answer::ok()),
        false => Err(unknown(client_id)),
    }
}

/// `GetConnection`: of a client that is connected, or was half an hour ago, or has a session.
async fn get_connection(control: &Control, call: &Authorized<Call>) -> Outcome {
    let client_id = client_id(call)?;
    let sockets = flag(call, "includeSocketInformation")?;
    if let Some(connection) = control.connections.get(client_id).await {
        return Ok(Answer::json(connected(&connection, sockets)));
    }
    let found = control.connections.disconnected(client_id).await?;
    let found = found.ok_or_else(|| unknown(client_id))?;
    Ok(Answer::json(json!({
        "connected": false,
        "clientId": client_id,
        "disconnectedSince": found.last.map(|(at, _)| at.0),
        "disconnectReason": found.last.map(|(_, reason)| reason),
        "sessionExpiry": found.session.map_or(0, |session| session.expiry),
    })))
}

fn connected(connection: &Connection, sockets: bool) -> Value {
    let ip = |address: Option<std::net::SocketAddr>| {
        address.filter(|_| sockets).map(|address| address.ip().to_string())
    };
    let port = |address: Option<std::net::SocketAddr>| {
        address.filter(|_| sockets).map(|address| address.port())
    };
    json!({
        "connected": true,
        "clientId": connection.client_id,
        "thingName": connection.thing,
        "cleanSession": connection.clean,
        "keepAliveDuration": connection.keep_alive,
        "connectedSince": connection.since.0,
        "sessionExpiry": connection.session_expiry,
        "sourceIp": ip(connection.source),
        "sourcePort": port(connection.source),
        "targetIp": ip(connection.target),
        "targetPort": port(connection.target),
    })
}

/// `ListSubscriptions`, by their filters.
async fn list_subscriptions(control: &Control, call: &Authorized<Call>) -> Outcome {
    let client_id = client_id(call)?;
    let mut page = NEXT_TOKEN.read_up_to(call, SUBSCRIPTIONS)?;
    if call.query_text("maxResults")?.is_none() {
        page.size = SUBSCRIPTIONS_DEFAULT;
    }
    let subscriptions = match control.connections.get(client_id).await {
        Some(connection) => connection.subscriptions,
        None => {
            let found = control.connections.disconnected(client_id).await?;
            let session = found.and_then(|found| found.session);
            session.ok_or_else(|| unknown(client_id))?.subscriptions
        }
    };
    let (page, next) = cut(subscriptions, &page, |(filter, _)| filter);
    let (token, next) = NEXT_TOKEN.next(next.as_deref());
    let page = page.into_iter().map(|(filter, qos)| json!({"topicFilter": filter, "qos": qos}));
    Ok(Answer::json(json!({"subscriptions": page.collect::<Vec<_>>(), token: next})))
}

/// `SendDirectMessage`: to one client, which need not have subscribed to the topic.
async fn send_direct_message(control: &Control, call: &Authorized<Call>) -> Outcome {
    let client_id = client_id(call)?;
    let confirmation = flag(call, "confirmation")?;
    let seconds = call.query_integer("timeout", 1..=CONFIRMATION_MOST)?;
    let wait = Duration::from_secs(seconds.unwrap_or(CONFIRMATION));
    let message = call.derive(message)?;
    let sent = control.connections.send(client_id, message, confirmation.then_some(wait)).await;
    match sent {
        Ok(()) => {
            let trace_id = random::uuid()?.to_string();
            Ok(Answer::json(json!({ "message": "OK", "traceId": trace_id })))
        }
        Err(why) => Err(not_delivered(control, client_id, why).await?),
    }
}

fn message(call: &Call) -> Result<Publish, ApiError> {
    let topic = call.query_text("topic")?;
    let topic = topic.ok_or_else(|| invalid("The query parameter 'topic' is required."))?;
    if topic.starts_with('$') {
        return Err(invalid("The topic of a direct message must not begin with '$'.").into());
    }
    super::check_topic(topic)?;
    publish::message_to(call, ByteString::from(topic))
}

async fn not_delivered(
    control: &Control,
    client_id: &str,
    why: NotDelivered,
) -> Result<ApiError, ApiError> {
    Ok(match why {
        NotDelivered::NotConnected => {
            let found = control.connections.disconnected(client_id).await?;
            let message = match found.and_then(|found| found.session) {
                Some(_) => {
                    "The target client ID is not connected, but it has an active persistent \
                            session"
                        .to_owned()
                }
                None => format!("The client '{client_id}' is not connected."),
            };
            ApiError::new(ErrorCode::ResourceNotFound, message)
        }
        NotDelivered::Denied(why) => {
            let message =
                "The policies of the receiving client do not allow iot:Receive on the topic.";
            ApiError::new(ErrorKind::Forbidden, message).because(why)
        }
        NotDelivered::TooLarge => ApiError::new(
            ErrorKind::RequestEntityTooLarge,
            "The message is larger than the Maximum Packet Size of the client.",
        ),
        NotDelivered::Slow => ApiError::new(
            ErrorCode::Throttling,
            "The client takes its messages too slowly; try again later.",
        ),
        NotDelivered::Unconfirmed => ApiError::new(
            ErrorKind::GatewayTimeout,
            "The message was sent, and the client did not acknowledge it in time.",
        ),
    })
}

/// `ListConnections` of ours: all that operators are shown of each.
pub(crate) fn shown(connection: &Connection) -> Value {
    let mut shown = connected(connection, true);
    if let Value::Object(members) = &mut shown {
        members.retain(|_, value| !value.is_null());
        let subscriptions = connection.subscriptions.iter();
        let subscriptions: Vec<_> =
            subscriptions.map(|(filter, qos)| json!({"topicFilter": filter, "qos": qos})).collect();
        members.insert("principal".into(), connection.principal.as_str().into());
        if let Some(certificate) = connection.certificate {
            members.insert("certificateId".into(), certificate.to_string().into());
        }
        members.insert("mqttVersion".into(), connection.version.into());
        members.insert("subscriptions".into(), subscriptions.into());
        members.insert("messagesWaiting".into(), connection.waiting.into());
    }
    shown
}

/// A payload as JSON has it.
pub(crate) fn encoded(payload: &[u8]) -> String {
    STANDARD.encode(payload)
}
