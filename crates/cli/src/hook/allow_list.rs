//! A ready-made pre-provisioning hook: the devices of a list.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;

/// Bytes of a request that are read.
const REQUEST_BYTES: u64 = 1024 * 1024;

/// Allow the devices whose parameter is a line of a file; empty lines and `#` comments are
/// skipped. The file is read anew for each device.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The file, one value a line
    file: PathBuf,
    /// The parameter that is looked up
    #[arg(long, default_value = "SerialNumber")]
    parameter: String,
}

const AFTER_HELP: &str = "\
Name it in the server's configuration, and command:known-serials as the template's
preProvisioningHook.targetArn:

  [hooks.commands]
  known-serials = [\"/usr/bin/fleetwright\", \"hook\", \"allow-list\", \"/etc/fleetwright/serials.txt\"]";

#[derive(Deserialize)]
struct Request {
    parameters: BTreeMap<String, String>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match allow_list(&args.file, &args.parameter) {
        Ok(allow) => {
            println!("{}", serde_json::json!({ "allowProvisioning": allow }));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("fleetwright hook: {error}");
            ExitCode::FAILURE
        }
    }
}

fn allow_list(file: &Path, parameter: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().take(REQUEST_BYTES).read_to_string(&mut text)?;
    let request: Request = serde_json::from_str(&text)?;
    let list = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(request.parameters.get(parameter).is_some_and(|value| is_listed(&list, value)))
}

fn is_listed(list: &str, value: &str) -> bool {
    let mut lines = list.lines().map(str::trim);
    lines.any(|line| !line.is_empty() && !line.starts_with('#') && line == value)
}

#[cfg(test)]
mod tests {
    use super::is_listed;

    #[test]
    fn only_whole_lines_count() {
        let list = "# known\nSN-1\n\n  SN-2 \n";
        assert!(is_listed(list, "SN-1") && is_listed(list, "SN-2"));
        for unknown in ["SN", "", "# known", "SN-1\nSN-2", "sn-1"] {
            assert!(!is_listed(list, unknown), "{unknown:?}");
        }
    }
}
