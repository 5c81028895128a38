//! The two authorities of an installation: one of ECDSA keys, which issues for devices and for the
//! server, and one of RSA keys, which issues for the server alone, for devices that know nothing else.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use fleetwright_ca::{Authority, AuthorityError, AuthorityNames, OwnKeys};
use fleetwright_core::time::Timestamp;
use fleetwright_host::data_dir::{DataDir, DataDirError, write_whole};
use fleetwright_host::tls::ServerIdentities;
use fleetwright_host::{StartError, clock};

/// Both roots, in one file: what devices are given.
const ROOTS: &str = "root-ca.pem";
const ECDSA_ROOT: &str = "root-ca-ecdsa.pem";
const RSA_ROOT: &str = "root-ca-rsa.pem";
/// The directory of the authority that issues for devices.
pub(crate) const ECDSA_DIRECTORY: &str = "ca";
/// The RSA authority's directory.
pub(crate) const RSA_DIRECTORY: &str = "ca/rsa";

/// Both authorities, opened.
pub struct Authorities {
    /// Issues for devices.
    pub ecdsa: Arc<Authority>,
    rsa: Authority,
    data_dir: PathBuf,
}

impl Authorities {
    /// Opens both, making them on the first start; a directory of an earlier version gains the RSA
    /// one. Then writes their roots for devices, where they are not written yet. Certificates of
    /// devices are valid for so many seconds, or until the end of 2049.
    ///
    /// # Errors
    /// As [`Authority::create_or_open`]; or the RSA authority is lost: its root is there for devices,
    /// its key is not.
    pub fn open(dir: &DataDir, validity: Option<i64>) -> Result<Self, StartError> {
        let now = clock::now();
        let ecdsa =
            Authority::create_or_open(&dir.join(ECDSA_DIRECTORY), &AuthorityNames::default(), now)
                .map_err(StartError::new)?;
        let directory = dir.join(RSA_DIRECTORY);
        if dir.join(RSA_ROOT).exists() && !directory.join("root.pem").exists() {
            return Err(StartError::new(format_args!(
                "{} is missing, but devices may trust {}: restore it from a backup; nothing was \
                 changed. To have a new RSA authority made, remove {RSA_ROOT}",
                directory.display(),
                dir.join(RSA_ROOT).display()
            )));
        }
        let names = AuthorityNames {
            root: "Fleetwright RSA Root CA".into(),
            issuing: "Fleetwright RSA Issuing CA".into(),
        };
        let rsa = Authority::create_or_open_with(&directory, &names, OwnKeys::Rsa2048, now)
            .map_err(StartError::new)?;
        let ecdsa = Arc::new(ecdsa.with_validity(validity, now));
        let opened = Self { ecdsa, rsa, data_dir: dir.join("") };
        opened.write_roots(now).map_err(StartError::new)?;
        Ok(opened)
    }

    /// Writes the roots that are trusted now for devices, where they are not written yet.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_roots(&self, now: Timestamp) -> Result<(), DataDirError> {
        let ecdsa = self.ecdsa.trusted_roots(now).concat();
        let rsa = self.rsa.trusted_roots(now).concat();
        let both = format!("{ecdsa}{rsa}");
        for (name, pem) in [(ROOTS, both), (ECDSA_ROOT, ecdsa), (RSA_ROOT, rsa)] {
            let path = self.data_dir.join(name);
            if fs::read(&path).is_ok_and(|found| found == pem.as_bytes()) {
                continue;
            }
            write_whole(&path, 0o644, pem.as_bytes())
                .map_err(|error| DataDirError::io("write", &path, error))?;
        }
        Ok(())
    }

    /// From when on the certificates of both are valid, by name.
    pub fn valid_from(&self) -> Vec<(String, Timestamp)> {
        let of = |place: &'static str, authority: &Authority| {
            let named = authority.valid_from().into_iter();
            named.map(move |(name, from)| (format!("{place}/{name}"), from)).collect::<Vec<_>>()
        };
        [of("ca", &self.ecdsa), of(RSA_DIRECTORY, &self.rsa)].concat()
    }

    /// The server's certificates for these names, issued anew where they must be.
    ///
    /// # Errors
    /// As [`Authority::server_identity`].
    pub fn server(&self, hostnames: &[String]) -> Result<ServerIdentities, AuthorityError> {
        let now = clock::now();
        Ok(ServerIdentities {
            ecdsa: self.ecdsa.server_identity(hostnames, now)?,
            rsa: self.rsa.server_identity(hostnames, now)?,
        })
    }
}
