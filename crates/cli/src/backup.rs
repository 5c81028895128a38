//! `fleetwright backup`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Subcommand, ValueEnum};
use fleetwright_installation::backup::{self, Manifest};
use serde_json::json;

use crate::progress::Bytes;
use crate::terminal::{plain, plain_json, utc};

/// Make one file of an installation, beside its running server, or check such a file.
///
/// The file holds the registry as it was at one moment, the certificate authority, the sealing key
/// and every other file of the data directory; not the key pool, and not functions' logs and
/// runtimes. Whoever has it can be the server: keep it like the data directory. It is read again
/// before the command succeeds, and appears whole or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The data directory; its server may be running
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./fleetwright-data",
        env = "FLEETWRIGHT_DATA_DIR"
    )]
    data_dir: PathBuf,
    /// A configuration file to keep beside it, as fleetwright.toml
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// The file to write, which must not exist [default: fleetwright-TIME.backup.tar, here]
    #[arg(long, short, value_name = "FILE")]
    to: Option<PathBuf>,
    /// What standard output carries
    #[arg(long, value_enum, default_value_t = Output::Text, global = true)]
    output: Output,
}

const AFTER_HELP: &str = "\
Room for two copies of the registry is needed where the file goes. docs/backup.md tells how to
restore.

Examples:
  fleetwright backup --data-dir /var/lib/fleetwright --to /backup/monday.tar
  fleetwright backup verify /backup/monday.tar
  fleetwright restore /backup/monday.tar --data-dir /var/lib/fleetwright-restored

Exit codes: 0 done and verified; 1 failed, and nothing is left behind; 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Read a backup whole, as a restore would, and leave nothing behind.
    Verify {
        /// The backup
        file: PathBuf,
    },
}

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let done = match &args.command {
        Some(Command::Verify { file }) => verify(file, args.output),
        None => make(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {}", plain(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn make(args: &Args) -> Result<(), Box<dyn Error>> {
    let file = match &args.to {
        Some(file) => file.clone(),
        None => default_name()?,
    };
    let bar = Bytes::new();
    let mut progress = |step, done, total| bar.update(step, done, total);
    let manifest = backup::create(&args.data_dir, args.config.as_deref(), &file, &mut progress)?;
    drop(bar);
    print("written and verified", &file, &manifest, args.output)
}

fn verify(file: &Path, output: Output) -> Result<(), Box<dyn Error>> {
    let bar = Bytes::new();
    let manifest = backup::verify(file, &mut |step, done, total| bar.update(step, done, total))?;
    drop(bar);
    print("sound", file, &manifest, output)
}

fn default_name() -> Result<PathBuf, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let time: String = utc(i64::try_from(now.as_millis())?)
        .chars()
        .take(19)
        .map(|c| if c == ' ' { 'T' } else { c })
        .filter(|c| *c != ':')
        .collect();
    Ok(PathBuf::from(format!("fleetwright-{time}Z.backup.tar")))
}

fn print(
    what: &str,
    file: &Path,
    manifest: &Manifest,
    output: Output,
) -> Result<(), Box<dyn Error>> {
    match output {
        Output::Text => {
            println!("{} is {what}", plain(&file.display().to_string()));
            println!("{}", described(manifest));
        }
        Output::Json => println!("{}", plain_json(&json!({ "file": file, "manifest": manifest }))),
    }
    Ok(())
}

/// What is in a backup, for people.
pub(crate) fn described(manifest: &Manifest) -> String {
    let counts: Vec<String> =
        manifest.counts.iter().map(|it| format!("{} {}", it.count, plain(&it.of))).collect();
    let bytes: u64 = manifest.members.iter().map(|member| member.size).sum();
    let newest = manifest.newest_record.map_or_else(|| "none".to_owned(), utc);
    format!(
        "made          {}\ninstallation  {}\nregistry      {}\nlast record   {newest}\nfiles         {}, {bytes} bytes",
        utc(manifest.created),
        plain(manifest.installation.as_deref().unwrap_or("of before there were ids")),
        counts.join(", "),
        manifest.members.len(),
    )
}
