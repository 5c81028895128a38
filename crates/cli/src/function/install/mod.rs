//! `fleetwright function install-runtime`: AWS's runtime interface client, for an interpreter of
//! this machine.

mod node;
mod python;
mod running;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use running::found;

use crate::api;

/// Install what runs functions of a language: AWS's runtime interface client.
///
/// A function of a `python3.…` runtime is run by the python3 of this machine, one of `nodejs…` by
/// its node, each with the client that AWS publishes for that language (awslambdaric from PyPI
/// with boto3, aws-lambda-ric from npm with what hooks use of the AWS SDK v3). This command installs
/// it into
/// DATA_DIR/functions/runtimes, for one version of the interpreter; run it again for another, or
/// to renew it. A server that runs finds it at the next invocation. `provided` runtimes need
/// nothing.
///
/// The client of Node.js is partly C++ and is compiled here: on Debian it needs
/// `apt-get install cmake autoconf automake libtool g++ make python3`.
///
/// An installation that breaks off leaves what was there before.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The language
    language: Language,
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./fleetwright-data",
        env = "FLEETWRIGHT_DATA_DIR"
    )]
    data_dir: PathBuf,
    /// Another directory, which the configuration names as `[functions] runtimes-dir`; several
    /// servers may share it
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// The interpreter, when it is not python3 or node of PATH; also name it under
    /// [functions.interpreters] of the configuration
    #[arg(long, value_name = "PATH")]
    interpreter: Option<PathBuf>,
    /// Take the packages from a directory, without the network: wheels that `pip download` got, or
    /// a cache that `npm install --cache DIR` filled
    #[arg(long, value_name = "DIR")]
    offline_from: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  fleetwright function install-runtime python
  fleetwright function install-runtime nodejs --data-dir /var/lib/fleetwright
  fleetwright function install-runtime python --interpreter /opt/python3.13/bin/python3.13

Without the network, on a machine with the same interpreter:
  pip download --dest wheels awslambdaric boto3
  npm install --cache npm-cache --prefix anywhere aws-lambda-ric@4 \\
    @aws-sdk/client-{dynamodb,iot,iot-data-plane,lambda,s3,secrets-manager,ssm,sts}@3 \\
    @aws-sdk/lib-dynamodb@3
  # before Node.js 22: aws-lambda-ric@3; 18: the SDK below 3.968, 16: below 3.723
and here, with what they left:
  fleetwright function install-runtime python --offline-from wheels
  fleetwright function install-runtime nodejs --offline-from npm-cache

Exit codes: 0 installed; 1 failed (the reason and the way out are on standard error); 2 wrong usage.";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Python,
    Nodejs,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        let installed = install(args).await?;
        println!("Installed {}", installed.display());
        Ok(ExitCode::SUCCESS)
    })
}

async fn install(args: &Args) -> Result<PathBuf, Box<dyn Error>> {
    let name = match args.language {
        Language::Python => "python3",
        Language::Nodejs => "node",
    };
    let interpreter = match &args.interpreter {
        Some(path) => path.clone(),
        None => found(name).ok_or_else(|| {
            format!("there is no {name} in PATH: install it, or name one with --interpreter")
        })?,
    };
    let offline = match &args.offline_from {
        Some(path) => Some(
            fs::canonicalize(path)
                .map_err(|error| format!("--offline-from {}: {error}", path.display()))?,
        ),
        None => None,
    };
    let beside_data = || args.data_dir.join("functions").join("runtimes");
    let runtimes = args.into.clone().unwrap_or_else(beside_data);
    fs::create_dir_all(&runtimes)
        .map_err(|error| format!("cannot make {}: {error}", runtimes.display()))?;
    let runtimes = fs::canonicalize(runtimes)?;
    let spec = InstallSpec { interpreter: &interpreter, offline: offline.as_deref() };
    match args.language {
        Language::Python => python::install(&spec, &runtimes).await,
        Language::Nodejs => node::install(&spec, &runtimes).await,
    }
}

/// The interpreter, and the directory of packages when there is no network.
struct InstallSpec<'a> {
    interpreter: &'a Path,
    offline: Option<&'a Path>,
}

/// A directory beside the wanted one, gone unless it is put in its place.
struct Draft {
    path: PathBuf,
    wanted: PathBuf,
}

impl Draft {
    fn begin(runtimes: &Path, name: &str) -> Result<Self, Box<dyn Error>> {
        let path = runtimes.join(format!(".{name}.{}", std::process::id()));
        fs::create_dir(&path)
            .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Self { path, wanted: runtimes.join(name) })
    }

    /// Puts it in its place; what was there before goes.
    fn finish(self) -> Result<PathBuf, Box<dyn Error>> {
        let old = self.path.with_extension("old");
        if old.exists() {
            // Left by an installation that was killed just here.
            fs::remove_dir_all(&old)?;
        }
        if self.wanted.exists() {
            fs::rename(&self.wanted, &old)?;
        }
        fs::rename(&self.path, &self.wanted)?;
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        Ok(self.wanted.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.path.exists() {
            // A directory that cannot be removed is in nobody's way.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_that_breaks_off_leaves_what_was_there() {
        let runtimes = std::env::temp_dir().join(format!("fleetwright-{}", std::process::id()));
        fs::create_dir_all(runtimes.join("python3.99")).unwrap();
        fs::write(runtimes.join("python3.99/old"), "").unwrap();
        let draft = Draft::begin(&runtimes, "python3.99").unwrap();
        fs::write(draft.path.join("half"), "").unwrap();
        drop(draft);
        assert!(runtimes.join("python3.99/old").exists());
        assert_eq!(fs::read_dir(&runtimes).unwrap().count(), 1);
        let draft = Draft::begin(&runtimes, "python3.99").unwrap();
        fs::write(draft.path.join("new"), "").unwrap();
        draft.finish().unwrap();
        assert!(runtimes.join("python3.99/new").exists());
        assert!(!runtimes.join("python3.99/old").exists());
        assert_eq!(fs::read_dir(&runtimes).unwrap().count(), 1);
        fs::remove_dir_all(&runtimes).unwrap();
    }
}
