//! The authority: a root, an issuing CA and the server's own certificate, in one directory.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::certificate::{CertificateId, Instant, TbsDigest};
use fleetwright_core::error::{ErrorCode, Refusal};
use x509_parser::prelude::*;

use crate::directory;
use crate::error::AuthorityError;
use crate::issuer::{Issuer, clock_past_the_end};
use crate::profile::{DEVICE_COMMON_NAME, Profile};
use crate::server_identity::{self, ServerIdentity};
use crate::signer::OwnKeys;
use crate::tbs::{self, Asked};
use crate::{csr, der, facts, key_policy, pem};

/// The common names of the two CA certificates; they matter on the first start only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityNames {
    /// Of the root, which devices trust. 1 to 64 characters.
    pub root: String,
    /// Of the issuing CA, which signs device and server certificates. 1 to 64 characters.
    pub issuing: String,
}

impl Default for AuthorityNames {
    fn default() -> Self {
        Self { root: "Fleetwright Root CA".into(), issuing: "Fleetwright Issuing CA".into() }
    }
}

/// A certificate authority, opened. Share it behind an `Arc`; every method takes `&self`.
///
/// One process may have the directory open at a time; the caller keeps the lock.
pub struct Authority {
    dir: PathBuf,
    keys: OwnKeys,
    issuer: Issuer,
    issuing_der: Vec<u8>,
    root_pem: String,
    issuing_pem: String,
    /// Held while `server.pem` is read or written.
    server: Mutex<()>,
}

/// A certificate that is built but not signed. The caller commits its row, then passes it to
/// [`Authority::issue`], once: it cannot be copied.
#[derive(Debug)]
pub struct Prepared {
    asked: Asked,
    tbs: Vec<u8>,
    spki_sha256: [u8; 32],
}

impl Prepared {
    /// The serial number that it will carry.
    #[must_use]
    pub fn serial(&self) -> [u8; 20] {
        self.asked.serial
    }
    /// SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.spki_sha256
    }
    /// Start of its validity: 120 s before `now`.
    #[must_use]
    pub fn not_before(&self) -> Instant {
        instant(self.asked.validity.not_before)
    }
    /// End of its validity: 2049-12-31T23:59:59Z, or a claim's.
    #[must_use]
    pub fn not_after(&self) -> Instant {
        instant(self.asked.validity.not_after)
    }
}

/// A signed and checked device certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// SHA-256 of `der`.
    pub certificate_id: CertificateId,
    /// SHA-256 of its TBSCertificate.
    pub tbs: TbsDigest,
    /// The certificate; [`crate::pem()`] writes it for the wire.
    pub der: Vec<u8>,
    /// Start of its validity.
    pub not_before: Instant,
    /// End of its validity.
    pub not_after: Instant,
    /// Its serial number, big-endian.
    pub serial: [u8; 20],
}

impl Authority {
    /// Opens the authority of a directory, making it on the first start: a root and an issuing CA,
    /// both P-256, in `root.key`, `root.pem`, `issuing.key`, `issuing.pem` (mode 0600, directory
    /// 0700). A start that was interrupted is continued by the next one. `root.key` may be taken
    /// away afterwards; an issuing CA of one's own (P-256, P-384 or RSA) may be put in its place.
    ///
    /// # Errors
    /// When the directory cannot be used, or a file in it is missing or damaged. Nothing that
    /// exists is overwritten.
    pub fn create_or_open(
        dir: &Path,
        names: &AuthorityNames,
        now: Instant,
    ) -> Result<Self, AuthorityError> {
        Self::create_or_open_with(dir, names, OwnKeys::P256, now)
    }

    /// The same with keys of the kind that is wanted.
    ///
    /// # Errors
    /// As [`Self::create_or_open`].
    pub fn create_or_open_with(
        dir: &Path,
        names: &AuthorityNames,
        keys: OwnKeys,
        now: Instant,
    ) -> Result<Self, AuthorityError> {
        let opened = directory::create_or_open(dir, names, keys, now)?;
        Ok(Self {
            dir: dir.to_owned(),
            keys,
            issuer: opened.issuer,
            root_pem: pem::pem(&opened.root_der),
            issuing_pem: pem::pem(&opened.issuing_der),
            issuing_der: opened.issuing_der,
            server: Mutex::new(()),
        })
    }

    /// The root certificate, PEM: what devices and clients trust.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// From when on the root and the issuing CA are valid, by name of their files.
    #[must_use]
    pub fn valid_from(&self) -> Vec<(&'static str, Instant)> {
        let of = |name, text: &str| {
            let der = pem::certificate_der(text)?;
            let (_, certificate) = X509Certificate::from_der(&der).ok()?;
            Some((name, instant(certificate.validity().not_before.timestamp())))
        };
        let files =
            [(directory::ROOT_PEM, &self.root_pem), (directory::ISSUING_PEM, &self.issuing_pem)];
        files.into_iter().filter_map(|(name, text)| of(name, text)).collect()
    }

    /// The issuing CA's certificate, PEM.
    #[must_use]
    pub fn issuing_pem(&self) -> &str {
        &self.issuing_pem
    }

    /// The server's own key and chain for these host names and IP addresses; stored in
    /// `server.pem`, issued anew when the names or the issuing CA changed, or when fewer than 60
    /// of its 397 days are left. A server that runs for long asks again each day.
    ///
    /// # Errors
    /// When no name is given, one is not a host name or IP address, `server.pem` is damaged, or
    /// the file system refuses.
    pub fn server_identity(
        &self,
        hostnames: &[String],
        now: Instant,
    ) -> Result<ServerIdentity, AuthorityError> {
        let _held = self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        server_identity::get(&self.dir, &self.issuer, &self.issuing_der, hostnames, self.keys, now)
    }

    /// Reads a CSR, has its key and signature pass, and builds its certificate: the CSR's subject
    /// as it is (`CN=AWS IoT Certificate` when empty), its public key, and nothing else of it.
    /// `serial` is 20 random bytes, not all zero.
    ///
    /// # Errors
    /// `InvalidCsr` when the CSR cannot be read, is longer than 4096 characters, is not signed by
    /// its key, or its key is not allowed.
    pub fn prepare_from_csr(
        &self,
        csr_pem: &str,
        serial: [u8; 20],
        now: Instant,
    ) -> Result<Prepared, Refusal> {
        let csr = csr::read(csr_pem)?;
        let subject = csr.subject.unwrap_or_else(|| der::common_name(DEVICE_COMMON_NAME));
        self.prepare(Profile::Device, subject, csr.spki, &csr.public_key, serial, now)
    }

    /// Builds a certificate for a key of ours, subject `CN=AWS IoT Certificate`. `serial` is 20
    /// random bytes, not all zero.
    ///
    /// # Errors
    /// When the bytes are not a SubjectPublicKeyInfo of an allowed key: our own fault.
    pub fn prepare_for_key(
        &self,
        spki_der: &[u8],
        serial: [u8; 20],
        now: Instant,
    ) -> Result<Prepared, Refusal> {
        self.prepare_for(Profile::Device, DEVICE_COMMON_NAME, spki_der, serial, now)
    }

    /// Builds a trusted user's provisioning claim for a key of ours: `common_name` is at most 64
    /// characters, and it is good for `seconds` from now, at most 300.
    ///
    /// # Errors
    /// As [`Self::prepare_for_key`].
    pub fn prepare_claim(
        &self,
        spki_der: &[u8],
        common_name: &str,
        seconds: u16,
        serial: [u8; 20],
        now: Instant,
    ) -> Result<Prepared, Refusal> {
        self.prepare_for(Profile::Claim(seconds), common_name, spki_der, serial, now)
    }

    fn prepare_for(
        &self,
        profile: Profile,
        common_name: &str,
        spki_der: &[u8],
        serial: [u8; 20],
        now: Instant,
    ) -> Result<Prepared, Refusal> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(spki_der).map_err(Refusal::internal)?;
        key_policy::check(&spki).map_err(Refusal::internal)?;
        if !rest.is_empty() {
            return Err(Refusal::internal("bytes follow the public key"));
        }
        let subject = der::common_name(common_name);
        let key = &spki.subject_public_key.data;
        self.prepare(profile, subject, spki_der.to_vec(), key, serial, now)
    }

    fn prepare(
        &self,
        profile: Profile,
        subject: Vec<u8>,
        spki: Vec<u8>,
        public_key: &[u8],
        serial: [u8; 20],
        now: Instant,
    ) -> Result<Prepared, Refusal> {
        if serial == [0; 20] {
            return Err(Refusal::internal("a certificate's serial number must not be zero"));
        }
        let validity =
            profile.validity(now).ok_or_else(|| Refusal::internal(clock_past_the_end()))?;
        let mut spki_sha256 = [0; 32];
        spki_sha256.copy_from_slice(digest(&SHA256, &spki).as_ref());
        let key_id = tbs::key_id(public_key);
        let asked = Asked { profile, serial, subject, spki, key_id, validity };
        let tbs = self.issuer.build(&asked).map_err(Refusal::internal)?;
        Ok(Prepared { asked, tbs, spki_sha256 })
    }

    /// Signs a prepared certificate, reads the signed bytes again and compares them with what was
    /// asked. The row of `prepared` must be committed before.
    ///
    /// # Errors
    /// When the signer fails, or the signed bytes are not what was asked; for instance because
    /// another authority prepared them.
    pub fn issue(&self, prepared: Prepared) -> Result<Issued, AuthorityError> {
        let der = self.issuer.sign(&prepared.asked, &prepared.tbs)?;
        Ok(Issued {
            certificate_id: facts::certificate_id(&der),
            tbs: facts::digest_of_tbs(&prepared.tbs),
            der,
            not_before: prepared.not_before(),
            not_after: prepared.not_after(),
            serial: prepared.asked.serial,
        })
    }
}

impl From<AuthorityError> for Refusal {
    /// Always our own fault; the caller reads nothing of it.
    fn from(error: AuthorityError) -> Self {
        Self::new(
            ErrorCode::InternalFailure,
            "The certificate could not be issued; see the server's log.",
        )
        .because(error)
    }
}

/// Seconds since 1970 as an instant.
pub(crate) fn instant(seconds: i64) -> Instant {
    Instant(seconds.saturating_mul(1000))
}
