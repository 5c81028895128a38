//! `fleetwright lint`: what the server says of a template or policy when it comes in, without one.

mod document;
mod kind;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use document::{Finding, Severity};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, Region};
use kind::Kind;
use serde_json::json;

use crate::terminal::{Colours, plain, plain_json};

/// Look at templates and policies before they are sent.
///
/// Says what the server refuses (errors) and what it takes although devices will fail by it
/// (warnings): references that no device sends, resources of the wrong type, `+` and `#` in a policy,
/// variables that have no value, placeholders left in, other accounts' ARNs. What a file is, is told
/// by its content: Resources make a template, Statement makes a policy. A file with templateBody or
/// policyDocument, as `--cli-input-json` and `--registration-config` take it, is looked into.
///
/// Whether the things that a template names exist, and whether its role allows what it needs, only a
/// server knows: it answers with the same warnings in the header x-fleetwright-lint (aws … --debug)
/// and in its log.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// JSON files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files are [default: detected from their content]
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The server's region: ARNs of others are warned of
    #[arg(long, requires = "account", value_parser = region)]
    region: Option<Region>,
    /// The server's account: ARNs of others are warned of
    #[arg(long, requires = "region", value_parser = account)]
    account: Option<AccountId>,
    /// What standard output carries
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright lint template.json policy.json
  fleetwright lint --region us-east-1 --account 123456789012 policies/*.json
  fleetwright lint --kind jitp-template --output json template.json

Exit codes: 0 nothing to say; 1 warnings only; 2 a file is malformed or cannot be read, or wrong usage.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A line for each finding
    Text,
    /// One JSON object
    Json,
}

fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).map_err(|error| error.to_string())
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

struct Linted {
    file: String,
    kind: Option<Kind>,
    findings: Vec<Finding>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let scope = match (&args.region, &args.account) {
        (Some(region), Some(account)) => {
            Some(AccountScope { region: region.clone(), account: account.clone() })
        }
        _ => None,
    };
    let files: Vec<Linted> =
        args.files.iter().map(|file| look(file, args.kind, scope.as_ref())).collect();
    match args.output {
        Output::Text => files.iter().for_each(print),
        Output::Json => println!(
            "{}",
            plain_json(&json!({"files": files.iter().map(|linted| json!({
            "file": linted.file,
            "kind": linted.kind.and_then(|kind| Some(kind.to_possible_value()?.get_name().to_owned())),
            "findings": linted.findings,
        })).collect::<Vec<_>>()}))
        ),
    }
    let worst = files.iter().flat_map(|linted| &linted.findings).map(|found| found.severity).max();
    match worst {
        None => ExitCode::SUCCESS,
        Some(Severity::Warning) => ExitCode::from(1),
        Some(Severity::Error) => ExitCode::from(2),
    }
}

fn look(file: &Path, kind: Option<Kind>, scope: Option<&AccountScope>) -> Linted {
    let name = file.display().to_string();
    let read = match name.as_str() {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().take(document::BYTES + 1).read_to_end(&mut bytes).map(|_| bytes)
        }
        _ => std::fs::File::open(file).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(document::BYTES + 1).read_to_end(&mut bytes).map(|_| bytes)
        }),
    };
    let (kind, findings) = match read {
        Ok(bytes) => document::look(&bytes, kind, scope),
        Err(error) => (kind, vec![Finding::error(format!("cannot be read: {error}"))]),
    };
    Linted { file: name, kind, findings }
}

fn print(linted: &Linted) {
    let (colours, file) = (Colours::of_output(), plain(&linted.file));
    if linted.findings.is_empty() {
        let kind = linted.kind.map(Kind::words).unwrap_or_default();
        println!("{file}: {} ({kind})", colours.green("ok"));
    }
    for finding in &linted.findings {
        let mark = match finding.severity {
            Severity::Warning => colours.yellow("warning"),
            Severity::Error => colours.red("error"),
        };
        let at = finding.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        println!("{file}: {mark}: {}{}", plain(&at), plain(&finding.message));
    }
}
