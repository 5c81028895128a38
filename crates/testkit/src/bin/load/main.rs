//! `fleetwright-load`: load for a server, and the floors that it is compared with.
//!
//! `make bench` runs it; each subcommand prints one JSON object.

mod fill;
mod floor;
mod idle;
mod provision;
mod pure;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Provision devices by CSR, each with two connections.
    Provision(provision::Args),
    /// Hold connections until standard input closes.
    Idle(idle::Args),
    /// CPU time of the cryptography that provisioning one device cannot do without.
    FloorCrypto,
    /// A TLS server that does nothing but hold connections.
    FloorTls(floor::TlsArgs),
    /// Fill a stopped server's registry with things.
    Fill(fill::Args),
    /// Policy decisions and template evaluations per second.
    Pure,
}

/// Whom to connect as.
#[derive(clap::Args)]
struct Credentials {
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    ca: PathBuf,
    #[arg(long)]
    cert: PathBuf,
    #[arg(long)]
    key: PathBuf,
}

type Outcome = Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = match cli.command {
        Command::Provision(args) => runtime.block_on(provision::run(args)),
        Command::Idle(args) => runtime.block_on(idle::run(args)),
        Command::FloorCrypto => floor::crypto(),
        Command::FloorTls(args) => runtime.block_on(floor::tls(args)),
        Command::Fill(args) => runtime.block_on(fill::run(args)),
        Command::Pure => pure::run(),
    }?;
    println!("{report}");
    Ok(())
}
