//! Whether a client can verify a certificate's key.

use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, NamedGroup, SignatureAlgorithm, SignatureScheme};

/// What a client can verify, as far as its ClientHello says.
pub(super) struct Taken<'a> {
    pub(super) suites: &'a [CipherSuite],
    pub(super) groups: Option<&'a [NamedGroup]>,
    /// Those that fit its cipher suites.
    pub(super) schemes: &'a [SignatureScheme],
}

/// Whether a client can verify the signature of this key.
pub(super) fn takes(hello: &ClientHello<'_>, certified: &CertifiedKey) -> bool {
    let taken = Taken {
        suites: hello.cipher_suites(),
        groups: hello.named_groups(),
        schemes: hello.signature_schemes(),
    };
    let Some(signer) = certified.key.choose_scheme(taken.schemes) else { return false };
    match (certified.key.algorithm(), signer.scheme()) {
        (SignatureAlgorithm::ECDSA, scheme) => taken.has_curve_of(scheme),
        _ => true,
    }
}

impl Taken<'_> {
    /// In TLS 1.2 the groups that a client names hold for certificates as well (RFC 8422, section
    /// 5.1.1); in TLS 1.3 the signature scheme alone does (RFC 8446, section 4.2.7).
    pub(super) fn has_curve_of(&self, scheme: SignatureScheme) -> bool {
        let curve = match scheme {
            SignatureScheme::ECDSA_NISTP384_SHA384 => NamedGroup::secp384r1,
            SignatureScheme::ECDSA_NISTP521_SHA512 => NamedGroup::secp521r1,
            _ => NamedGroup::secp256r1,
        };
        self.is_tls13() || self.groups.is_none_or(|groups| groups.contains(&curve))
    }

    fn is_tls13(&self) -> bool {
        self.suites.iter().any(|suite| {
            matches!(
                suite,
                CipherSuite::TLS13_AES_128_GCM_SHA256
                    | CipherSuite::TLS13_AES_256_GCM_SHA384
                    | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_counts_where_the_version_looks_at_it() {
        let tls12 = [CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
        let tls13 = [CipherSuite::TLS13_AES_128_GCM_SHA256];
        let (p256, p384) = ([NamedGroup::secp256r1], [NamedGroup::secp384r1]);
        use SignatureScheme::{ECDSA_NISTP256_SHA256 as FOR_256, ECDSA_NISTP384_SHA384 as FOR_384};
        for (suites, groups, scheme, has) in [
            (&tls12, Some(&p256), FOR_256, true),
            (&tls12, Some(&p384), FOR_256, false),
            (&tls12, Some(&p256), FOR_384, false),
            (&tls12, Some(&p384), FOR_384, true),
            (&tls12, None, FOR_256, true),
            (&tls13, Some(&p384), FOR_256, true),
        ] {
            let groups = groups.map(|groups| groups.as_slice());
            let taken = Taken { suites, groups, schemes: &[] };
            assert_eq!(taken.has_curve_of(scheme), has, "{suites:?} {groups:?} {scheme:?}");
        }
    }
}
