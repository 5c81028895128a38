//! `fleetwright serve`.

use std::process::ExitCode;

use clap::ArgMatches;
use fleetwright_server::config::Configuration;
use fleetwright_server::telemetry;

use crate::configuration::{self, Options};

/// Run the server: device gateway and control plane.
///
/// The first start makes the data directory: certificate authority, server certificate, registry,
/// `root-ca.pem` for devices and `admin.credentials` for `aws --endpoint-url`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    /// Read the configuration, look at everything that it names, print it, and start nothing
    #[arg(long)]
    check: bool,
}

const AFTER_HELP: &str = "\
The server ends with exit code 0 on SIGTERM or Ctrl-C, after its connections were told.

Examples:
  fleetwright serve
  fleetwright serve --data-dir /var/lib/fleetwright --hostname iot.factory.example
  fleetwright serve --mqtt-listen 127.0.0.1:0 --api-listen 127.0.0.1:0 --ready-file ready.json
  fleetwright serve --config /etc/fleetwright.toml --check";

pub(crate) fn run(args: &Args, matches: &ArgMatches) -> ExitCode {
    // Whatever is made from here on is its owner's alone.
    fleetwright_server::private_files();
    let configuration = match Configuration::read(configuration::sources(matches)) {
        Ok(configuration) => configuration,
        Err(error) => return configuration::refuse(&error),
    };
    if args.check {
        configuration::print(&configuration, false);
        return ExitCode::SUCCESS;
    }
    match serve(configuration) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(configuration: Configuration) -> Result<(), Box<dyn std::error::Error>> {
    let settings = &configuration.settings;
    let levels = telemetry::start(settings.log_format, &settings.log)?;
    tracing::info!(version = env!("FLEETWRIGHT_VERSION"), "starting");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(fleetwright_server::serve(configuration, levels))?;
    Ok(())
}
