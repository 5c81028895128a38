//! `fleetwright audit`: who asked what, and what it came to.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::api::Api;

/// How often new records are looked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Read the audit trail: every control-plane call and every provisioning decision.
///
/// Needs the action `fleetwright:ReadAudit`. Values of parameters are never in the trail.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Address of the control plane
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "FLEETWRIGHT_API")]
    api: String,
    /// Shared-credentials file with the access key; its first profile is used
    #[arg(
        long,
        value_name = "FILE",
        default_value = "./fleetwright-data/admin.credentials",
        env = "AWS_SHARED_CREDENTIALS_FILE"
    )]
    credentials: PathBuf,
    /// Region of the server
    #[arg(long, value_name = "NAME", default_value = "us-east-1", env = "AWS_REGION")]
    region: String,
    /// Only records of the last while, such as 90s, 15m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = while_of)]
    since: Option<Duration>,
    /// Only of a principal or client id that contains this
    #[arg(long, value_name = "TEXT")]
    who: Option<String>,
    /// Only of an operation, such as CreateThing
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Only with an outcome
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    /// Go on with what comes, until interrupted
    #[arg(long)]
    follow: bool,
    /// Form of the output; json is one object a line
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright audit --since 1h --outcome denied
  fleetwright audit --operation RegisterThing --output json
  fleetwright audit --follow";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Outcome {
    Accepted,
    Rejected,
    Denied,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(read(args)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn read(args: &Args) -> Result<(), Box<dyn Error>> {
    let address = args.api.strip_prefix("http://").unwrap_or(&args.api);
    let address: SocketAddr = address
        .parse()
        .map_err(|_| format!("'{address}' is not an address such as 127.0.0.1:8080"))?;
    let api = Api::open(address, &args.region, &args.credentials)?;
    let query = query(args)?;
    let mut position = 0;
    loop {
        position = page_through(&api, &query, position, args.output).await?;
        if !args.follow {
            return Ok(());
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// Prints every record after a position; gives the position to go on from.
async fn page_through(
    api: &Api,
    query: &str,
    position: u64,
    output: Output,
) -> Result<u64, Box<dyn Error>> {
    let mut go_on = format!("position={position}");
    let mut newest = None;
    loop {
        let path = format!("/fleetwright/audit?{go_on}{query}");
        let answer = api.call("GET", &path, &Value::Null).await?;
        for record in answer.get("records").and_then(Value::as_array).into_iter().flatten() {
            match output {
                Output::Json => println!("{record}"),
                Output::Table => println!("{}", line(record)),
            }
        }
        newest = newest.or(answer.get("position").and_then(Value::as_u64));
        match answer.get("nextToken").and_then(Value::as_str) {
            Some(token) => go_on = format!("nextToken={}", encoded(token)),
            None => return Ok(newest.unwrap_or(position)),
        }
    }
}

fn query(args: &Args) -> Result<String, Box<dyn Error>> {
    let mut query = String::new();
    let mut add = |name: &str, value: &str| {
        query.push_str(&format!("&{name}={}", encoded(value)));
    };
    if let Some(since) = args.since {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        add("since", &now.saturating_sub(since).as_secs().to_string());
    }
    for (name, value) in [("who", &args.who), ("operation", &args.operation)] {
        if let Some(value) = value {
            add(name, value);
        }
    }
    match args.outcome {
        None => {}
        Some(Outcome::Accepted) => add("outcome", "Accepted"),
        Some(Outcome::Rejected) => add("outcome", "Rejected"),
        Some(Outcome::Denied) => add("outcome", "Denied"),
    }
    Ok(query)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// One record as a line: seconds since 1970, outcome, operation, resource, who, why.
fn line(record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let why = match record.get("reason").and_then(Value::as_str) {
        Some(reason) => format!("  {}: {reason}", text("code")),
        None => String::new(),
    };
    // What came from outside must not steer a terminal.
    let line = format!(
        "{:.3}  {:8}  {:28}  {:24}  {}  {}{why}",
        record.get("at").and_then(Value::as_f64).unwrap_or(0.0),
        text("outcome"),
        text("operation"),
        text("resource"),
        text("principal"),
        text("clientId"),
    );
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn while_of(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a time such as 90s, 15m, 2h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}
