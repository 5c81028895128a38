//! `fleetwright hook`: hooks tried out, and hooks ready-made.

mod allow_list;
mod rehearsal;
mod shown;

use std::process::ExitCode;

use clap::Subcommand;

/// Try a template with its pre-provisioning hook, or answer one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    hook: Hook,
}

#[derive(Debug, Subcommand)]
enum Hook {
    Test(rehearsal::Args),
    AllowList(allow_list::Args),
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match &args.hook {
        Hook::Test(args) => rehearsal::run(args),
        Hook::AllowList(args) => allow_list::run(args),
    }
}
