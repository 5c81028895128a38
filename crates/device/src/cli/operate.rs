//! `connect`, `publish`, `subscribe`, `show`: as the provisioned device.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use fleetwright_core::text::{escaped, escaped_json};
use serde_json::{Value, json};
use tokio::signal;
use tokio::time::{sleep, timeout};

use super::args::{ConnectArgs, DeviceArgs, PublishArgs, ShowArgs, SubscribeArgs};
use super::output::{CommandError, Format, identity_json, identity_text, line, progress, result};
use super::provision::read;
use crate::{Connection, ConnectionConfig, ConnectionError, Identity, IdentityStore, Message};

pub(super) async fn connect(args: ConnectArgs) -> Result<(), CommandError> {
    let (connection, client_id) = open(&args.device).await?;
    progress(&format!("connected as {client_id}"));
    if args.stay > 0 {
        tokio::select! {
            () = sleep(Duration::from_secs(args.stay)) => {}
            _ = signal::ctrl_c() => {}
            ended = ended(&connection) => return Err(ended.into()),
        }
    }
    connection.close().await;
    result(
        args.device.output,
        &format!("{client_id} may connect"),
        &json!({ "connected": true, "clientId": client_id }),
    )
}

/// Returns when the server ends the connection; messages are let go.
async fn ended(connection: &Connection) -> ConnectionError {
    loop {
        if let Err(ended) = connection.next_message().await {
            return ended;
        }
    }
}

pub(super) async fn publish(args: PublishArgs) -> Result<(), CommandError> {
    let payload = if args.message == "-" {
        let mut payload = Vec::new();
        io::stdin()
            .read_to_end(&mut payload)
            .map_err(|cause| CommandError::other(format!("standard input: {cause}")))?;
        payload
    } else {
        args.message.into_bytes()
    };
    let bytes = payload.len();
    let (connection, client_id) = open(&args.device).await?;
    connection.publish(&args.topic, payload, args.qos.qos(), args.retain).await?;
    connection.close().await;
    result(
        args.device.output,
        &format!("published {bytes} bytes to {}", args.topic),
        &json!({ "topic": args.topic, "bytes": bytes, "clientId": client_id }),
    )
}

pub(super) async fn subscribe(args: SubscribeArgs) -> Result<(), CommandError> {
    let (connection, client_id) = open(&args.device).await?;
    connection.subscribe(&args.filter, args.qos.qos()).await?;
    progress(&format!("{client_id} is subscribed to {}", args.filter));
    let mut taken = 0;
    let taking = take(&connection, args.device.output, args.count, &mut taken);
    let in_time = match args.timeout {
        None => Some(until_interrupted(taking).await),
        Some(seconds) => {
            timeout(Duration::from_secs(seconds), until_interrupted(taking)).await.ok()
        }
    };
    match (in_time, args.count) {
        (Some(outcome), _) => outcome?,
        (None, None) => {}
        (None, Some(count)) => {
            return Err(CommandError::out_of_time(format!(
                "{taken} of {count} messages arrived on {}",
                args.filter
            )));
        }
    }
    connection.close().await;
    Ok(())
}

/// Ctrl-C is how a subscriber without `--count` is meant to end.
async fn until_interrupted(
    taking: impl Future<Output = Result<(), CommandError>>,
) -> Result<(), CommandError> {
    tokio::select! {
        outcome = taking => outcome,
        _ = signal::ctrl_c() => Ok(()),
    }
}

async fn take(
    connection: &Connection,
    format: Format,
    count: Option<u64>,
    taken: &mut u64,
) -> Result<(), CommandError> {
    while count.is_none_or(|count| *taken < count) {
        let message = connection.next_message().await?;
        let shown = match format {
            Format::Text => message_text(&message),
            Format::Json => escaped_json(&message_json(&message).to_string()),
        };
        line(&shown).map_err(|cause| CommandError::other(format!("standard output: {cause}")))?;
        *taken += 1;
    }
    Ok(())
}

/// One line, whatever was published: `TOPIC<tab>PAYLOAD`.
pub(super) fn message_text(message: &Message) -> String {
    let payload = String::from_utf8_lossy(&message.payload);
    format!("{}\t{}", escaped(&message.topic), escaped(&payload))
}

pub(super) fn message_json(message: &Message) -> Value {
    let (name, payload) = match std::str::from_utf8(&message.payload) {
        Ok(text) => ("payload", text.to_owned()),
        Err(_) => (
            "payloadHex",
            message.payload.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
        ),
    };
    json!({ "topic": message.topic, name: payload, "qos": message.qos, "retain": message.retain })
}

pub(super) fn show(args: &ShowArgs) -> Result<(), CommandError> {
    if !args.identity.is_dir() {
        return Err(none_yet(&args.identity, None));
    }
    let store = IdentityStore::open(&args.identity)?;
    let pending = store.pending()?;
    let Some(identity) = store.load()? else {
        return Err(none_yet(&args.identity, pending));
    };
    let mut text = identity_text(&identity, store.path());
    let mut json = identity_json(&identity, store.path());
    if let (Some(pending), Some(members)) = (store.pending()?, json.as_object_mut()) {
        let _ = write!(text, "\nunder way    {pending}");
        members.insert("pending".to_owned(), pending.into());
    }
    result(args.output, &text, &json)
}

fn load(directory: &Path) -> Result<Identity, CommandError> {
    if !directory.is_dir() {
        return Err(none_yet(directory, None));
    }
    let store = IdentityStore::open(directory)?;
    match store.load()? {
        Some(identity) => Ok(identity),
        None => Err(none_yet(directory, store.pending()?)),
    }
}

fn none_yet(directory: &Path, pending: Option<String>) -> CommandError {
    let directory = directory.display();
    CommandError::other(match pending {
        None => {
            format!("{directory} holds no identity; `provision --identity {directory}` makes one")
        }
        Some(pending) => format!(
            "{directory} holds no complete identity ({pending}); run the same `provision` again to go on"
        ),
    })
}

async fn open(args: &DeviceArgs) -> Result<(Connection, String), CommandError> {
    let mut config = ConnectionConfig::of_identity(&load(&args.identity)?);
    if let Some(endpoint) = &args.endpoint {
        config.endpoint = endpoint.clone();
    }
    if let Some(ca) = &args.ca {
        config.ca_pem = read("--ca", ca)?;
    }
    if let Some(client_id) = &args.client_id {
        config.client_id.clone_from(client_id);
    }
    let connection = Connection::open(&config).await?;
    Ok((connection, config.client_id))
}
