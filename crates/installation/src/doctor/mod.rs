//! `fleetwright doctor`: what is wrong with a data directory, and how to mend it. It changes
//! nothing, and a server may be at work.

mod authority;
mod files;
mod machine;
mod registry;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fleetwright_host::clock;
use fleetwright_host::data_dir::{DATABASE, DataDir};
use fleetwright_host::tls::PairFiles;
use fleetwright_store::Examination;
pub use machine::{compare_limits, disk_of_server};
use serde::Serialize;

use crate::backup::any_scope;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warning,
    /// It does not work, or will not.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `registry`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub found: String,
    /// How to mend it; nothing where nothing is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, severity: Severity::Ok, found: found.into(), remedy: None }
    }

    /// To be looked at.
    pub fn warning(
        check: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { check, severity: Severity::Warning, found: found.into(), remedy }
    }

    /// To be mended.
    pub fn error(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(check, found, remedy) }
    }
}

/// What to examine.
#[derive(Debug, Clone)]
pub struct Request {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Addresses that the server wants, with the option that sets each.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    /// The administrator's own server certificates.
    pub server_certificates: Vec<PairFiles>,
    /// Connections that it admits.
    pub max_connections: usize,
    /// What they may make it hold, MiB.
    pub memory_mib: usize,
}

/// What every check is given.
struct Subject {
    dir: DataDir,
    path: PathBuf,
    /// The running server's process id.
    holder: Option<String>,
    /// The registry, as far as it can be read.
    examined: Option<Examination>,
}

/// Looks at everything; the findings come in the order of the checks.
pub fn examine(request: &Request) -> Vec<Finding> {
    let path = match request.data_dir.canonicalize() {
        Ok(path) if path.is_dir() => path,
        Ok(path) => return vec![no_directory(&path, "it is no directory")],
        Err(error) => return vec![no_directory(&request.data_dir, &error.to_string())],
    };
    let dir = match DataDir::beside(&path) {
        Ok(dir) => dir,
        Err(error) => return vec![no_directory(&path, &error.to_string())],
    };
    let mut findings = Vec::new();
    let holder = machine::holder(&path);
    findings.push(machine::server(&holder));
    let examined = registry::examine(&path.join(DATABASE), &mut findings);
    let subject = Subject { dir, path, holder, examined };
    files::parts(&subject, &mut findings);
    files::permissions(&subject, &mut findings);
    files::left_overs(&subject, &mut findings);
    files::key_pool(&subject, &mut findings);
    registry::sealing(&subject, &mut findings);
    authority::check(&subject, clock::now(), &mut findings);
    authority::pairs(&request.server_certificates, clock::now(), &mut findings);
    registry::audit_trail(&subject, &mut findings);
    registry::clock(&subject, clock::now(), &mut findings);
    machine::disk(&subject, &mut findings);
    machine::limits(request, &mut findings);
    machine::addresses(request, &subject, &mut findings);
    findings
}

/// The process id of the server that runs on a data directory.
pub fn server_of(data_dir: &Path) -> Option<u32> {
    machine::holder(data_dir)?.parse().ok()
}

fn no_directory(path: &Path, why: &str) -> Finding {
    Finding::error(
        "directory",
        format!("{}: {why}", path.display()),
        "give the directory that `serve --data-dir` has, as the server's user",
    )
}

/// The worst of them.
pub fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
}

fn scope() -> Option<fleetwright_core::arn::AccountScope> {
    any_scope().ok()
}
