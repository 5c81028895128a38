//! `fleetwright ca`.

mod show;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use fleetwright_installation::issuing::{self, Which};
use fleetwright_server::private_files;
use serde_json::json;

use crate::backup::Output;
use crate::terminal::{plain, plain_json};

/// Bytes of a file of certificates or of a key, at most. (ours)
const FILE_BYTES: u64 = 256 * 1024;

/// The certificate authority: an issuing CA under a root of your own, its roll-over, its ends.
///
/// docs/certificates.md has each task with its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// Which authority of which installation.
#[derive(Debug, clap::Args)]
struct Of {
    /// The data directory
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./fleetwright-data",
        env = "FLEETWRIGHT_DATA_DIR"
    )]
    data_dir: PathBuf,
    /// The authority of RSA keys, which signs the server's certificate for clients that verify
    /// nothing else; without it, the one that signs for devices
    #[arg(long)]
    rsa: bool,
    /// What standard output carries
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the authority before the first start, or a request for an issuing CA under your root.
    ///
    /// Without --csr: a root and an issuing CA of their own, as the first start makes them. With it: a
    /// key, which stays in the data directory, and a certificate signing request (PKCS #10) for your
    /// root to sign, on standard output or in a file. The server goes on as it is until `ca import`.
    #[command(after_help = INIT_HELP)]
    Init {
        #[command(flatten)]
        of: Of,
        /// Make a request; write it to this file instead of standard output
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
        csr: Option<PathBuf>,
        /// The common name that the request asks for
        #[arg(
            long,
            value_name = "NAME",
            default_value = "Fleetwright Issuing CA",
            requires = "csr"
        )]
        name: String,
    },
    /// Have a signed issuing CA sign from the next start on.
    ///
    /// Stop the server first. The certificates of the issuing CA, of every CA above it and of the
    /// root come in one file or several, in any order. Signatures, CA constraints, path lengths, key
    /// usage, times and the key are checked. If the root is another than before, both are trusted
    /// until --until or `ca retire`, and root-ca.pem holds both.
    #[command(after_help = IMPORT_HELP)]
    Import {
        #[command(flatten)]
        of: Of,
        /// Certificates, PEM
        #[arg(required = true, value_name = "FILE")]
        certificates: Vec<PathBuf>,
        /// The root's certificate, if it is in none of the files
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
        /// The issuing CA's private key (PEM), if it was not made by `ca init --csr`
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The last day (UTC) on which the root before is trusted [default: until `ca retire`]
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Option<String>,
    },
    /// Show what signs, what is trusted, and how long.
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// End the roll-over of a root: the root before is no longer trusted, and its keys are deleted.
    ///
    /// Stop the server first. Devices that do not know the new root cannot connect afterwards.
    Retire {
        #[command(flatten)]
        of: Of,
    },
}

const INIT_HELP: &str = "\
Examples:
  fleetwright ca init --csr issuing.csr --name \"Example Ltd IoT Issuing CA\"
  fleetwright ca init --csr --data-dir /var/lib/fleetwright > issuing.csr";

const IMPORT_HELP: &str = "\
Examples:
  fleetwright ca import issuing.pem root.pem
  fleetwright ca import chain.pem --key issuing.key --until 2027-12-31

Exit codes: 0 done; 1 refused, and nothing was changed; 2 wrong usage.";

pub(crate) fn run(args: &Args) -> ExitCode {
    // Keys are made here: they are their owner's alone.
    private_files();
    let done = match &args.command {
        Command::Init { of, csr: None, .. } => make(of),
        Command::Init { of, csr: Some(file), name } => request(of, file, name),
        Command::Import { of, certificates, root, key, until } => {
            let files = certificates.iter().chain(root);
            import(of, files, key.as_deref(), until.as_deref())
        }
        Command::Show { of } => show::show(&of.data_dir, of.which(), of.output),
        Command::Retire { of } => retire(of),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetwright: {}", plain(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

impl Of {
    fn which(&self) -> Which {
        if self.rsa { Which::Rsa } else { Which::Ecdsa }
    }
}

fn make(of: &Of) -> Result<(), Box<dyn Error>> {
    issuing::make_authorities(&of.data_dir)?;
    show::show(&of.data_dir, of.which(), of.output)
}

fn request(of: &Of, file: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let request = issuing::request(&of.data_dir, of.which(), name)?;
    let kept = if request.is_new_key { "a new key waits" } else { "the key that waited is kept" };
    eprintln!(
        "fleetwright: {kept} in {}/next/issuing.key; have the request signed, then: fleetwright ca \
         import",
        of.data_dir.join(of.which().directory()).display()
    );
    if file == Path::new("-") {
        print!("{}", request.pem);
        return Ok(());
    }
    std::fs::write(file, &request.pem)
        .map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}

fn import<'a>(
    of: &Of,
    files: impl Iterator<Item = &'a PathBuf>,
    key: Option<&Path>,
    until: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let mut certificates = String::new();
    for file in files {
        certificates.push_str(&read(file)?);
        certificates.push('\n');
    }
    let key = key.map(read).transpose()?;
    let given = issuing::Import { certificates: &certificates, key: key.as_deref(), until };
    let done = issuing::import(&of.data_dir, of.which(), given)?;
    if of.output == Output::Json {
        let answer = json!({
            "issuing": done.issuing.trim_matches('\''),
            "root": done.root.trim_matches('\''),
            "ends": done.ends.utc().to_string(),
            "previousRoot": done.previous_root.as_deref().map(|it| it.trim_matches('\'')),
        });
        println!("{}", plain_json(&answer));
        return Ok(());
    }
    println!("{} signs from the next start on, under {}", plain(&done.issuing), plain(&done.root));
    println!("its chain ends at {}", done.ends.utc());
    if let Some(previous) = &done.previous_root {
        let end = match until {
            Some(day) => format!("until the end of {day}"),
            None => "until `fleetwright ca retire`".to_owned(),
        };
        println!(
            "{} is trusted too, {end}; root-ca.pem holds both roots: give it to devices",
            plain(previous)
        );
    }
    Ok(())
}

fn retire(of: &Of) -> Result<(), Box<dyn Error>> {
    let ended = issuing::retire(&of.data_dir, of.which())?;
    match (of.output, ended) {
        (Output::Json, ended) => {
            let ended = ended.as_deref().map(|it| it.trim_matches('\''));
            println!("{}", plain_json(&json!({ "retired": ended })));
        }
        (Output::Text, Some(root)) => println!("{} is no longer trusted", plain(&root)),
        (Output::Text, None) => println!("no roll-over was under way"),
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, Box<dyn Error>> {
    let fail = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
    let length = std::fs::metadata(file).map_err(|error| fail(&error))?.len();
    if length > FILE_BYTES {
        return Err(fail(&format_args!("it is longer than {FILE_BYTES} bytes")).into());
    }
    Ok(std::fs::read_to_string(file).map_err(|error| fail(&error))?)
}
