//! `fleetwright admin`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::api;
use crate::backup::Output;

/// What an administrator does on the server's machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give the user `admin` a new access key, when admin.credentials is lost or leaked.
    ///
    /// Stop the server first. Every earlier key of `admin` ends; the new one is written to
    /// admin.credentials in the data directory. A user `admin` that was deleted is made again with
    /// AdministratorAccess. The audit trail has a record of it.
    #[command(after_help = RESET_HELP)]
    ResetCredentials {
        /// The data directory
        #[arg(
            long,
            value_name = "DIR",
            default_value = "./fleetwright-data",
            env = "FLEETWRIGHT_DATA_DIR"
        )]
        data_dir: PathBuf,
        /// What standard output carries; never the secret
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
}

const RESET_HELP: &str = "\
Examples:
  systemctl stop fleetwright
  fleetwright admin reset-credentials --data-dir /var/lib/fleetwright
  systemctl start fleetwright
  export AWS_SHARED_CREDENTIALS_FILE=/var/lib/fleetwright/admin.credentials

Exit codes: 0 done; 1 failed, for instance because the server runs; 2 wrong usage.";

pub(crate) fn run(args: &Args) -> ExitCode {
    let Command::ResetCredentials { data_dir, output } = &args.command;
    api::run(async {
        let done = fleetwright_installation::reset_credentials(data_dir).await?;
        match output {
            Output::Text => {
                println!("{} has the new key {}", done.file.display(), done.access_key_id);
                if done.made_user {
                    println!("The user admin did not exist, and was made again.");
                }
                if !done.has_every_right {
                    println!(
                        "The user admin does not have AdministratorAccess; it was taken away, and \
                         is not given back."
                    );
                }
            }
            Output::Json => println!(
                "{}",
                json!({
                    "file": done.file,
                    "accessKeyId": done.access_key_id,
                    "madeUser": done.made_user,
                    "hasEveryRight": done.has_every_right,
                })
            ),
        }
        Ok::<_, Box<dyn Error>>(ExitCode::SUCCESS)
    })
}
