//! The certificate authority: keys, chain, time.

use fleetwright_ca::{AuthorityReport, Validity};
use fleetwright_core::certificate::Instant;

use super::{Finding, Subject};

const CHECK: &str = "authority";
/// The authority that issues for devices, and the one of RSA keys.
const DIRECTORIES: [&str; 2] = ["ca", "ca/rsa"];
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Days before the end of a CA at which it is told. (ours)
const CA_DAYS: i64 = 90;
/// Days of the server's certificate that are left when a running server has renewed it. (ours)
const SERVER_DAYS: i64 = 30;

pub(super) fn check(subject: &Subject, now: Instant, findings: &mut Vec<Finding>) {
    for name in DIRECTORIES {
        let ca = subject.path.join(name);
        if !ca.is_dir() {
            continue;
        }
        match fleetwright_ca::report(&ca) {
            Ok(report) => look(name, &report, now, findings),
            Err(error) => findings.push(Finding::error(
                CHECK,
                error.to_string(),
                "put back the whole ca/ from a backup of this installation",
            )),
        }
    }
    // That the first is lost, the parts tell.
    let is_promised = subject.path.join("root-ca-rsa.pem").exists();
    if is_promised && !subject.path.join("ca/rsa/root.pem").exists() {
        findings.push(Finding::error(
            CHECK,
            "ca/rsa is missing, and devices may trust root-ca-rsa.pem",
            "put back ca/rsa from a backup of this installation",
        ));
    }
}

fn look(name: &str, report: &AuthorityReport, now: Instant, findings: &mut Vec<Finding>) {
    if !report.is_chain {
        findings.push(Finding::error(
            CHECK,
            format!(
                "{name}/issuing.pem is not signed by {name}/root.pem: devices will not trust this \
                 server"
            ),
            "put back both from one backup",
        ));
    }
    let before = findings.len();
    for (file, validity, days) in [
        ("root.pem", Some(report.root), CA_DAYS),
        ("issuing.pem", Some(report.issuing), CA_DAYS),
        ("server.pem", report.server, SERVER_DAYS),
    ] {
        findings.extend(
            validity.and_then(|validity| time(&format!("{name}/{file}"), validity, days, now)),
        );
    }
    if report.is_chain && findings.len() == before {
        let days = (report.issuing.not_after.0 - now.0) / DAY;
        findings
            .push(Finding::ok(CHECK, format!("{name}/: keys and chain fit, for {days} more days")));
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
