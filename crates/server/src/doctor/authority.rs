//! The certificate authority: keys, chain, time.

use fleetwright_ca::{AuthorityReport, Validity};
use fleetwright_core::certificate::Instant;

use super::{Finding, Subject};

const CHECK: &str = "authority";
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Days before the end of a CA at which it is told. (ours)
const CA_DAYS: i64 = 90;
/// Days of the server's certificate that are left when a running server has renewed it. (ours)
const SERVER_DAYS: i64 = 30;

pub(super) fn check(subject: &Subject, now: Instant, findings: &mut Vec<Finding>) {
    let ca = subject.path.join("ca");
    if !ca.is_dir() {
        // A loss is told with the parts.
        return;
    }
    match fleetwright_ca::report(&ca) {
        Ok(report) => look(&report, now, findings),
        Err(error) => findings.push(Finding::error(
            CHECK,
            error.to_string(),
            "put back the whole ca/ from a backup of this installation",
        )),
    }
}

fn look(report: &AuthorityReport, now: Instant, findings: &mut Vec<Finding>) {
    if !report.is_chain {
        findings.push(Finding::error(
            CHECK,
            "ca/issuing.pem is not signed by ca/root.pem: devices will not trust this server",
            "put back both from one backup",
        ));
    }
    let before = findings.len();
    for (whose, validity, days) in [
        ("the root certificate", Some(report.root), CA_DAYS),
        ("the issuing CA's certificate", Some(report.issuing), CA_DAYS),
        ("the server's certificate", report.server, SERVER_DAYS),
    ] {
        findings.extend(validity.and_then(|validity| time(whose, validity, days, now)));
    }
    if report.is_chain && findings.len() == before {
        let days = (report.issuing.not_after.0 - now.0) / DAY;
        findings.push(Finding::ok(CHECK, format!("keys and chain fit, for {days} more days")));
    }
}

fn time(whose: &str, validity: Validity, days: i64, now: Instant) -> Option<Finding> {
    if now.0 < validity.not_before.0 {
        return Some(Finding::error(
            CHECK,
            format!("{whose} is not yet valid"),
            "set the clock (timedatectl); if it was wrong when the installation was made, begin a \
             new one in an empty directory",
        ));
    }
    let left = (validity.not_after.0 - now.0).div_euclid(DAY);
    if left < 0 {
        return Some(Finding::error(
            CHECK,
            format!("{whose} ended {} days ago", -left),
            "a running server renews its own certificate; a CA that ended takes a new installation \
             that devices trust",
        ));
    }
    (left < days).then(|| {
        Finding::warning(
            CHECK,
            format!("{whose} ends in {left} days"),
            "start the server, which renews its own certificate; plan the next CA in time",
        )
    })
}
