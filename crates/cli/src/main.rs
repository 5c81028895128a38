//! The `fleetwright` command: the server, the device side, the quick start.

mod admin;
mod api;
mod audit;
mod backup;
mod ca;
mod configuration;
mod connections;
mod console;
mod doctor;
mod function;
mod hook;
mod lint;
mod progress;
mod quickstart;
mod reach;
mod restore;
mod serve;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

/// Brings devices into a fleet: AWS IoT Core fleet provisioning on your own machine.
///
/// Firmware, device SDKs, `aws iot` scripts and templates written for AWS work unchanged; only
/// the endpoint differs. Start with `fleetwright serve`, or see everything at once with
/// `make quickstart`.
#[derive(Debug, Parser)]
#[command(name = "fleetwright", version = env!("FLEETWRIGHT_VERSION"), propagate_version = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright serve --data-dir ./fleetwright-data
  export AWS_SHARED_CREDENTIALS_FILE=./fleetwright-data/admin.credentials AWS_REGION=us-east-1
  aws iot list-things --endpoint-url http://127.0.0.1:8080
  fleetwright device provision --help

Exit codes: 0 done; 1 failed (the reason is on standard error); 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: device gateway and control plane.
    Serve(Box<serve::Args>),
    /// Print the server's configuration, and where each value was given.
    Config(configuration::Args),
    /// Be a device: provision, connect, publish, subscribe.
    Device(fleetwright_device::cli::Args),
    /// Show everything at once, in a temporary directory, in a few seconds.
    Quickstart(quickstart::Args),
    /// Make one file of an installation, beside its running server, or check such a file.
    Backup(backup::Args),
    /// Make an installation from a backup, in an empty directory.
    Restore(restore::Args),
    /// Check a data directory, live or not: what is wrong, and how to mend it.
    Doctor(doctor::Args),
    /// Print a link that signs in to the console.
    Console(console::Args),
    /// List the clients that are connected.
    Connections(connections::Args),
    /// End the connection of a client.
    Disconnect(connections::DisconnectArgs),
    /// Show what happens to a client, live: packets and decisions.
    Trace(connections::TraceArgs),
    /// What an administrator does on the server's machine.
    Admin(admin::Args),
    /// Have devices' certificates signed under a root of your own; show what signs and how long.
    Ca(ca::Args),
    /// Read the audit trail.
    Audit(audit::Args),
    /// Run Lambda functions by hand, read their logs, install their runtimes.
    Function(function::Args),
    /// Try a template with its pre-provisioning hook, or answer one.
    Hook(hook::Args),
    /// Look at templates and policies before they are sent.
    Lint(lint::Args),
    /// Print the completion script of a shell.
    ///
    /// For instance: fleetwright completions bash > /etc/bash_completion.d/fleetwright
    Completions {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(code) = fleetwright_containment::run(&arguments) {
        return code;
    }
    let whole = Cli::command().get_matches();
    let command = match Cli::from_arg_matches(&whole) {
        Ok(cli) => cli.command,
        Err(error) => error.exit(),
    };
    let matches = whole.subcommand().map_or(&whole, |(_, of_command)| of_command);
    match command {
        Command::Serve(args) => serve::run(&args, matches),
        Command::Config(args) => configuration::run(&args, matches),
        Command::Device(args) => ExitCode::from(fleetwright_device::cli::run(args)),
        Command::Quickstart(args) => quickstart::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Doctor(args) => doctor::run(&args, matches),
        Command::Console(args) => console::run(&args),
        Command::Connections(args) => connections::run(&args),
        Command::Disconnect(args) => connections::disconnect(&args),
        Command::Trace(args) => connections::trace(&args),
        Command::Admin(args) => admin::run(&args),
        Command::Ca(args) => ca::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Function(args) => function::run(&args),
        Command::Hook(args) => hook::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "fleetwright",
                &mut std::io::stdout(),
            );
            ExitCode::SUCCESS
        }
    }
}
