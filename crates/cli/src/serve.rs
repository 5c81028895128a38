//! `fleetwright serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use fleetwright_server::config::{ConfigFile, Given, Settings};
use fleetwright_server::telemetry::{self, LogFormat};

/// Run the server: device gateway and control plane.
///
/// The first start makes the data directory: certificate authority, server certificate, registry,
/// `root-ca.pem` for devices and `admin.credentials` for `aws --endpoint-url`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Directory of everything that the server keeps [default: ./fleetwright-data]
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration file (TOML); options given here win over it
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// Address of the device gateway, repeatable; port 0 picks a free one
    /// [default: 0.0.0.0:8883, and 0.0.0.0:443 where that can be had]
    #[arg(long, value_name = "ADDR", env = "FLEETWRIGHT_MQTT_LISTEN", value_delimiter = ',')]
    mqtt_listen: Vec<String>,
    /// Address of the control plane; not loopback needs --api-tls [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "FLEETWRIGHT_API_LISTEN")]
    api_listen: Option<String>,
    /// Serve the control plane over TLS with the server's own certificate
    #[arg(long, env = "FLEETWRIGHT_API_TLS")]
    api_tls: bool,
    /// Name or address for the server certificate, repeatable; the first is the endpoint's name
    /// [default: localhost, 127.0.0.1, ::1 and this machine's name]
    #[arg(
        long = "hostname",
        value_name = "NAME",
        env = "FLEETWRIGHT_HOSTNAME",
        value_delimiter = ','
    )]
    hostnames: Vec<String>,
    /// Account, twelve digits [default: 123456789012]
    #[arg(long, value_name = "ID", env = "FLEETWRIGHT_ACCOUNT")]
    account: Option<String>,
    /// Region [default: us-east-1]
    #[arg(long, value_name = "NAME", env = "FLEETWRIGHT_REGION")]
    region: Option<String>,
    /// Write the bound addresses here, as JSON, once everything listens
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_READY_FILE")]
    ready_file: Option<PathBuf>,
    /// The clock is right until the end of this day (UTC), however far it is ahead of the time that
    /// the server saw last; without it, nothing is deleted for ever by a jump of over seven days
    #[arg(long, value_name = "YYYY-MM-DD", env = "FLEETWRIGHT_ACCEPT_CLOCK_UNTIL")]
    accept_clock_until: Option<String>,
    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t = Log::Text, env = "FLEETWRIGHT_LOG_FORMAT")]
    log_format: Log,
    /// What to log, such as `info`, `debug` or `fleetwright_server::gateway=debug`
    #[arg(long, value_name = "FILTER", default_value = "info", env = "FLEETWRIGHT_LOG")]
    log: String,
}

const AFTER_HELP: &str = "\
The server ends with exit code 0 on SIGTERM or Ctrl-C, after its connections were told.

Examples:
  fleetwright serve
  fleetwright serve --data-dir /var/lib/fleetwright --hostname iot.factory.example
  fleetwright serve --mqtt-listen 127.0.0.1:0 --api-listen 127.0.0.1:0 --ready-file ready.json";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Log {
    Text,
    Json,
}

pub(crate) fn run(args: Args) -> ExitCode {
    // Whatever is made from here on is its owner's alone.
    fleetwright_server::private_files();
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let format = match args.log_format {
        Log::Text => LogFormat::Text,
        Log::Json => LogFormat::Json,
    };
    telemetry::start(format, &args.log)?;
    let file = match &args.config {
        Some(path) => ConfigFile::read(path)?,
        None => ConfigFile::default(),
    };
    let given = Given {
        data_dir: args.data_dir,
        mqtt_listen: args.mqtt_listen,
        api_listen: args.api_listen,
        api_tls: args.api_tls,
        hostnames: args.hostnames,
        account: args.account,
        region: args.region,
        ready_file: args.ready_file,
        accept_clock_until: args.accept_clock_until,
    };
    let settings = Settings::resolve(given, file, machine_name())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(fleetwright_server::serve(settings))?;
    Ok(())
}

fn machine_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}
