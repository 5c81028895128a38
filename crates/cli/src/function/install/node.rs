//! The client of Node.js: `aws-lambda-ric`, partly C++, and the AWS SDK v3, which AWS's runtimes have.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::running::{found, output_of, watch};
use super::{Draft, InstallSpec};

/// The first Node.js that the client's version 4 runs on; older ones have version 3.
const FIRST_WITH_4: u32 = 22;
/// Of the AWS SDK v3: what hooks use. AWS's runtimes have all of it.
const SDK: [&str; 9] = [
    "client-dynamodb",
    "client-iot",
    "client-iot-data-plane",
    "client-lambda",
    "client-s3",
    "client-secrets-manager",
    "client-ssm",
    "client-sts",
    "lib-dynamodb",
];
/// The first Node.js that each range of the SDK's versions runs on. AWS: SDK for JavaScript v3,
/// `engines` of its packages.
const SDK_VERSIONS: [(u32, &str); 4] =
    [(20, "3"), (18, ">=3 <3.968.0"), (16, ">=3 <3.723.0"), (14, ">=3 <3.567.0")];
/// Programs that compiling needs, with their Debian packages.
const TOOLS: [(&str, &str); 7] = [
    ("cmake", "cmake"),
    ("autoconf", "autoconf"),
    ("automake", "automake"),
    ("libtoolize", "libtool"),
    ("g++", "g++"),
    ("make", "make"),
    ("python3", "python3"),
];

pub(super) async fn install(
    spec: &InstallSpec<'_>,
    runtimes: &Path,
) -> Result<PathBuf, Box<dyn Error>> {
    let node = spec.interpreter;
    let script = "console.log(fs.realpathSync(process.execPath)); \
                  console.log(process.versions.node.split('.')[0])";
    let output = output_of(node, &["-e", script]).await?;
    let [executable, major] = output.as_slice() else {
        return Err(format!("{} does not say what it is", node.display()).into());
    };
    let (executable, number) = (Path::new(executable), major.parse::<u32>()?);
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(tool, _)| found(tool).is_none()).map(|(_, name)| *name).collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        return Err(format!(
            "the client of Node.js is compiled on this machine, which has no {missing}: \
             apt-get install {missing}"
        )
        .into());
    }
    let beside = executable.with_file_name("npm");
    let npm = if beside.exists() { Some(beside) } else { found("npm") };
    let npm = npm.ok_or("there is no npm beside node or in PATH: apt-get install npm")?;
    let version = if number < FIRST_WITH_4 { 3 } else { 4 };
    let package = format!("aws-lambda-ric@{version}");
    let draft = Draft::begin(runtimes, &format!("nodejs{major}"))?;
    let mut command = Command::new(npm);
    command.args(["install", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"]);
    command.arg(&draft.path).arg(&package).args(sdk(number)?);
    command.env("PATH", path_with(executable));
    // Headers that came with this Node.js are not fetched.
    if let Some(prefix) = executable.parent().and_then(Path::parent)
        && prefix.join("include/node/node.h").exists()
    {
        command.env("npm_config_nodedir", prefix);
    }
    if let Some(cache) = spec.offline {
        command.arg("--offline").arg("--cache").arg(cache);
    }
    let doing = format!(
        "Installing {package} and the AWS SDK v3 for nodejs{major} (the first is compiled: minutes)"
    );
    watch(&doing, command).await?;
    let mut try_it = Command::new(node);
    try_it.args(["-e", "require(process.argv[1])"]);
    // It wants to know where the Runtime API is, and does not call it until it is used.
    try_it.env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
    let client = draft.path.join("node_modules/aws-lambda-ric");
    // Version 3 has it in a directory, version 4 beside its code.
    let native = ["dist/rapid-client.node", "rapid-client.node"].map(|place| client.join(place));
    let native = native.iter().find(|place| place.exists());
    try_it.arg(native.ok_or("the package has no rapid-client.node: it was not compiled")?);
    watch("Trying what was installed", try_it).await?;
    let mut sdk = Command::new(node);
    sdk.args(["-e", "process.argv.slice(1).forEach(name => require('@aws-sdk/' + name))"]);
    sdk.args(SDK).env("NODE_PATH", draft.path.join("node_modules"));
    watch("Trying the AWS SDK", sdk).await?;
    draft.finish()
}

/// The packages of the SDK, each with the versions that this Node.js runs.
fn sdk(node: u32) -> Result<Vec<String>, String> {
    let versions = SDK_VERSIONS.iter().find(|(first, _)| node >= *first);
    let (_, versions) = versions.ok_or_else(|| format!("Node.js {node} is too old"))?;
    Ok(SDK.iter().map(|name| format!("@aws-sdk/{name}@{versions}")).collect())
}

/// PATH with the interpreter's directory first: npm's scripts call `node`.
fn path_with(executable: &Path) -> OsString {
    let own = executable.parent().map(Path::to_path_buf);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = own.into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap_or(path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nodejs_gets_the_newest_sdk_that_it_runs() {
        for (node, iot) in [
            (14, "@aws-sdk/client-iot@>=3 <3.567.0"),
            (16, "@aws-sdk/client-iot@>=3 <3.723.0"),
            (18, "@aws-sdk/client-iot@>=3 <3.968.0"),
            (20, "@aws-sdk/client-iot@3"),
            (26, "@aws-sdk/client-iot@3"),
        ] {
            let packages = sdk(node).unwrap();
            assert!(packages.contains(&iot.to_owned()) && packages.len() == SDK.len(), "{node}");
        }
        assert!(sdk(12).is_err());
    }
}
