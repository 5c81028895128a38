//! `fleetwright audit`: who called what, and with which outcome.

mod checkpoint;
mod verify;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use serde_json::Value;

use crate::api::{self, Api, encoded};
use crate::reach::Reach;
use crate::terminal::{plain, plain_json, utc, while_of};

/// How often new records are looked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Read the audit trail: every control-plane call and every provisioning decision.
///
/// Needs the action `fleetwright:ReadAudit`. Values of parameters are never in the trail.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    reach: Reach,
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

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(verify::Args),
    Checkpoint(checkpoint::Args),
    /// Print the public key that checkpoints verify with, PEM
    PublicKey(checkpoint::DataDir),
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright audit --since 1h --outcome denied
  fleetwright audit --operation RegisterThing --output json
  fleetwright audit --follow
  fleetwright audit verify --data-dir ./fleetwright-data";

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
    match &args.command {
        Some(Command::Verify(args)) => return verify::run(args),
        Some(Command::Checkpoint(args)) => return checkpoint::run(args),
        Some(Command::PublicKey(dir)) => return checkpoint::print_key(dir),
        None => {}
    }
    api::run(async {
        read(args).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn read(args: &Args) -> Result<(), Box<dyn Error>> {
    let api = args.reach.open()?;
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
                Output::Json => println!("{}", plain_json(record)),
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

/// One record as a line: time in UTC, outcome, operation, resource, who, why.
fn line(record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let why = match record.get("reason").and_then(Value::as_str) {
        Some(reason) => format!("  {}: {reason}", text("code")),
        None => String::new(),
    };
    // What came from outside must not steer a terminal.
    let line = format!(
        "{}  {:8}  {:28}  {:24}  {}  {}{why}",
        utc(millis(record.get("at"))),
        text("outcome"),
        text("operation"),
        text("resource"),
        text("principal"),
        text("clientId"),
    );
    plain(&line)
}

/// Seconds since 1970 as milliseconds.
fn millis(at: Option<&Value>) -> i64 {
    let millis = at.and_then(Value::as_f64).map_or(0.0, |seconds| (seconds * 1000.0).round());
    #[expect(clippy::cast_possible_truncation, reason = "a float saturates")]
    let millis = millis as i64;
    millis
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_one_line_whatever_a_device_called_itself() {
        let record = json!({
            "at": 1.5, "outcome": "Denied", "operation": "Connect", "resource": "client/x",
            "principal": "p", "clientId": "a\u{202e}b\u{9b}2Jc\nd", "code": "C", "reason": "r\u{2028}",
        });
        let wanted = r"p  a\u{202e}b\u{9b}2Jc\nd  C: r\u{2028}";
        assert!(line(&record).ends_with(wanted), "{}", line(&record));
        assert!(
            line(&record).starts_with("1970-01-01 00:00:01.500Z  Denied "),
            "{}",
            line(&record)
        );
        let json = plain_json(&record);
        assert!(json.contains(r#""a\u202eb\u009b2Jc\nd""#), "{json}");
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), record);
    }
}
