//! Which program runs a function's code: an interpreter of this machine with AWS's runtime
//! interface client, or the function's own `bootstrap`.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fleetwright_core::function::{Runtime, RuntimeKind};
use tokio::process::Command;

/// Longest time that an interpreter may take to say what it is. (ours)
const ASKING: Duration = Duration::from_secs(10);

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
    configured: std::collections::BTreeMap<String, PathBuf>,
    clients: PathBuf,
    found: Mutex<HashMap<&'static str, Interpreter>>,
}

impl Interpreters {
    /// `clients` is where `fleetwright function install-runtime` puts runtime interface clients.
    pub(super) fn new(
        configured: std::collections::BTreeMap<String, PathBuf>,
        clients: PathBuf,
    ) -> Self {
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
            RuntimeKind::Python => self.python(name).await?,
            RuntimeKind::Node => self.node(name).await?,
        };
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name, found.clone());
        Ok(found)
    }

    /// The exact version if this machine has it, else whatever `python3` is.
    async fn python(&self, name: &str) -> Result<Interpreter, String> {
        let program = self.program(name, &[name, "python3"])?;
        let script = "import os, sys; print(os.path.realpath(sys.executable)); \
                      print(sys.base_prefix); print('python%d.%d' % sys.version_info[:2])";
        let said = ask(&program, &["-c", script]).await?;
        let [executable, prefix, version] = said.as_slice() else {
            return Err(format!("{} does not say what it is", program.display()));
        };
        let client = self.clients.join(version);
        if !client.join("awslambdaric").is_dir() {
            return Err(missing("python", &client));
        }
        Ok(Interpreter {
            executable: Some(executable.into()),
            prefix: outside_system(prefix),
            client: Some(client),
        })
    }

    async fn node(&self, name: &str) -> Result<Interpreter, String> {
        let program = self.program(name, &["node"])?;
        let script = "console.log(fs.realpathSync(process.execPath)); console.log(process.versions.node.split('.')[0])";
        let said = ask(&program, &["-e", script]).await?;
        let [executable, major] = said.as_slice() else {
            return Err(format!("{} does not say what it is", program.display()));
        };
        let client = self.clients.join(format!("nodejs{major}"));
        if !client.join("node_modules/aws-lambda-ric").is_dir() {
            return Err(missing("nodejs", &client));
        }
        let prefix = Path::new(executable).parent().and_then(Path::parent);
        Ok(Interpreter {
            executable: Some(executable.into()),
            prefix: prefix.and_then(|prefix| outside_system(&prefix.to_string_lossy())),
            client: Some(client),
        })
    }

    fn program(&self, runtime: &str, names: &[&str]) -> Result<PathBuf, String> {
        if let Some(path) = self.configured.get(runtime) {
            return Ok(path.clone());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        names.iter().find_map(|name| in_path(&path, name)).ok_or_else(|| {
            format!(
                "this machine has no {} for the runtime {runtime}: install it, or name it under \
                 [functions.interpreters] of the configuration",
                names.join(" or ")
            )
        })
    }
}

fn missing(kind: &str, client: &Path) -> String {
    format!(
        "the runtime interface client is not in {}: run `fleetwright function install-runtime \
         {kind}`",
        client.display()
    )
}

fn in_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// A prefix that functions do not see anyway.
fn outside_system(prefix: &str) -> Option<PathBuf> {
    let path = PathBuf::from(prefix);
    (!path.starts_with("/usr") && path.components().count() > 1).then_some(path)
}

async fn ask(program: &Path, arguments: &[&str]) -> Result<Vec<String>, String> {
    let output = Command::new(program).args(arguments).kill_on_drop(true).output();
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
