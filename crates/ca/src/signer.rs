//! Private keys of the authority. They sign; they are never handed out.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use crate::error::AuthorityError;
use crate::pem;

/// AlgorithmIdentifier of ecdsa-with-SHA256.
const ECDSA_SHA256: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// AlgorithmIdentifier of ecdsa-with-SHA384.
const ECDSA_SHA384: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
/// AlgorithmIdentifier of sha256WithRSAEncryption.
const RSA_SHA256: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];

/// The keys that an authority makes for itself and for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnKeys {
    /// ECDSA on P-256.
    P256,
    /// RSA of 2048 bits, for clients that know nothing else.
    Rsa2048,
}

/// Where a signature comes from. A key in a PKCS#11 token becomes a further variant.
pub(crate) enum Signer {
    P256(Box<EcdsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
    Rsa(Box<rsa::KeyPair>),
}

impl Signer {
    /// A new key and its PKCS#8 as PEM, for a file.
    pub(crate) fn generate(keys: OwnKeys) -> Result<(Self, Zeroizing<String>), AuthorityError> {
        match keys {
            OwnKeys::P256 => Self::generate_p256(),
            OwnKeys::Rsa2048 => Self::generate_rsa(),
        }
    }

    fn generate_rsa() -> Result<(Self, Zeroizing<String>), AuthorityError> {
        let failed = |_| AuthorityError::Crypto("make an RSA key");
        let key = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
        let text = pem::write("PRIVATE KEY", der.as_ref());
        Ok((Self::Rsa(Box::new(key)), Zeroizing::new(text)))
    }

    fn generate_p256() -> Result<(Self, Zeroizing<String>), AuthorityError> {
        let failed = |_| AuthorityError::Crypto("make a P-256 key");
        let key = EcdsaKeyPair::generate(&sig::ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let text = pem::write("PRIVATE KEY", key.to_pkcs8v1().map_err(failed)?.as_ref());
        Ok((Self::P256(Box::new(key)), Zeroizing::new(text)))
    }

    /// Reads a private key of any kind that we can sign with: PKCS#8, SEC 1 or PKCS#1.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        let (der, _) = pem::read(text, &["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"])?;
        let ecdsa = |algorithm| EcdsaKeyPair::from_private_key_der(algorithm, &der).map(Box::new);
        let rsa = || rsa::KeyPair::from_pkcs8(&der).or_else(|_| rsa::KeyPair::from_der(&der));
        ecdsa(&sig::ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(Self::P256)
            .or_else(|_| ecdsa(&sig::ECDSA_P384_SHA384_ASN1_SIGNING).map(Self::P384))
            .or_else(|_| rsa().map(|key| Self::Rsa(Box::new(key))))
            .ok()
    }

    /// AlgorithmIdentifier of its signatures, DER.
    pub(crate) fn algorithm(&self) -> &'static [u8] {
        match self {
            Self::P256(_) => ECDSA_SHA256,
            Self::P384(_) => ECDSA_SHA384,
            Self::Rsa(_) => RSA_SHA256,
        }
    }

    /// How its signatures are verified.
    pub(crate) fn verification(&self) -> &'static dyn sig::VerificationAlgorithm {
        match self {
            Self::P256(_) => &sig::ECDSA_P256_SHA256_ASN1,
            Self::P384(_) => &sig::ECDSA_P384_SHA384_ASN1,
            Self::Rsa(_) => &sig::RSA_PKCS1_2048_8192_SHA256,
        }
    }

    /// The content of its public key's BIT STRING.
    pub(crate) fn public_key(&self) -> &[u8] {
        match self {
            Self::P256(key) | Self::P384(key) => key.public_key().as_ref(),
            Self::Rsa(key) => key.public_key().as_ref(),
        }
    }

    /// Its SubjectPublicKeyInfo, DER.
    pub(crate) fn spki(&self) -> Result<Vec<u8>, AuthorityError> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::P256(key) | Self::P384(key) => key.public_key().as_der(),
            Self::Rsa(key) => key.public_key().as_der(),
        };
        spki.map(|der| der.as_ref().to_vec())
            .map_err(|_| AuthorityError::Crypto("encode a public key"))
    }

    /// Signs these bytes.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        let failed = |_| AuthorityError::Crypto("sign");
        let random = SystemRandom::new();
        match self {
            Self::P256(key) | Self::P384(key) => {
                Ok(key.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&sig::RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
        }
    }
}
