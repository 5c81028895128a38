//! `fleetwright restore`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use fleetwright_installation::backup;
use serde_json::json;

use crate::api;
use crate::backup::{Output, described};
use crate::progress::Bytes;
use crate::terminal::{plain, utc};

/// Make an installation from a backup, in an empty directory.
///
/// The backup is read whole before anything is written. The key pool is empty, so that no private
/// key is handed out twice. What happened after the backup is not in it: the command says what to
/// look at.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The backup
    file: PathBuf,
    /// The directory to make, missing or empty
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DATA_DIR")]
    data_dir: PathBuf,
    /// What standard output carries
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const AFTER_HELP: &str = "\
Never run the old server and the restored one at the same time.

Examples:
  fleetwright restore /backup/monday.tar --data-dir /var/lib/fleetwright-restored
  fleetwright doctor --data-dir /var/lib/fleetwright-restored
  fleetwright serve --data-dir /var/lib/fleetwright-restored

Exit codes: 0 restored; 1 failed, and no server would start on what is there; 2 wrong usage.";

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        restore(args).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn restore(args: &Args) -> Result<(), Box<dyn Error>> {
    let bar = Bytes::new();
    let mut progress = |step, done, total| bar.update(step, done, total);
    let manifest = backup::restore(&args.file, &args.data_dir, &mut progress).await?;
    drop(bar);
    let unknown = unknown(&utc(manifest.created));
    match args.output {
        Output::Text => {
            let directory = plain(&args.data_dir.display().to_string());
            println!("{directory} is restored\n{}\n", described(&manifest));
            println!("What happened after {} is not in it:", utc(manifest.created));
            unknown.iter().for_each(|line| println!("- {line}"));
        }
        Output::Json => println!(
            "{}",
            json!({ "dataDir": args.data_dir, "manifest": manifest, "afterwards": unknown })
        ),
    }
    Ok(())
}

/// What an operator looks at.
fn unknown(made: &str) -> [String; 4] {
    [
        format!(
            "devices that registered after {made} are unknown: run `fleetwright device provision \
             … --force` on them (without --force it says so, with exit code 4)"
        ),
        "certificates, access keys and users that were revoked, deleted or switched off since are \
         as they were: do that again before devices can reach the server"
            .to_owned(),
        "things, policies, templates, functions and retained messages that were changed since are \
         as they were"
            .to_owned(),
        "the records since are missing from the audit trail; an export of it, or the old data \
         directory, tells what to do again"
            .to_owned(),
    ]
}
