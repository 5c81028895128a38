//! What the log at the start, and `fleetwright doctor`, say of functions' containment.

use fleetwright_functions::{Bound, Containment, Trial};
use fleetwright_host::StartError;
use fleetwright_installation::doctor::{Finding, Severity, server_of};

use crate::config::Settings;

const CHECK: &str = "containment";

/// Tries once, beside everything else, whether functions can run, and logs it: else the first device
/// of a hook would be the first to find out.
pub(crate) fn probe(settings: Settings) -> Result<(), StartError> {
    let look = move || {
        let Finding { severity, found, remedy, .. } = examine(&settings);
        let remedy = remedy.unwrap_or_default();
        match severity {
            Severity::Ok => tracing::info!("{found}"),
            Severity::Warning | Severity::Error => tracing::warn!(remedy, "{found}"),
        }
    };
    let thread = std::thread::Builder::new().name("containment".to_owned());
    thread.spawn(look).map(|_| ()).map_err(StartError::new)
}

/// Starts a program as functions are, and looks what bounds their memory: that of the server that
/// runs on the data directory, or of one that were started as this process was.
pub fn examine(settings: &Settings) -> Finding {
    let server = server_of(&settings.data_dir).unwrap_or_else(std::process::id);
    let tried = std::env::current_exe().map(|own| Trial::run(&settings.functions, &own, server));
    let Trial { bound, failure } = match tried {
        Ok(trial) => trial,
        Err(error) => {
            return Finding::warning(CHECK, error.to_string(), "run it as it was installed");
        }
    };
    if let Some(failure) = failure {
        return Finding::warning(
            CHECK,
            format!("functions cannot run here: {failure}"),
            "allow user namespaces to the service or its container, or run it as root; where that \
             cannot be, and for code of your own only: [functions] containment = \"limits\"",
        );
    }
    if let (Bound::Polled { why }, Some(_)) = (&bound, &settings.functions.cgroup) {
        return Finding::error(
            CHECK,
            format!("no server starts with [functions] cgroup as it is: {why}"),
            "name a control group that the server's user may make others in, or leave the key out",
        );
    }
    match settings.functions.containment {
        Containment::Full => Finding::ok(
            CHECK,
            format!("functions are contained; their memory is bounded by {bound}"),
        ),
        Containment::Limits => Finding::warning(
            CHECK,
            format!(
                "functions see and may do what {} does; their memory is bounded by {bound}",
                if rustix::process::geteuid().is_root() { "root" } else { "this user" }
            ),
            "set [functions] containment = \"full\" unless all code is your own",
        ),
    }
}
