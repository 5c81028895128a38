//! `fleetwright audit verify`: whether the trail is as it was written.

use std::path::PathBuf;
use std::process::ExitCode;

use fleetwright_installation::audit::{Finding, Report, Verification, verify};
use serde_json::json;

use super::Output;
use crate::terminal::{plain, plain_json};

/// Verify the chains of hashes of the audit trail, and its checkpoints.
///
/// Reads the registry of a data directory, whether a server runs on it or not. What was computed
/// anew from the first record to the last, and what was cut off at the end or appended to it, only a
/// checkpoint that was kept elsewhere or is made later shows: see `fleetwright audit checkpoint`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        env = "FLEETWRIGHT_DATA_DIR",
        default_value = "./fleetwright-data"
    )]
    data_dir: PathBuf,
    /// A checkpoint that was kept elsewhere, repeatable
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Believe checkpoints signed with this key only (PEM) [default: the data directory's own]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright audit verify --data-dir ./fleetwright-data
  fleetwright audit verify --checkpoint /mnt/elsewhere/2026-11-27.json --output json

Exit codes: 0 as it was written; 1 something is wrong, and is told; 2 it could not be verified.";

pub(crate) fn run(args: &Args) -> ExitCode {
    let verification = Verification {
        data_dir: args.data_dir.clone(),
        checkpoints: args.checkpoints.clone(),
        public_key: args.public_key.clone(),
    };
    let report = match verify(&verification) {
        Ok(report) => report,
        Err(why) => {
            eprintln!("error: {}", plain(&why.to_string()));
            return ExitCode::from(2);
        }
    };
    match args.output {
        Output::Json => println!("{}", plain_json(&json!(report))),
        Output::Table => print(&report),
    }
    if report.found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(report: &Report) {
    for finding in &report.findings {
        println!("{}", line(finding));
    }
    let told = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.found > told {
        println!("… and {} more", report.found - told);
    }
    println!(
        "{} records in {} chains, {} checkpoints; {} records of before the chain began",
        report.records,
        report.chains.len(),
        report.checkpoints,
        report.before_the_chain_began
    );
    match report.found {
        0 => println!("The audit trail is as it was written."),
        found => println!("The audit trail was tampered with or damaged: {found} findings."),
    }
}

/// What, where, and the request's id.
fn line(finding: &Finding) -> String {
    let kind = serde_json::to_value(finding.kind).unwrap_or_default();
    let mut line = format!("{:10}  {}", kind.as_str().unwrap_or_default(), finding.message);
    if let Some(row) = finding.row {
        line.push_str(&format!(" (row {row}"));
        if let Some(id) = &finding.request_id {
            line.push_str(&format!(", request {id}"));
        }
        line.push(')');
    }
    plain(&line)
}
