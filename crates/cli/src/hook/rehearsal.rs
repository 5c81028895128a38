//! `fleetwright hook test`: what hook, template and role would make of a device; none is registered.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::shown;
use crate::api;
use crate::reach::Reach;
use crate::terminal::{Colours, plain_json};

/// Bytes of an event's file that are read.
const EVENT_BYTES: u64 = 1024 * 1024;

/// Send an event to a template's hook and see what would become of the device. Nothing is
/// registered.
///
/// Shows the hook's verdict with what its function printed, the parameters that it overrides, and
/// what the template would register: thing, groups, policies, certificate, device configuration.
/// Says what the template's role would have to allow. The steps are those of a real
/// registration, without its ownership token and without the registry.
///
/// The event has the parameters given here; the rest of it (a certificate, ids, a client id) is
/// made up. --event takes a whole event instead, as a hook gets it, or some of its members.
/// --audit-request-id takes that of a device: `fleetwright audit --output json` tells the id, and
/// the configuration must say `[hooks] record-events`. --parameter counts above both.
///
/// Needs the action `fleetwright:TestHook` on the template.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// The provisioning template
    #[arg(long, value_name = "NAME")]
    template: String,
    /// A JSON file with the event or some of its members; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "audit_request_id")]
    event: Option<PathBuf>,
    /// The request id of a device's RegisterThing in the audit trail
    #[arg(long, value_name = "ID")]
    audit_request_id: Option<String>,
    /// A parameter of the device, any number of times
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
    /// The client id that the device connects with
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright hook test --template FleetTemplate --parameter SerialNumber=SN-0001
  fleetwright hook test --template FleetTemplate --event event.json --output json
  fleetwright hook test --template FleetTemplate --audit-request-id 0b6c61d5-…

Exit codes: 0 the device would be registered; 3 it would be refused; 1 the test itself failed;
2 wrong usage.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Exit code of a device that would be refused; `fleetwright device` has the same.
const REFUSED: u8 = 3;

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(rehearse(args))
}

async fn rehearse(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let api = args.reach.open()?;
    let parameters: Map<String, Value> =
        args.parameter.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let event = args.event.as_deref().map(event).transpose()?;
    let body = json!({
        "templateName": args.template,
        "event": event,
        "auditRequestId": args.audit_request_id,
        "parameters": parameters,
        "clientId": args.client_id,
    });
    let answer = api.call("POST", "/fleetwright/hook-test", &body).await?;
    match args.output {
        Output::Json => println!("{}", plain_json(&format!("{answer:#}"))),
        Output::Text => print!("{}", shown::text(&answer, Colours::of_output())),
    }
    let registers = answer.get("wouldRegister").and_then(Value::as_bool) == Some(true);
    Ok(if registers { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn event(path: &Path) -> Result<Value, Box<dyn Error>> {
    let mut text = String::new();
    let fail = |error| format!("cannot read {}: {error}", path.display());
    match path.as_os_str() == "-" {
        true => std::io::stdin().take(EVENT_BYTES).read_to_string(&mut text).map_err(fail)?,
        false => {
            let file = std::fs::File::open(path).map_err(fail)?;
            file.take(EVENT_BYTES).read_to_string(&mut text).map_err(fail)?
        }
    };
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| format!("{} is no event in JSON: {error}", path.display()))?;
    Ok(value)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' is not NAME=VALUE")),
    }
}
