//! Public keys of an issuer (RFC 7517, RFC 7518 section 6), and the algorithms that are taken.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::TokenError;
use crate::tree::{Members, Tree};
use crate::{limits, text};

/// Signature algorithms: asymmetric ones only, so that no published key can be taken for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

/// Curves of ECDSA keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Algorithm {
    /// By its name in a token's header.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }

    /// The curve of its keys; `None` for RSA.
    fn curve(self) -> Option<Curve> {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
            Self::Es256 => Some(Curve::P256),
            Self::Es384 => Some(Curve::P384),
            Self::Es512 => Some(Curve::P521),
        }
    }
}

impl Curve {
    /// The curve by its name, and the bytes of a coordinate.
    fn parse(name: &str) -> Option<(Self, usize)> {
        match name {
            "P-256" => Some((Self::P256, 32)),
            "P-384" => Some((Self::P384, 48)),
            "P-521" => Some((Self::P521, 66)),
            _ => None,
        }
    }
}

/// The numbers of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// Modulus and exponent, big-endian.
    Rsa {
        /// `n`
        modulus: Vec<u8>,
        /// `e`
        exponent: Vec<u8>,
    },
    /// A point of a curve, uncompressed: `04 ‖ x ‖ y`.
    Point {
        /// Its curve.
        curve: Curve,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    id: String,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<String>,
    material: Material,
}

/// An issuer's keys for signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a JWK set. Keys of other types or uses, without an id or malformed are left out, as
    /// RFC 7517 section 5 says.
    ///
    /// # Errors
    /// Not a JWK set, or one of more than [`limits::ISSUER_KEYS`] keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let tree = Tree::from_json(bytes).map_err(|error| format!("its keys: {error}"))?;
        let Tree::Map(members) = &tree else { return Err("its keys are no JSON object".into()) };
        let Some(Tree::List(keys)) = members.get("keys") else {
            return Err("its keys have no member 'keys'".into());
        };
        if keys.len() > limits::ISSUER_KEYS {
            return Err(format!("it has more than {} keys", limits::ISSUER_KEYS));
        }
        Ok(Self(keys.iter().filter_map(key).collect()))
    }

    /// The key of an id for an algorithm.
    pub(super) fn find(
        &self,
        id: &str,
        algorithm: &str,
    ) -> Result<(Algorithm, &Material), TokenError> {
        let parsed = Algorithm::parse(algorithm).ok_or_else(|| no_algorithm(algorithm))?;
        let fits = |key: &&Key| {
            let curve = match &key.material {
                Material::Rsa { .. } => None,
                Material::Point { curve, .. } => Some(*curve),
            };
            key.id == id
                && curve == parsed.curve()
                && key.algorithm.as_deref().is_none_or(|only| only == algorithm)
        };
        match self.0.iter().find(fits) {
            Some(key) => Ok((parsed, &key.material)),
            None => Err(TokenError::UnknownKey(text::shown_arn(id).to_owned())),
        }
    }
}

/// An algorithm that is not taken.
pub(super) fn no_algorithm(name: &str) -> TokenError {
    let shown = text::cut(name, 16);
    TokenError::invalid(format!(
        "The token's algorithm '{shown}' is not one of RS256, RS384, RS512, ES256, ES384 and ES512"
    ))
}

fn key(tree: &Tree) -> Option<Key> {
    let Tree::Map(members) = tree else { return None };
    if text(members, "use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let material = match text(members, "kty")? {
        "RSA" => Material::Rsa { modulus: number(members, "n")?, exponent: number(members, "e")? },
        "EC" => {
            let (curve, length) = Curve::parse(text(members, "crv")?)?;
            let (x, y) = (number(members, "x")?, number(members, "y")?);
            if x.len() != length || y.len() != length {
                return None;
            }
            Material::Point { curve, bytes: [vec![4], x, y].concat() }
        }
        _ => return None,
    };
    let algorithm = text(members, "alg").map(str::to_owned);
    Some(Key { id: text(members, "kid")?.to_owned(), algorithm, material })
}

fn text<'t>(members: &'t Members, name: &str) -> Option<&'t str> {
    match members.get(name)? {
        Tree::Text(text) => Some(text),
        _ => None,
    }
}

fn number(members: &Members, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(members, name)?).ok()
}
