//! The client of Python: `awslambdaric`, and `boto3`, which AWS's runtimes have.

use std::error::Error;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::running::{output_of, watch};
use super::{Draft, InstallSpec};

/// What is installed. AWS: guide, "Lambda runtimes", Python.
const PACKAGES: [&str; 2] = ["awslambdaric", "boto3"];

pub(super) async fn install(
    spec: &InstallSpec<'_>,
    runtimes: &Path,
) -> Result<PathBuf, Box<dyn Error>> {
    let python = spec.interpreter;
    let name = "import sys; print('python%d.%d' % sys.version_info[:2])";
    let output = output_of(python, &["-c", name]).await?;
    let name = output.first().ok_or("the interpreter does not say its version")?;
    if output_of(python, &["-m", "pip", "--version"]).await.is_err() {
        return Err(format!(
            "{} has no pip: apt-get install python3-pip, or name another --interpreter",
            python.display()
        )
        .into());
    }
    let draft = Draft::begin(runtimes, name)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target"]);
    pip.arg(&draft.path);
    if let Some(wheels) = spec.offline {
        pip.arg("--no-index").arg("--find-links").arg(wheels);
    }
    pip.args(PACKAGES);
    watch(&format!("Installing {} for {name}", PACKAGES.join(" and ")), pip).await?;
    let mut try_it = Command::new(python);
    try_it.args(["-c", "import awslambdaric.bootstrap, boto3"]).env("PYTHONPATH", &draft.path);
    watch("Trying what was installed", try_it).await?;
    draft.finish()
}
