//! `fleetwright function`: Lambda functions for who runs this server.

mod groups;
mod install;
mod invoke;
mod list;
mod logs;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

/// Run Lambda functions by hand, read their logs, install their runtimes.
///
/// Functions are made with `aws lambda create-function` and named by their ARN as a template's
/// pre-provisioning hook.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Logs(logs::Args),
    List(list::Args),
    Invoke(invoke::Args),
    InstallRuntime(install::Args),
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// One object a line.
    Json,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match &args.command {
        Command::Logs(args) => logs::run(args),
        Command::List(args) => list::run(args),
        Command::Invoke(args) => invoke::run(args),
        Command::InstallRuntime(args) => install::run(args),
    }
}
