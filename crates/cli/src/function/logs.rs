//! `fleetwright function logs`: what a function printed, by invocation.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Output;
use super::groups::{Group, Groups};
use crate::api::{self, Api, encoded};
use crate::reach::Reach;
use crate::terminal::{Colours, plain_json, while_of};

/// How often new lines are looked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Read what a function printed, and how its invocations ended.
///
/// Lines are grouped by invocation: its time, its outcome and duration, the reason when it failed,
/// what a hook decided, standard output and standard error. The server keeps the last 4 to 8 MiB
/// of each function.
///
/// Needs the action `fleetwright:ReadFunctionLogs` on the function.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// The function
    name: String,
    /// Only lines of the last while, such as 90s, 15m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = while_of)]
    since: Option<Duration>,
    /// Go on with what comes, until interrupted
    #[arg(long)]
    follow: bool,
    /// Only one invocation; the audit trail and the server's log name it when a hook refused
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only invocations that failed, or that refused a device
    #[arg(long)]
    errors: bool,
    /// Form of the output; json is one line of the log as one object a line
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright function logs fleet-hook --since 15m
  fleetwright function logs fleet-hook --errors --follow
  fleetwright function logs fleet-hook --request-id 0b6c61d5-… --output json

No color: when the output is no terminal, or NO_COLOR is set.";

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        read(args).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn read(args: &Args) -> Result<(), Box<dyn Error>> {
    let api = args.reach.open()?;
    let mut filter = String::new();
    if let Some(since) = args.since {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        filter.push_str(&format!("&since={}", now.saturating_sub(since).as_secs()));
    }
    if let Some(id) = &args.request_id {
        filter.push_str(&format!("&requestId={}", encoded(id)));
    }
    let colours = Colours::of_output();
    let show = |group: &Group| {
        if !args.errors || group.is_bad() {
            match args.output {
                Output::Table => print!("{}", group.text(colours)),
                Output::Json => group.lines.iter().for_each(|it| println!("{}", plain_json(it))),
            }
        }
    };
    let mut groups = Groups::default();
    let mut position = 0;
    loop {
        position = page_through(&api, &args.name, &filter, position, |line| {
            groups.take(line).iter().for_each(show);
        })
        .await?;
        if !args.follow {
            groups.rest().iter().for_each(show);
            return Ok(());
        }
        groups.ended().iter().for_each(show);
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// Takes every line from a position on; gives the position to go on from.
async fn page_through(
    api: &Api,
    name: &str,
    filter: &str,
    mut position: u64,
    mut take: impl FnMut(Value),
) -> Result<u64, Box<dyn Error>> {
    loop {
        let name = encoded(name);
        let path = format!("/fleetwright/functions/{name}/logs?position={position}{filter}");
        let mut answer = api.call("GET", &path, &Value::Null).await?;
        if let Some(Value::Array(lines)) = answer.get_mut("lines").map(Value::take) {
            lines.into_iter().for_each(&mut take);
        }
        position = answer.get("position").and_then(Value::as_u64).unwrap_or(position);
        if answer.get("more").and_then(Value::as_bool) != Some(true) {
            return Ok(position);
        }
    }
}
