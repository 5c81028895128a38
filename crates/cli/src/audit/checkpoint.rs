//! `fleetwright audit checkpoint` and `public-key`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fleetwright_installation::audit::{checkpoint, public_key};

/// Sign how far the chains of the audit trail have come, to be kept elsewhere.
///
/// Reads a data directory, whether a server runs on it or not; run it where the directory can be
/// read, for instance every night, and keep the file on another machine.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    dir: DataDir,
    /// Write the checkpoint to a new file instead of the standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright audit checkpoint --output /mnt/elsewhere/2026-11-27.json
  fleetwright audit verify --checkpoint /mnt/elsewhere/2026-11-27.json";

/// Where the trail is.
#[derive(Debug, clap::Args)]
pub(crate) struct DataDir {
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        env = "FLEETWRIGHT_DATA_DIR",
        default_value = "./fleetwright-data"
    )]
    data_dir: PathBuf,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let made = checkpoint(&args.dir.data_dir).and_then(|signed| {
        let mut text = serde_json::to_string(&signed).map_err(|error| error.to_string())?;
        text.push('\n');
        match &args.output {
            Some(path) => write_new(path, &text),
            None => {
                print!("{text}");
                Ok(())
            }
        }
    });
    ended(made)
}

/// Prints the key that checkpoints verify with.
pub(crate) fn print_key(dir: &DataDir) -> ExitCode {
    ended(public_key(&dir.data_dir).map(|pem| print!("{pem}")))
}

/// An earlier checkpoint is never overwritten.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn ended(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
