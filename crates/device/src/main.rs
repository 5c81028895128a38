//! The command `fleetwright-device`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use fleetwright_device::cli;
use tracing_subscriber::EnvFilter;

#[derive(Debug, Parser)]
#[command(name = "fleetwright-device", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    args: cli::Args,
}

fn main() -> ExitCode {
    // Quiet unless asked: RUST_LOG=debug.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    ExitCode::from(cli::run(Cli::parse().args))
}
