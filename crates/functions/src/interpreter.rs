//! Which program runs a function's code: an interpreter of this machine with AWS's runtime
//! interface client, or the function's own `bootstrap`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fleetwright_core::function::{Runtime, RuntimeKind};
use parking_lot::Mutex;
use tokio::process::Command;
use tokio::time::Instant;

/// Longest time that an interpreter may take to describe itself. (ours)
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it is remembered what a runtime lacks. (ours)
const MISSING: Duration = Duration::from_secs(10);
/// Programs that are probed, at most. (ours)
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
    /// What runtimes lacked, and when that was looked at.
    missing: Mutex<HashMap<&'static str, (Instant, String)>>,
}

impl Interpreter {
    fn is_there(&self) -> bool {
        let there = |path: &Option<PathBuf>| path.as_ref().is_none_or(|path| path.exists());
        there(&self.executable) && there(&self.client)
    }
}

impl Interpreters {
    /// `clients` is where `fleetwright function install-runtime` puts runtime interface clients.
    pub(super) fn new(configured: BTreeMap<String, PathBuf>, clients: PathBuf) -> Self {
        Self { configured, clients, found: Mutex::default(), missing: Mutex::default() }
    }

    /// The interpreter of a runtime; one that was found is remembered.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to get it.
    pub(super) async fn find(&self, runtime: Runtime) -> Result<Interpreter, String> {
        let name = runtime.as_str();
        let known = self.found.lock().get(name).cloned();
        // It may have been removed since.
        if let Some(known) = known.filter(Interpreter::is_there) {
            return Ok(known);
        }
        let found = match Family::of(runtime.kind()) {
            None => Interpreter { executable: None, prefix: None, client: None },
            Some(family) => self.first(name, family).await?,
        };
        let mut all = self.found.lock();
        all.insert(name, found.clone());
        Ok(found)
    }

    /// What functions of a runtime lack here, if anything. It is remembered for seconds, for many
    /// functions may be made at once.
    pub(super) async fn lacks(&self, runtime: Runtime) -> Option<String> {
        let name = runtime.as_str();
        let known = self.missing.lock().get(name).cloned();
        if let Some((_, missing)) = known.filter(|(at, _)| at.elapsed() < MISSING) {
            return Some(missing);
        }
        let missing = match self.find(runtime).await {
            Err(missing) => Some(format!("{runtime} cannot run here: {missing}")),
            Ok(found) => without_sdk(runtime, &found),
        };
        let mut all = self.missing.lock();
        match &missing {
            Some(missing) => all.insert(name, (Instant::now(), missing.clone())),
            None => all.remove(name),
        };
        missing
    }

    /// The first program that works and has its client.
    async fn first(&self, runtime: &str, family: &Family) -> Result<Interpreter, String> {
        let mut faults = Vec::new();
        for program in self.programs(runtime, family) {
            match self.inspect(&program, family).await {
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
        // The same file by another name would answer the same, unless it is a wrapper that
        // picks the program by its own name.
        let mut new = |file: &PathBuf| match (file.canonicalize(), file.file_name()) {
            (Ok(real), Some(name)) if real.is_file() => seen.insert((real, name.to_owned())),
            _ => false,
        };
        all.filter(|file| new(file)).take(PROGRAMS).collect()
    }

    async fn inspect(&self, program: &Path, family: &Family) -> Result<Interpreter, String> {
        let lines = probe(program, family.script).await?;
        let [executable, prefix, version] = lines.as_slice() else {
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

/// How interpreters of a kind are found and probed.
struct Family {
    /// As `install-runtime` names it.
    kind: &'static str,
    /// Its usual name.
    program: &'static str,
    /// Makes it print its executable, its prefix and its client's directory, a line each.
    script: &'static [&'static str],
    /// What that directory holds.
    client: &'static str,
    /// The SDK that AWS's runtimes have, and where it is beside the client.
    sdk: (&'static str, &'static str),
}

static PYTHON: Family = Family {
    kind: "python",
    program: "python3",
    script: &[
        "-c",
        "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix); \
         print('python%d.%d' % sys.version_info[:2])",
    ],
    client: "awslambdaric",
    sdk: ("boto3", "boto3"),
};

static NODE: Family = Family {
    kind: "nodejs",
    program: "node",
    script: &[
        "-e",
        "const own = fs.realpathSync(process.execPath); console.log(own); \
         console.log(path.dirname(path.dirname(own))); \
         console.log('nodejs' + process.versions.node.split('.')[0])",
    ],
    client: "node_modules/aws-lambda-ric",
    sdk: ("AWS SDK v3", "node_modules/@aws-sdk/client-iot"),
};

impl Family {
    fn of(kind: RuntimeKind) -> Option<&'static Self> {
        match kind {
            RuntimeKind::Python => Some(&PYTHON),
            RuntimeKind::Node => Some(&NODE),
            RuntimeKind::Provided => None,
        }
    }
}

/// What an installation of an earlier version lacks.
fn without_sdk(runtime: Runtime, found: &Interpreter) -> Option<String> {
    let family = Family::of(runtime.kind())?;
    let (sdk, place) = family.sdk;
    let client = found.client.as_ref()?;
    (!client.join(place).is_dir()).then(|| {
        format!(
            "{runtime} runs here without the {sdk} that AWS's runtimes have: run `fleetwright \
             function install-runtime {}` again",
            family.kind
        )
    })
}

/// A prefix that functions do not see anyway.
fn outside_system(prefix: &str) -> Option<PathBuf> {
    let path = PathBuf::from(prefix);
    (!path.starts_with("/usr") && path.components().count() > 1).then_some(path)
}

async fn probe(program: &Path, script: &[&str]) -> Result<Vec<String>, String> {
    let output = Command::new(program).args(script).kill_on_drop(true).output();
    let output = tokio::time::timeout(PROBE_TIMEOUT, output).await.map_err(|_| {
        format!("{} did not answer within {} s", program.display(), PROBE_TIMEOUT.as_secs())
    })?;
    let output = output.map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", program.display(), output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn what_was_found_and_is_gone_is_looked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let (program, clients) = (dir.path().join("python"), dir.path().join("runtimes"));
        let shown = program.display();
        fs::write(&program, format!("#!/bin/sh\necho {shown}\necho /usr\necho python3.12\n"))
            .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let client = clients.join("python3.12");
        fs::create_dir_all(client.join("awslambdaric")).unwrap();
        let runtime = Runtime::parse("python3.12").unwrap();
        let configured = BTreeMap::from([("python3.12".to_owned(), program.clone())]);
        let interpreters = Interpreters::new(configured, clients);
        assert_eq!(interpreters.find(runtime).await.unwrap().client, Some(client.clone()));
        fs::create_dir_all(client.join("boto3")).unwrap();
        assert_eq!(interpreters.lacks(runtime).await, None);
        fs::remove_dir_all(client.join("boto3")).unwrap();
        let lacks = interpreters.lacks(runtime).await.unwrap();
        assert!(lacks.contains("without the boto3") && lacks.contains("again"), "{lacks}");
        interpreters.missing.lock().clear();
        fs::remove_dir_all(&client).unwrap();
        let missing = interpreters.find(runtime).await.unwrap_err();
        assert!(missing.contains("fleetwright function install-runtime python"), "{missing}");
        assert!(interpreters.lacks(runtime).await.unwrap().ends_with(&missing));
        fs::remove_file(&program).unwrap();
        let missing = interpreters.find(runtime).await.unwrap_err();
        assert!(missing.contains("cannot run") && missing.contains("No such file"), "{missing}");
    }
}
