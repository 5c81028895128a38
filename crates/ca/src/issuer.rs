//! A CA that can sign: its key, its name, and build → sign → check.

use aws_lc_rs::rand;
use aws_lc_rs::signature::ParsedPublicKey;
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::error::AuthorityError;
use crate::profile::{KeyId, LAST_SECOND, Profile, Validity};
use crate::signer::Signer;
use crate::tbs::{self, CertificateSpec, IssuerFacts};
use crate::{check, der};

/// Built once, when the authority opens.
pub(crate) struct Issuer {
    signer: Signer,
    name: Vec<u8>,
    key_id: KeyId,
    key: ParsedPublicKey,
    /// Seconds since 1970; the last second of what it signs.
    ends: i64,
}

impl Issuer {
    /// A CA that has no certificate yet.
    pub(crate) fn new(signer: Signer, common_name: &str) -> Result<Self, AuthorityError> {
        let key_id = tbs::key_id(signer.public_key());
        Self::assemble(signer, der::common_name(common_name), key_id)
    }

    /// A CA of a certificate, which must be of this key and must be allowed to sign. The error
    /// says what is wrong with the certificate.
    pub(crate) fn of_certificate(signer: Signer, der: &[u8]) -> Result<Self, String> {
        let certificate = read_ca(der)?;
        let spki = signer.spki().map_err(|error| error.to_string())?;
        if certificate.public_key().raw != spki {
            return Err("its public key is not that of the private key beside it".into());
        }
        let name = certificate.subject().as_raw().to_vec();
        let key_id = subject_key_id(&certificate)?;
        Self::assemble(signer, name, key_id).map_err(|error| error.to_string())
    }

    fn assemble(signer: Signer, name: Vec<u8>, key_id: KeyId) -> Result<Self, AuthorityError> {
        let key = ParsedPublicKey::new(signer.verification(), signer.public_key())
            .map_err(|_| AuthorityError::Crypto("read a public key"))?;
        Ok(Self { signer, name, key_id, key, ends: LAST_SECOND })
    }

    /// The same, whose certificate, or one above it, ends then: so does what it signs, at the latest.
    pub(crate) fn ending(self, ends: Timestamp) -> Self {
        Self { ends: ends.0.div_euclid(1000).min(LAST_SECOND), ..self }
    }

    /// The last second of what it signs.
    pub(crate) fn ends(&self) -> i64 {
        self.ends
    }

    /// The validity of what it signs now for this profile, at most `longest` seconds from now.
    pub(crate) fn validity(
        &self,
        profile: &Profile,
        longest: Option<i64>,
        now: Timestamp,
    ) -> Result<Validity, AuthorityError> {
        let mut validity = profile.validity(now).ok_or_else(clock_past_the_end)?;
        let seconds = now.0.div_euclid(1000);
        if seconds > self.ends {
            let end = Timestamp::of_seconds(self.ends).utc();
            return Err(AuthorityError::NotIssuable(format!(
                "the issuing CA, or one above it, ended at {end}; have another signed and import it \
                 (docs/certificates.md)"
            )));
        }
        let longest = longest.map_or(i64::MAX, |longest| seconds.saturating_add(longest));
        validity.not_after = validity.not_after.min(self.ends).min(longest);
        Ok(validity)
    }

    /// Name, DER.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// SubjectPublicKeyInfo, DER, and the content of its BIT STRING.
    pub(crate) fn public_key(&self) -> Result<(Vec<u8>, &[u8]), AuthorityError> {
        Ok((self.signer.spki()?, self.signer.public_key()))
    }

    /// Whether this CA's key signed a certificate.
    pub(crate) fn signed(&self, certificate: &X509Certificate<'_>) -> bool {
        certificate.issuer().as_raw() == self.name
            && self
                .key
                .verify_sig(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
                .is_ok()
    }

    fn issuer_facts(&self) -> IssuerFacts<'_> {
        IssuerFacts { name: &self.name, key_id: &self.key_id, algorithm: self.signer.algorithm() }
    }

    /// Builds.
    pub(crate) fn build(&self, spec: &CertificateSpec) -> Result<Vec<u8>, AuthorityError> {
        tbs::build(spec, self.issuer_facts()).ok_or_else(|| {
            AuthorityError::NotIssuable("the clock is outside of the years 1950 to 2049".into())
        })
    }

    /// Signs what was built, and checks the signed bytes.
    pub(crate) fn sign(
        &self,
        spec: &CertificateSpec,
        tbs: &[u8],
    ) -> Result<Vec<u8>, AuthorityError> {
        let signature = self.signer.sign(tbs)?;
        let der = tbs::signed(tbs, self.signer.algorithm(), &signature);
        check::check(&der, spec, self.issuer_facts(), &self.key)
            .map_err(AuthorityError::Differs)?;
        Ok(der)
    }

    /// Builds, signs and checks a certificate of our own (not a device's).
    pub(crate) fn certify(
        &self,
        profile: Profile,
        subject: Vec<u8>,
        spki: Vec<u8>,
        public_key: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, AuthorityError> {
        let validity = self.validity(&profile, None, now)?;
        let key_id = tbs::key_id(public_key);
        let spec = CertificateSpec { profile, serial: serial()?, subject, spki, key_id, validity };
        let tbs = self.build(&spec)?;
        self.sign(&spec, &tbs)
    }
}

fn clock_past_the_end() -> AuthorityError {
    AuthorityError::NotIssuable("the clock is past 2049-12-31, where all validity ends".into())
}

/// A random serial number that fits 20 bytes as a positive number, for strict readers.
fn serial() -> Result<[u8; 20], AuthorityError> {
    let mut serial = [0; 20];
    rand::fill(&mut serial).map_err(|_| AuthorityError::Crypto("give random bytes"))?;
    let [first, ..] = &mut serial;
    *first = *first & 0x3f | 0x40;
    Ok(serial)
}

/// Reads a CA certificate and refuses one that may not sign certificates.
pub(crate) fn read_ca(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("it cannot be read: {error}"))?;
    if !rest.is_empty() {
        return Err("bytes follow the certificate".into());
    }
    if !certificate.is_ca() {
        return Err("it is not a CA certificate (BasicConstraints)".into());
    }
    let usage = certificate.key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err("its KeyUsage does not allow to sign certificates".into());
    }
    Ok(certificate)
}

/// The certificate's own key identifier, or the one that we would give it.
fn subject_key_id(certificate: &X509Certificate<'_>) -> Result<KeyId, String> {
    let found =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
            _ => None,
        });
    match found {
        None => Ok(tbs::key_id(&certificate.public_key().subject_public_key.data)),
        Some(id) => id
            .try_into()
            .map_err(|_| format!("its SubjectKeyIdentifier has {} bytes, not 20", id.len())),
    }
}
