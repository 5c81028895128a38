//! `fleetwright doctor`.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use fleetwright_installation::doctor::{self, Finding, Request, Severity};
use fleetwright_server::config::{Configuration, MqttListen};
use fleetwright_server::containment;
use serde_json::json;

use crate::configuration;
use crate::terminal::{Colours, plain, plain_json};

/// Check a data directory, live or not: what is wrong, and how to mend it.
///
/// Looks at the parts and whether they belong together, permissions, every page of the registry,
/// its schema, the certificate authority, the sealing key, the key pool, functions' code,
/// left-overs, the clock, disk, limits and addresses, and whether a program can be contained as
/// functions are. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The data directory [default: ./fleetwright-data]
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// The server's configuration file, for its addresses and limits
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// What standard output carries
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

const AFTER_HELP: &str = "\
Run it as the server's user. A large registry takes its time: every page is read.

Examples:
  fleetwright doctor --data-dir /var/lib/fleetwright
  fleetwright doctor --config /etc/fleetwright.toml --output json

Exit codes: 0 nothing must be mended (there may be warnings); 1 something must; 2 wrong usage.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args, matches: &ArgMatches) -> ExitCode {
    match look(args, matches) {
        Ok(Severity::Error) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {error}");
            ExitCode::FAILURE
        }
    }
}

fn look(args: &Args, matches: &ArgMatches) -> Result<Severity, Box<dyn Error>> {
    let settings = Configuration::read(configuration::sources(matches))?.settings;
    let gateway = match settings.mqtt_listen.clone() {
        MqttListen::At(addresses) => addresses,
        // Port 443 is had where it can be.
        MqttListen::Default => vec![SocketAddr::from(([0, 0, 0, 0], 8883))],
    };
    let mut addresses: Vec<_> = gateway.into_iter().map(|it| ("mqtt-listen", it)).collect();
    addresses.push(("api-listen", settings.api_listen));
    let mut findings = doctor::examine(&Request {
        data_dir: settings.data_dir.clone(),
        addresses,
        server_certificates: settings.server_certificates.clone(),
        max_connections: settings.mqtt.max_connections,
        memory_mib: settings.mqtt.memory_mib,
    });
    findings.push(containment::examine(&settings));
    let worst = doctor::worst(&findings);
    match args.output {
        Output::Json => {
            println!("{}", plain_json(&json!({ "worst": worst, "findings": findings })))
        }
        Output::Table => print(&findings),
    }
    Ok(worst)
}

fn print(findings: &[Finding]) {
    let colours = Colours::of_output();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for finding in findings {
        let (mark, paint): (&str, fn(Colours, &str) -> String) = match finding.severity {
            Severity::Ok => ("ok", Colours::green),
            Severity::Warning => ("warning", Colours::yellow),
            Severity::Error => ("error", Colours::red),
        };
        let found = match &finding.remedy {
            None => plain(&finding.found),
            Some(remedy) => format!("{}\n→ {}", plain(&finding.found), plain(remedy)),
        };
        table.add_row([paint(colours, mark), finding.check.to_owned(), found]);
    }
    println!("{table}");
}
