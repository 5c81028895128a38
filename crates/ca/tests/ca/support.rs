//! What the tests of this crate share.

use fleetwright_ca::{Authority, AuthorityNames};
use fleetwright_core::time::Timestamp;

/// 2023-11-14T22:13:20.983Z.
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_983);
pub(crate) const SERIAL: [u8; 20] = [0x42; 20];
pub(crate) const DAY: i64 = 86_400_000;

/// A fresh authority in a directory that lives as long as the first part.
pub(crate) fn authority() -> (tempfile::TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    let authority =
        Authority::create_or_open(&dir.path().join("ca"), &AuthorityNames::default(), NOW).unwrap();
    (dir, authority)
}

/// A CSR of a new P-256 key with this common name.
pub(crate) fn csr(common_name: &str) -> String {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
    let key = rcgen::KeyPair::generate().unwrap();
    params.serialize_request(&key).unwrap().pem().unwrap()
}

/// Whether the bytes stand somewhere in a certificate.
pub(crate) fn contains(der: &[u8], part: &[u8]) -> bool {
    der.windows(part.len()).any(|window| window == part)
}

/// The body of a PEM text.
pub(crate) fn unpem(text: &str) -> Vec<u8> {
    use base64::Engine;
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}
