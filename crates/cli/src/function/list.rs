//! `fleetwright function list`: the functions of this server.

use std::error::Error;
use std::process::ExitCode;

use comfy_table::{Table, presets};
use serde_json::Value;

use super::Output;
use crate::api::{self, encoded};
use crate::reach::Reach;
use crate::terminal::{plain, plain_json};

/// List the functions: name, runtime, handler, memory, timeout, last change.
///
/// Needs the action `lambda:ListFunctions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// Form of the output; json is one function as one object a line
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        let functions = functions(args).await?;
        match args.output {
            Output::Json => functions.iter().for_each(|it| println!("{}", plain_json(it))),
            Output::Table => println!("{}", table(&functions)),
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn functions(args: &Args) -> Result<Vec<Value>, Box<dyn Error>> {
    let api = args.reach.open()?;
    let mut functions = Vec::new();
    let mut path = "/2015-03-31/functions".to_owned();
    loop {
        let answer = api.lambda("GET", &path, &[], Vec::new()).await?;
        let mut page: Value = serde_json::from_slice(answer.body())?;
        if let Some(Value::Array(found)) = page.get_mut("Functions").map(Value::take) {
            functions.extend(found);
        }
        match page.get("NextMarker").and_then(Value::as_str) {
            Some(marker) => path = format!("/2015-03-31/functions?Marker={}", encoded(marker)),
            None => return Ok(functions),
        }
    }
}

fn table(functions: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["NAME", "RUNTIME", "HANDLER", "MEMORY", "TIMEOUT", "CHANGED"]);
    for function in functions {
        let text = |name: &str| match function.get(name) {
            Some(Value::String(text)) => plain(text),
            Some(other) if !other.is_null() => other.to_string(),
            _ => "-".to_owned(),
        };
        table.add_row([
            text("FunctionName"),
            text("Runtime"),
            text("Handler"),
            format!("{} MB", text("MemorySize")),
            format!("{} s", text("Timeout")),
            text("LastModified"),
        ]);
    }
    table
}
