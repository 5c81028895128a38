//! The registry: its pages, its schema, what is sealed in it, its times, functions' code.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_access::access_keys;
use fleetwright_core::time::Timestamp;
use fleetwright_host::data_dir::DATABASE;
use fleetwright_host::sealing::{self, Sealing};
use fleetwright_store::{Examination, Store};

use super::{Finding, Subject, scope};
use crate::{audit, parts};

const CHECK: &str = "registry";
const RESTORE: &str = "stop the server, keep the whole directory aside, and restore the latest \
                       backup into an empty one (docs/backup.md)";
/// Milliseconds that clocks may differ. (ours)
const TOLERANCE: i64 = 5 * 60 * 1000;
/// Milliseconds after which nobody having looked is strange. (ours)
const LONG: i64 = 60 * 24 * 60 * 60 * 1000;

/// Reads the whole registry; `None` when it cannot be read or is damaged.
pub(super) fn examine(database: &Path, findings: &mut Vec<Finding>) -> Option<Examination> {
    if std::fs::metadata(database).map_or(0, |it| it.len()) == 0 {
        // Whether that is a loss, the parts beside it tell.
        return None;
    }
    let mut strange_code = 0_u32;
    let mut packages = 0_u32;
    let mut visit = |sha256: &[u8], content: &[u8]| {
        packages += 1;
        strange_code += u32::from(digest(&SHA256, content).as_ref() != sha256);
    };
    let examined = match Store::examine(&database.to_string_lossy(), &scope()?, &mut visit) {
        Ok(examined) => examined,
        Err(error) => {
            findings.push(Finding::error(CHECK, error.to_string(), RESTORE));
            return None;
        }
    };
    if !examined.faults.is_empty() {
        let told: Vec<&str> = examined.faults.iter().take(3).map(String::as_str).collect();
        let found = format!("{DATABASE} is damaged: {}", told.join("; "));
        findings.push(Finding::error(CHECK, found, RESTORE));
        return None;
    }
    let counts: Vec<String> =
        examined.counts.iter().map(|(of, count)| format!("{count} {of}")).collect();
    findings.push(Finding::ok(CHECK, format!("every page is sound: {}", counts.join(", "))));
    findings.push(schema(&examined));
    findings.push(match strange_code {
        0 => Finding::ok("functions", format!("{packages} deployment packages are as uploaded")),
        strange => Finding::error(
            "functions",
            format!("{strange} of {packages} deployment packages are not as uploaded"),
            "upload the code again (aws lambda update-function-code), or restore a backup",
        ),
    });
    Some(examined)
}

fn schema(examined: &Examination) -> Finding {
    let (found, known) = (examined.schema, examined.known_schema);
    if found > known {
        return Finding::error(
            "schema",
            format!("{found}, and this program knows {known} at most"),
            "use the newer fleetwright that wrote it",
        );
    }
    if found < known {
        return Finding::warning(
            "schema",
            format!("{found}; the next start of this version makes it {known}"),
            "make a backup first (fleetwright backup): an older version cannot open it afterwards",
        );
    }
    Finding::ok("schema", found.to_string())
}

/// Whether the sealing key opens what is sealed.
pub(super) fn sealing(subject: &Subject, findings: &mut Vec<Finding>) {
    let Some(examined) = &subject.examined else { return };
    let key = match subject.dir.read(sealing::FILE) {
        Ok(Some(key)) => Sealing::of_key(&key),
        // That it is missing, the parts tell.
        _ => return,
    };
    let opens = key.is_some_and(|key| match (&examined.installation, &examined.sealed) {
        (Some(known), _) => parts::is_sealed_with(&key, known),
        (None, Some((id, sealed))) => access_keys::opens(&key, id, sealed).is_ok(),
        (None, None) => true,
    });
    findings.push(if opens {
        Finding::ok("sealing key", "it opens what the registry has sealed")
    } else {
        Finding::error(
            "sealing key",
            "sealing.key does not open what the registry has sealed: it is damaged or another \
             installation's",
            "put back the sealing.key that belongs to fleetwright.db, for instance from a backup",
        )
    });
}

/// The clock against the times that the registry knows.
pub(super) fn clock(subject: &Subject, now: Timestamp, findings: &mut Vec<Finding>) {
    let Some(examined) = &subject.examined else { return };
    let last_seen = examined.installation.as_ref().map(|known| known.last_seen);
    let newest = examined.newest_record.max(last_seen);
    let Some(newest) = newest else { return };
    let ahead = now.0 - newest.0;
    findings.push(if ahead < -TOLERANCE {
        Finding::error(
            "clock",
            format!(
                "this machine's clock is {} minutes behind what was last recorded",
                -ahead / 60_000
            ),
            "set the clock (timedatectl): certificates made now would not be valid where clocks \
             are right, and signed requests are refused",
        )
    } else if ahead > LONG {
        Finding::warning(
            "clock",
            format!("nothing was recorded for {} days", ahead / 86_400_000),
            "unless the server was not used for so long, set the clock (timedatectl) before it \
             starts",
        )
    } else {
        Finding::ok("clock", "it fits what was last recorded")
    });
}

/// The hashes of the audit trail.
pub(super) fn audit_trail(subject: &Subject, findings: &mut Vec<Finding>) {
    // A trail of before there were chains is not verified, nor one without its key.
    let Some(examined) = &subject.examined else { return };
    if examined.schema < examined.known_schema || examined.installation.is_none() {
        return;
    }
    let request = audit::Verification {
        data_dir: subject.path.clone(),
        checkpoints: Vec::new(),
        public_key: None,
    };
    findings.push(match audit::verify(&request) {
        Ok(report) if report.found == 0 => {
            Finding::ok("audit trail", format!("the hashes of {} records fit", report.records))
        }
        Ok(report) => Finding::error(
            "audit trail",
            match report.findings.first() {
                Some(first) => format!("{} findings: {}", report.found, first.message),
                None => format!("{} findings", report.found),
            },
            "fleetwright audit verify lists them; docs/audit.md says what each means",
        ),
        // What it cannot do without is reported with the parts.
        Err(why) => Finding::warning("audit trail", why, "see docs/audit.md"),
    });
}
