//! `fleetwright connections`, `disconnect` and `trace`: who is connected to a running server, and what
//! happens on one connection.

use std::error::Error;
use std::process::ExitCode;

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::Value;

use crate::api::{self, encoded};
use crate::reach::Reach;
use crate::terminal::{plain, plain_json, utc};

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// One object a line.
    Json,
}

/// List the clients that are connected: who, since when, from where, subscriptions, queue.
///
/// Needs the action `fleetwright:ListConnections`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// Form of the output; json is one connection as one object a line
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// End the connection of a client.
///
/// A device connects again by itself: to keep it away, switch its certificate off first. Needs the
/// action `iot:DeleteConnection` on the client.
#[derive(Debug, clap::Args)]
pub(crate) struct DisconnectArgs {
    /// The client id.
    client_id: String,
    /// End the client's session too, with all that waits for it
    #[arg(long)]
    clean_session: bool,
    /// Do not publish its will
    #[arg(long)]
    no_will: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Show what happens to a client, live: packets, and decisions with their reasons.
///
/// Begins before the client connects, if it is not connected. Needs the action
/// `fleetwright:TraceConnection` on the client.
#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    /// The client id.
    client_id: String,
    /// Show payloads too, up to 4096 bytes each, in Base64; never those of provisioning answers
    #[arg(long)]
    payloads: bool,
    /// Form of the output; json is one object a line
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// End after so many lines
    #[arg(long, value_name = "LINES")]
    lines: Option<usize>,
    #[command(flatten)]
    reach: Reach,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        let connections = connections(args).await?;
        match args.output {
            Output::Json => connections.iter().for_each(|it| println!("{}", plain_json(it))),
            Output::Table => println!("{}", table(&connections)),
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn disconnect(args: &DisconnectArgs) -> ExitCode {
    api::run(async {
        let api = args.reach.open()?;
        let path = format!(
            "/connections/{}?cleanSession={}&preventWillMessage={}",
            encoded(&args.client_id),
            args.clean_session,
            args.no_will
        );
        api.data("DELETE", &path).await?;
        println!("{} is disconnected", plain(&args.client_id));
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn trace(args: &TraceArgs) -> ExitCode {
    api::run(async {
        let api = args.reach.open()?;
        let path = format!(
            "/fleetwright/connections/{}/trace?payloads={}",
            encoded(&args.client_id),
            args.payloads
        );
        let mut page = api.call("GET", &path, &Value::Null).await?;
        eprintln!("fleetwright: tracing {}; Ctrl-C ends it", plain(&args.client_id));
        let mut shown = 0;
        loop {
            let position = page.get("position").and_then(Value::as_u64).unwrap_or(0);
            page = api.call("GET", &format!("{path}&position={position}"), &Value::Null).await?;
            let lost = page.get("lost").and_then(Value::as_u64).unwrap_or(0);
            if lost > 0 {
                eprintln!("fleetwright: {lost} lines were dropped");
            }
            for line in page.get("lines").and_then(Value::as_array).into_iter().flatten() {
                match args.output {
                    Output::Json => println!("{}", plain_json(line)),
                    Output::Table => println!("{}", as_line(line)),
                }
                shown += 1;
                if args.lines.is_some_and(|most| shown >= most) {
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    })
}

async fn connections(args: &Args) -> Result<Vec<Value>, Box<dyn Error>> {
    let api = args.reach.open()?;
    let mut connections = Vec::new();
    let mut path = "/fleetwright/connections".to_owned();
    loop {
        let mut page = api.call("GET", &path, &Value::Null).await?;
        if let Some(Value::Array(found)) = page.get_mut("connections").map(Value::take) {
            connections.extend(found);
        }
        match page.get("nextToken").and_then(Value::as_str) {
            Some(token) => path = format!("/fleetwright/connections?nextToken={}", encoded(token)),
            None => return Ok(connections),
        }
    }
}

fn text(of: &Value, name: &str) -> String {
    match of.get(name) {
        Some(Value::String(text)) => plain(text),
        Some(other) if !other.is_null() => other.to_string(),
        _ => "-".to_owned(),
    }
}

fn table(connections: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "CLIENT",
        "SINCE",
        "FROM",
        "MQTT",
        "SUBSCRIPTIONS",
        "WAITING",
        "CERTIFICATE",
    ]);
    for connection in connections {
        let since = connection.get("connectedSince").and_then(Value::as_i64).map(utc);
        let filters = connection.get("subscriptions").and_then(Value::as_array);
        let filters = filters.into_iter().flatten().map(|each| text(each, "topicFilter"));
        table.add_row([
            text(connection, "clientId"),
            since.unwrap_or_default(),
            format!("{}:{}", text(connection, "sourceIp"), text(connection, "sourcePort")),
            text(connection, "mqttVersion"),
            filters.collect::<Vec<_>>().join(" "),
            text(connection, "messagesWaiting"),
            text(connection, "certificateId").chars().take(12).collect(),
        ]);
    }
    table
}

fn as_line(line: &Value) -> String {
    let at = line.get("at").and_then(Value::as_f64).unwrap_or_default();
    let payload = line.get("payload").map(|_| format!(" {}", text(line, "payload")));
    format!(
        "{} {:6} {}{}",
        utc((at * 1000.0).round() as i64),
        text(line, "direction"),
        text(line, "what"),
        payload.unwrap_or_default()
    )
}
