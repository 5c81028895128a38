//! The options that a server's configuration has, for each command that reads it; `fleetwright
//! config`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use fleetwright_server::config::{ConfigError, Configuration, Given, Sources};
use serde_json::json;

use crate::terminal::{plain, plain_json};

/// Options of the server. Their values are read by the configuration, which knows where each was
/// given; here they are declared.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Configuration file (TOML); options given here win over it
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of everything that the server keeps [default: ./fleetwright-data]
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DATA_DIR")]
    data_dir: Option<String>,
    /// Address of the device gateway, repeatable; port 0 picks a free one
    /// [default: 0.0.0.0:8883, and 0.0.0.0:443 where that can be had]
    #[arg(long, value_name = "ADDR", env = "FLEETWRIGHT_MQTT_LISTEN", value_delimiter = ',')]
    mqtt_listen: Vec<String>,
    /// Address of the control plane; not loopback needs --api-tls [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "FLEETWRIGHT_API_LISTEN")]
    api_listen: Option<String>,
    /// Serve the control plane over TLS with the server's own certificate
    #[arg(
        long,
        value_name = "BOOL",
        env = "FLEETWRIGHT_API_TLS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    api_tls: Option<String>,
    /// Name or address for the server certificate, repeatable; the first is the endpoint's name
    /// [default: localhost, 127.0.0.1, ::1 and this machine's name]
    #[arg(long, value_name = "NAME", env = "FLEETWRIGHT_HOSTNAME", value_delimiter = ',')]
    hostname: Vec<String>,
    /// A certificate of your own with its chain (PEM), repeatable: presented to clients that ask for
    /// one of its names; read again when it changes [default: one of the installation's own CA]
    #[arg(
        long,
        value_name = "FILE",
        env = "FLEETWRIGHT_SERVER_CERTIFICATE",
        value_delimiter = ','
    )]
    server_certificate: Vec<String>,
    /// The private key (PEM) of the --server-certificate at the same place, repeatable
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_SERVER_KEY", value_delimiter = ',')]
    server_key: Vec<String>,
    /// Account, twelve digits [default: 123456789012]
    #[arg(long, value_name = "ID", env = "FLEETWRIGHT_ACCOUNT")]
    account: Option<String>,
    /// Region [default: us-east-1]
    #[arg(long, value_name = "NAME", env = "FLEETWRIGHT_REGION")]
    region: Option<String>,
    /// Write the bound addresses here, as JSON, once everything listens
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_READY_FILE")]
    ready_file: Option<String>,
    /// The clock is right until the end of this day (UTC), however far it is ahead of the time that
    /// the server saw last; without it, nothing is deleted for ever by a jump of over seven days
    #[arg(long, value_name = "YYYY-MM-DD", env = "FLEETWRIGHT_ACCEPT_CLOCK_UNTIL")]
    accept_clock_until: Option<String>,
    /// Form of the log on standard error, `text` or `json` [default: text]
    #[arg(long, value_name = "FORM", env = "FLEETWRIGHT_LOG_FORMAT")]
    log_format: Option<String>,
    /// What to log, such as `info`, `debug` or `info,fleetwright_gateway=debug` [default: info]
    #[arg(long, value_name = "FILTER", env = "FLEETWRIGHT_LOG")]
    log: Option<String>,
}

/// Options by their names in clap, with their keys.
const KEYS: &[(&str, &str, &str)] = &[
    ("data_dir", "data-dir", "data-dir"),
    ("mqtt_listen", "mqtt-listen", "mqtt-listen"),
    ("api_listen", "api-listen", "api-listen"),
    ("api_tls", "api-tls", "api-tls"),
    ("hostname", "hostname", "hostnames"),
    ("server_certificate", "server-certificate", "server-certificate"),
    ("server_key", "server-key", "server-key"),
    ("account", "account", "account"),
    ("region", "region", "region"),
    ("ready_file", "ready-file", "ready-file"),
    ("accept_clock_until", "accept-clock-until", "accept-clock-until"),
    ("log_format", "log-format", "log-format"),
    ("log", "log", "log"),
];

/// Where the configuration of a command comes from: `matches` is what it was given.
pub(crate) fn sources(matches: &ArgMatches) -> Sources {
    let given = |&(id, option, key): &(&'static str, &'static str, &'static str)| {
        let source = matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id));
        let words = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
        let words = words.map(|word| word.to_string_lossy().into_owned()).collect();
        (source == Some(ValueSource::CommandLine)).then_some(Given { option, key, words })
    };
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    Sources {
        file: matches.get_one::<PathBuf>("config").cloned(),
        environment: std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect(),
        options: KEYS.iter().filter_map(given).collect(),
        machine: machine_name(),
    }
}

fn machine_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// The server's configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print every value of the configuration, and where it was given.
    ///
    /// Takes what `fleetwright serve` takes, looks at everything that is named, and starts nothing.
    #[command(after_help = AFTER_HELP)]
    Show {
        #[command(flatten)]
        options: Box<Options>,
        /// What standard output carries
        #[arg(long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright config show --config /etc/fleetwright.toml
  FLEETWRIGHT_REGION=eu-central-1 fleetwright config show --output json

Exit codes: 0 it can be used; 1 it cannot (the reasons are on standard error); 2 wrong usage.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args, matches: &ArgMatches) -> ExitCode {
    let Command::Show { output, .. } = &args.command;
    let matches = matches.subcommand().map_or(matches, |(_, of_show)| of_show);
    match Configuration::read(sources(matches)) {
        Ok(configuration) => {
            print(&configuration, *output == Output::Json);
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

/// Prints what is wrong.
pub(crate) fn refuse(error: &ConfigError) -> ExitCode {
    eprintln!("fleetwright: {error}");
    ExitCode::FAILURE
}

/// Prints every value with its origin.
pub(crate) fn print(configuration: &Configuration, as_json: bool) {
    let shown = configuration.shown();
    if as_json {
        println!("{}", plain_json(&json!({ "values": shown })));
        return;
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for row in shown {
        let value = row.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        table.add_row([plain(&row.key), plain(&value), plain(&row.origin)]);
    }
    println!("{table}");
}
