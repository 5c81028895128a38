//! Which program runs a function's code: an interpreter of this machine with AWS's runtime
//! interface client, or the function's own `bootstrap`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fleetwright_core::function::{Runtime, RuntimeKind};
use tokio::process::Command;

/// Longest time that an interpreter may take to say what it is. (ours)
const ASKING: Duration = Duration::from_secs(10);
/// Programs that are asked, at most. (ours)
const PROGRAMS: usize = 8;

/// A program that runs functions of a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The executable; `None`: the function's own `bootstrap`.
    pub(super) executable: Option<PathBuf>,
    /// Where it is installed, when that is none of the system's directories.
    pub(super) prefix: Option<PathBuf>,
    /// Where the runtime interface client is.
    pub(super) client: Option<PathBuf>,
}

/// Interpreters that were found.
pub(super) struct Interpreters {
    configured: BTreeMap<String, PathBuf>,
    clients: PathBuf,
    found: Mutex<HashMap<&'static str, Interpreter>>,
}

impl Interpreters {
    /// `clients` is where `fleetwright function install-runtime` puts runtime interface clients.
    pub(super) fn new(configured: BTreeMap<String, PathBuf>, clients: PathBuf) -> Self {
        Self { configured, clients, found: Mutex::default() }
    }

    /// The interpreter of a runtime; one that was found is remembered.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to get it.
    pub(super) async fn find(&self, runtime: Runtime) -> Result<Interpreter, String> {
        let name = runtime.as_str();
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = match runtime.kind() {
            RuntimeKind::Provided => Interpreter { executable: None, prefix: None, client: None },
            RuntimeKind::Python => self.first(name, &PYTHON).await?,
            RuntimeKind::Node => self.first(name, &NODE).await?,
        };
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name, found.clone());
        Ok(found)
    }

    /// The first program that works and has its client.
    async fn first(&self, runtime: &str, family: &Family) -> Result<Interpreter, String> {
        let mut faults = Vec::new();
        for program in self.programs(runtime, family) {
            match self.look_at(&program, family).await {
                Ok(found) => return Ok(found),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            return Err(format!(
                "this machine has no {runtime} and no {}: install it, or name it under \
                 [functions.interpreters] of the configuration",
                family.program
            ));
        }
        Err(faults.join("; "))
    }

    /// The configured one, or the exact version and then the usual one, in the order of `PATH`.
    fn programs(&self, runtime: &str, family: &Family) -> Vec<PathBuf> {
        if let Some(path) = self.configured.get(runtime) {
            return vec![path.clone()];
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let in_path = |name: &str| {
            std::env::split_paths(&path).map(|directory| directory.join(name)).collect::<Vec<_>>()
        };
        let all = in_path(runtime).into_iter().chain(in_path(family.program));
        let mut seen = HashSet::new();
        // The same file by another name has nothing new to say. A wrapper that picks the program
        // by its own name has.
        let mut new = |file: &PathBuf| match (file.canonicalize(), file.file_name()) {
            (Ok(real), Some(name)) if real.is_file() => seen.insert((real, name.to_owned())),
            _ => false,
        };
        all.filter(|file| new(file)).take(PROGRAMS).collect()
    }

    async fn look_at(&self, program: &Path, family: &Family) -> Result<Interpreter, String> {
        let said = ask(program, family.question).await?;
        let [executable, prefix, version] = said.as_slice() else {
            return Err(format!("{} does not say what it is", program.display()));
        };
        let client = self.clients.join(version);
        if !client.join(family.client).is_dir() {
            return Err(format!(
                "{} needs its runtime interface client in {}: run `fleetwright function \
                 install-runtime {}`",
                program.display(),
                client.display(),
                family.kind
            ));
        }
        Ok(Interpreter {
            executable: Some(executable.into()),
            prefix: outside_system(prefix),
            client: Some(client),
        })
    }
}

/// How interpreters of a kind are found and asked.
struct Family {
    /// As `install-runtime` names it.
    kind: &'static str,
    /// Its usual name.
    program: &'static str,
    /// Makes it print its executable, its prefix and its client's directory, a line each.
    question: &'static [&'static str],
    /// What that directory holds.
    client: &'static str,
}

const PYTHON: Family = Family {
    kind: "python",
    program: "python3",
    question: &[
        "-c",
        "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix); \
         print('python%d.%d' % sys.version_info[:2])",
    ],
    client: "awslambdaric",
};

const NODE: Family = Family {
    kind: "nodejs",
    program: "node",
    question: &[
        "-e",
        "const own = fs.realpathSync(process.execPath); console.log(own); \
         console.log(path.dirname(path.dirname(own))); \
         console.log('nodejs' + process.versions.node.split('.')[0])",
    ],
    client: "node_modules/aws-lambda-ric",
};

/// A prefix that functions do not see anyway.
fn outside_system(prefix: &str) -> Option<PathBuf> {
    let path = PathBuf::from(prefix);
    (!path.starts_with("/usr") && path.components().count() > 1).then_some(path)
}

async fn ask(program: &Path, question: &[&str]) -> Result<Vec<String>, String> {
    let output = Command::new(program).args(question).kill_on_drop(true).output();
    let output = tokio::time::timeout(ASKING, output).await.map_err(|_| {
        format!("{} did not answer within {} s", program.display(), ASKING.as_secs())
    })?;
    let output = output.map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", program.display(), output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}
