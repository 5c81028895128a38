//! The authority: a root, an issuing CA and the server's own certificate, in one directory.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;
use parking_lot::Mutex;
use x509_parser::prelude::*;

use crate::authority_chain::AuthorityChain;
use crate::error::AuthorityError;
use crate::issued::{Issued, Prepared};
use crate::issuer::Issuer;
use crate::names::AuthorityNames;
use crate::previous::{PREVIOUS, Previous};
use crate::profile::{DEVICE_COMMON_NAME, LAST_SECOND, Profile};
use crate::server_identity::{self, ServerIdentity};
use crate::signer::OwnKeys;
use crate::tbs::{self, CertificateSpec};
use crate::{csr, der, directory, facts, key_policy, pem};

/// A certificate authority, opened. Share it behind an `Arc`; every method takes `&self`.
///
/// One process may have the directory open at a time; the caller keeps the lock.
pub struct Authority {
    dir: PathBuf,
    keys: OwnKeys,
    issuer: Issuer,
    chain: AuthorityChain,
    /// The one before, while its root is trusted.
    previous: Option<Previous>,
    root_pem: String,
    issuing_pem: String,
    /// Seconds that a device's certificate lives; until 2049 without.
    validity: Option<i64>,
    /// Held while `server.pem` is read or written.
    server: Mutex<()>,
}

impl Authority {
    /// Opens the authority of a directory, making it on the first start: a root and an issuing CA,
    /// both P-256, in `root.key`, `root.pem`, `issuing.key`, `issuing.pem` (mode 0600, directory
    /// 0700). A start that was interrupted is continued by the next one. `root.key` may be taken
    /// away afterwards; [`crate::import()`] puts an issuing CA of one's own (P-256, P-384 or RSA) in
    /// its place. An import that was cut off is finished.
    ///
    /// # Errors
    /// When the directory cannot be used, a file in it is missing or damaged, the chain does not
    /// verify or a CA of it has ended. Nothing that exists is overwritten.
    pub fn create_or_open(
        dir: &Path,
        names: &AuthorityNames,
        now: Timestamp,
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
        now: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let opened = directory::create_or_open(dir, names, keys, now)?;
        Ok(Self {
            dir: dir.to_owned(),
            keys,
            issuer: opened.issuer,
            root_pem: pem::pem(&opened.chain.root),
            issuing_pem: pem::pem(opened.chain.issuing()),
            chain: opened.chain,
            previous: opened.previous,
            validity: None,
            server: Mutex::new(()),
        })
    }

    /// The same, whose certificates for devices live so many seconds, and never past the end of a CA;
    /// `None` is AWS's, until the end of 2049. Logs what devices get.
    #[must_use]
    pub fn with_validity(self, seconds: Option<i64>, now: Timestamp) -> Self {
        let (ends, wanted) = (self.issuer.ends(), seconds.unwrap_or(i64::MAX));
        if ends < LAST_SECOND && now.0.div_euclid(1000).saturating_add(wanted) > ends {
            tracing::warn!(
                ends = %Timestamp::of_seconds(ends).utc(),
                "certificates of devices end with the issuing CA or one above it, before the end that \
                 [issuance] validity, or else the year 2049, gives them"
            );
        }
        Self { validity: seconds, ..self }
    }

    /// The root certificates that are trusted, PEM: the authority's own, and that of the one before
    /// while a roll-over is under way.
    #[must_use]
    pub fn trusted_roots(&self, now: Timestamp) -> Vec<String> {
        let previous = self.previous.as_ref().filter(|it| it.is_trusted(now));
        let previous = previous.map(|previous| pem::pem(&previous.chain.root));
        [self.root_pem.clone()].into_iter().chain(previous).collect()
    }

    /// The end of everything that the authority signs, the year 2049 apart.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        Timestamp::of_seconds(self.issuer.ends())
    }

    /// The root certificate, PEM: what devices and clients trust.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// From when on the root and the issuing CA are valid, by name of their files.
    #[must_use]
    pub fn valid_from(&self) -> Vec<(&'static str, Timestamp)> {
        let of = |name, text: &str| {
            let der = pem::certificate_der(text)?;
            let (_, certificate) = X509Certificate::from_der(&der).ok()?;
            Some((name, Timestamp::of_seconds(certificate.validity().not_before.timestamp())))
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
    /// of its 397 days are left. A server that runs for long asks again each day. While the root
    /// before is trusted, it is the issuing CA before that signs: devices that know no other root
    /// connect, and the others trust both.
    ///
    /// # Errors
    /// When no name is given, one is not a host name or IP address, `server.pem` is damaged, or
    /// the file system refuses.
    pub fn server_identity(
        &self,
        hostnames: &[String],
        now: Timestamp,
    ) -> Result<ServerIdentity, AuthorityError> {
        let _held = self.server.lock();
        let (dir, issuer, chain) = self.of_the_server(now);
        server_identity::get(&dir, issuer, &chain.below_root, hostnames, self.keys, now)
    }

    /// Whether `server.pem` is this authority's, or missing; nothing is changed.
    ///
    /// # Errors
    /// Somebody put another file there, which [`Self::server_identity`] would refuse to replace.
    pub fn check_server_file(&self, now: Timestamp) -> Result<(), AuthorityError> {
        let _held = self.server.lock();
        let (dir, issuer, _) = self.of_the_server(now);
        server_identity::check(&dir, issuer)
    }

    /// Where the server's certificate lies, and who issues it.
    fn of_the_server(&self, now: Timestamp) -> (PathBuf, &Issuer, &AuthorityChain) {
        match &self.previous {
            Some(previous) if previous.is_trusted(now) => {
                (self.dir.join(PREVIOUS), &previous.issuer, &previous.chain)
            }
            _ => (self.dir.clone(), &self.issuer, &self.chain),
        }
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
        now: Timestamp,
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
        now: Timestamp,
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
        now: Timestamp,
    ) -> Result<Prepared, Refusal> {
        self.prepare_for(Profile::Claim(seconds), common_name, spki_der, serial, now)
    }

    fn prepare_for(
        &self,
        profile: Profile,
        common_name: &str,
        spki_der: &[u8],
        serial: [u8; 20],
        now: Timestamp,
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
        now: Timestamp,
    ) -> Result<Prepared, Refusal> {
        if serial == [0; 20] {
            return Err(Refusal::internal("a certificate's serial number must not be zero"));
        }
        let longest = self.validity.filter(|_| profile == Profile::Device);
        let validity = self.issuer.validity(&profile, longest, now).map_err(Refusal::internal)?;
        let mut spki_sha256 = [0; 32];
        spki_sha256.copy_from_slice(digest(&SHA256, &spki).as_ref());
        let key_id = tbs::key_id(public_key);
        let spec = CertificateSpec { profile, serial, subject, spki, key_id, validity };
        let tbs = self.issuer.build(&spec).map_err(Refusal::internal)?;
        Ok(Prepared { spec, tbs, spki_sha256 })
    }

    /// Signs a prepared certificate, reads the signed bytes again and compares them with what was
    /// asked. The row of `prepared` must be committed before.
    ///
    /// # Errors
    /// When the signer fails, or the signed bytes are not what was asked; for instance because
    /// another authority prepared them.
    pub fn issue(&self, prepared: Prepared) -> Result<Issued, AuthorityError> {
        let der = self.issuer.sign(&prepared.spec, &prepared.tbs)?;
        Ok(Issued {
            certificate_id: facts::certificate_id(&der),
            tbs: facts::digest_of_tbs(&prepared.tbs),
            der,
            not_before: prepared.not_before(),
            not_after: prepared.not_after(),
            serial: prepared.spec.serial,
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
