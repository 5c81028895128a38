//! CAs of a company, as rcgen makes them.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, date_time_ymd,
};

/// A certificate and the key that it is for.
pub(crate) struct Ca {
    pub(crate) pem: String,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// Parameters of a CA: `path_len` as its BasicConstraints have it.
pub(crate) fn ca_params(name: &str, path_len: Option<u8>) -> CertificateParams {
    let mut params = params(name);
    params.is_ca =
        IsCa::Ca(path_len.map_or(BasicConstraints::Unconstrained, |length| {
            BasicConstraints::Constrained(length)
        }));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Parameters of a certificate that is valid from 2020 to 2040.
pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

/// Parameters of a server's certificate.
pub(crate) fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = params("server");
    params.subject_alt_names = CertificateParams::new(names).unwrap().subject_alt_names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Ca {
    pub(crate) fn root(params: CertificateParams) -> Self {
        let key = key();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A CA below this one.
    pub(crate) fn ca(&self, params: CertificateParams) -> Self {
        let key = key();
        let pem = self.certify(params.clone(), &key);
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate for a key, PEM.
    pub(crate) fn certify(&self, params: CertificateParams, key: &impl PublicKeyData) -> String {
        let mut params = params;
        params.use_authority_key_identifier_extension = true;
        params.signed_by(key, &self.issuer).unwrap().pem()
    }
}
