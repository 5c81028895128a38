//! The two authorities of an installation: one of ECDSA keys, which issues for devices and for the
//! server, and one of RSA keys, which issues for the server alone, for devices that know nothing else.

use std::sync::Arc;

use fleetwright_ca::{Authority, AuthorityError, AuthorityNames, OwnKeys};
use fleetwright_core::certificate::Instant;

use crate::app::StartError;
use crate::clock;
use crate::data_dir::DataDir;
use crate::tls::Identities;

/// Both roots, in one file: what devices are given.
const ROOTS: &str = "root-ca.pem";
const ECDSA_ROOT: &str = "root-ca-ecdsa.pem";
const RSA_ROOT: &str = "root-ca-rsa.pem";
/// The RSA authority's directory.
const RSA_DIRECTORY: &str = "ca/rsa";

/// Both authorities, opened.
pub(crate) struct Authorities {
    /// Issues for devices.
    pub(crate) ecdsa: Arc<Authority>,
    rsa: Authority,
}

impl Authorities {
    /// Opens both, making them on the first start; a directory of an earlier version gains the RSA
    /// one. Then writes their roots for devices, where they are not written yet.
    ///
    /// # Errors
    /// As [`Authority::create_or_open`]; or the RSA authority is lost: its root is there for devices,
    /// its key is not.
    pub(crate) fn open(dir: &DataDir) -> Result<Self, StartError> {
        let now = clock::now();
        let ecdsa = Authority::create_or_open(&dir.join("ca"), &AuthorityNames::default(), now)
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
        let both = format!("{}{}", ecdsa.root_pem(), rsa.root_pem());
        for (name, pem) in
            [(ROOTS, &*both), (ECDSA_ROOT, ecdsa.root_pem()), (RSA_ROOT, rsa.root_pem())]
        {
            dir.write_if_other(name, 0o644, pem.as_bytes()).map_err(StartError::new)?;
        }
        Ok(Self { ecdsa: Arc::new(ecdsa), rsa })
    }

    /// From when on the certificates of both are valid, by name.
    pub(crate) fn valid_from(&self) -> Vec<(String, Instant)> {
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
    pub(crate) fn server(&self, hostnames: &[String]) -> Result<Identities, AuthorityError> {
        let now = clock::now();
        Ok(Identities {
            ecdsa: self.ecdsa.server_identity(hostnames, now)?,
            rsa: self.rsa.server_identity(hostnames, now)?,
        })
    }
}
