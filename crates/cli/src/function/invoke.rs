//! `fleetwright function invoke`: runs a function once.

use std::error::Error;
use std::process::ExitCode;

use serde_json::Value;

use crate::api::{self, encoded};
use crate::reach::Reach;
use crate::terminal::{Colours, plain, plain_json};

/// Invoke a function once and show what it answers; the end of its log goes to standard error.
///
/// Needs the action `lambda:InvokeFunction` on the function.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// The function, with :VERSION or :ALIAS if need be
    name: String,
    /// The event, JSON; @FILE reads it from a file
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    payload: String,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright function invoke fleet-hook --payload '{\"parameters\": {\"SerialNumber\": \"SN-1\"}}'
  fleetwright function invoke fleet-hook:live --payload @event.json | jq

Exit codes: 0 answered; 3 the function failed; 1 it was not run (the reason is on standard error);
2 wrong usage.";

/// Exit code of a function that failed.
const FAILED: u8 = 3;

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(invoke(args))
}

async fn invoke(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let api = args.reach.open()?;
    let payload = match args.payload.strip_prefix('@') {
        Some(file) => {
            std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?
        }
        None => args.payload.clone().into_bytes(),
    };
    let path = format!("/2015-03-31/functions/{}/invocations", encoded(&args.name));
    let answer = api.lambda("POST", &path, &[("x-amz-log-type", "Tail")], payload).await?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let log = header("x-amz-log-result").and_then(decoded).unwrap_or_default();
    for line in log.lines() {
        eprintln!("{}", plain(line));
    }
    let body = answer.body();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => println!("{}", plain_json(&format!("{value:#}"))),
        Err(_) => println!("{}", plain(&String::from_utf8_lossy(body))),
    }
    if header("x-amz-function-error").is_none() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", Colours::of_output().red("The function failed."));
    Ok(ExitCode::from(FAILED))
}

/// Text in Base64.
fn decoded(text: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
