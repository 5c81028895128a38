//! The certificate authority: keys, chain, time.

use fleetwright_ca::{AuthorityReport, Ending, Validity, days_left};
use fleetwright_core::time::Timestamp;
use fleetwright_host::tls::PairFiles;

use super::{Finding, Subject};

const CHECK: &str = "authority";
/// The authority that issues for devices, and the one of RSA keys.
const DIRECTORIES: [&str; 2] = ["ca", "ca/rsa"];
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Days before the end of a CA, and of an administrator's own certificate, at which it is reported.
/// (ours)
const CA_DAYS: i64 = 60;
/// Days of the server's certificate that are left when a running server has renewed it. (ours)
const SERVER_DAYS: i64 = 30;

pub(super) fn check(subject: &Subject, now: Timestamp, findings: &mut Vec<Finding>) {
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

fn look(name: &str, report: &AuthorityReport, now: Timestamp, findings: &mut Vec<Finding>) {
    if !report.is_chain {
        findings.push(Finding::error(
            CHECK,
            format!(
                "{name}/issuing.pem is not signed by {name}/root.pem: devices will not trust this \
                 server"
            ),
            "put back both from one backup, or import a chain that verifies (`fleetwright ca import`, \
             docs/certificates.md)",
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

/// The administrator's own server certificates.
pub(super) fn pairs(pairs: &[PairFiles], now: Timestamp, findings: &mut Vec<Finding>) {
    for pair in pairs {
        let file = format!("server-certificate {}", pair.certificate.display());
        findings.push(match pair.check(now) {
            Err(reason) => Finding::error(
                CHECK,
                reason,
                "put a certificate there that fits its key; a running server takes it by itself",
            ),
            Ok(chain) if Ending::of(chain.not_after, now).is_some() => Finding::warning(
                CHECK,
                format!("{file} ends in {} days", days_left(chain.not_after, now)),
                "renew it; a running server takes the new files by itself",
            ),
            Ok(chain) => {
                let (names, days) = (chain.dns_names.join(", "), days_left(chain.not_after, now));
                Finding::ok(CHECK, format!("{file}: for {names}, for {days} more days"))
            }
        });
    }
}

fn time(whose: &str, validity: Validity, days: i64, now: Timestamp) -> Option<Finding> {
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
            "a running server renews its own certificate; have another issuing CA signed \
             (`fleetwright ca init --csr`) and import it (docs/certificates.md)",
        ));
    }
    (left < days).then(|| {
        Finding::warning(
            CHECK,
            format!("{whose} ends in {left} days"),
            "start the server, which renews its own certificate; have the next issuing CA signed in \
             time (`fleetwright ca init --csr`, docs/certificates.md)",
        )
    })
}
