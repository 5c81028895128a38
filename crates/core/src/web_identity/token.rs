//! A token: JWS in its compact form (RFC 7515 section 7.1) with the claims of an ID token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::{Claims, WebIdentity};
use super::error::TokenError;
use super::key::{Algorithm, KeySet, Material, no_algorithm};
use crate::limits;
use crate::time::Timestamp;
use crate::tree::{Members, Tree};

/// What is registered of an issuer.
#[derive(Debug, Clone, Copy)]
pub struct Provider<'a> {
    /// `https`, or `http` on loopback.
    pub scheme: &'a str,
    /// Its URL without the scheme and without a slash at its end: so condition keys name it.
    pub url: &'a str,
    /// Audiences that its tokens may have.
    pub client_ids: &'a [String],
}

/// A token taken apart; nothing in it is proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Unverified {
    algorithm: String,
    key_id: String,
    signed: String,
    signature: Vec<u8>,
    claims: Claims,
}

/// A token of a registered issuer, for one of its audiences and in its time; its signature is not
/// verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitting {
    token: Unverified,
    identity: WebIdentity,
}

impl Unverified {
    /// Takes a token apart. Unsigned tokens, those of a shared secret, and those whose header asks
    /// for extensions (`crit`) are refused.
    ///
    /// # Errors
    /// [`TokenError::Invalid`].
    pub fn read(token: &str) -> Result<Self, TokenError> {
        if token.len() > limits::WEB_IDENTITY_TOKEN_CHARS {
            let max = limits::WEB_IDENTITY_TOKEN_CHARS;
            return Err(TokenError::invalid(format!("The token has more than {max} characters")));
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(TokenError::invalid(
                "The ID Token provided is not a valid JWT: it must have three parts with dots \
                 between them",
            ));
        };
        let fields = object(header, "header")?;
        if fields.get("crit").is_some() {
            return Err(TokenError::invalid("The token's header has 'crit', which is not offered"));
        }
        let algorithm = field(&fields, "alg")?;
        if Algorithm::parse(&algorithm).is_none() {
            return Err(no_algorithm(&algorithm));
        }
        Ok(Self {
            algorithm,
            key_id: field(&fields, "kid")?,
            signed: format!("{header}.{payload}"),
            signature: decode(signature, "signature")?,
            claims: Claims::read(&object(payload, "payload")?)?,
        })
    }

    /// Whose token it says to be: by this its provider is found.
    pub fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// Compares it with the provider of its issuer and with the time.
    ///
    /// # Errors
    /// Another issuer, an audience that is not registered, not yet or no longer in its time, or
    /// older than a day.
    pub fn fits(self, provider: &Provider<'_>, now: Timestamp) -> Result<Fitting, TokenError> {
        let Provider { scheme, url, .. } = *provider;
        let said = self.claims.issuer.strip_prefix(scheme).and_then(|s| s.strip_prefix("://"));
        if said.map(|said| said.trim_end_matches('/')) != Some(url) {
            return Err(TokenError::invalid(format!(
                "The token's issuer is not the registered {scheme}://{url}"
            )));
        }
        let audience = self.claims.audience(provider.client_ids)?;
        self.claims.check_time(now.0.div_euclid(1000))?;
        let identity = self.claims.identity(url, audience);
        Ok(Fitting { token: self, identity })
    }
}

impl Fitting {
    /// What the token proves, if one of its issuer's keys signed it. `verify` tells whether a
    /// signature over a message is a key's.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when the issuer's keys should be fetched anew;
    /// [`TokenError::Invalid`] for a wrong signature.
    pub fn verified(
        &self,
        keys: &KeySet,
        verify: impl FnOnce(Algorithm, &Material, &[u8], &[u8]) -> bool,
    ) -> Result<WebIdentity, TokenError> {
        let Unverified { algorithm, key_id, signed, signature, .. } = &self.token;
        let (algorithm, material) = keys.find(key_id, algorithm)?;
        match verify(algorithm, material, signed.as_bytes(), signature) {
            true => Ok(self.identity.clone()),
            false => Err(TokenError::invalid("The token's signature is not its issuer's")),
        }
    }
}

fn object(part: &str, name: &str) -> Result<Members, TokenError> {
    let fault = |why: String| TokenError::invalid(format!("The token's {name} {why}"));
    match Tree::from_json(&decode(part, name)?) {
        Ok(Tree::Map(members)) => Ok(members),
        Ok(other) => Err(fault(format!("must be an object, not {}", other.kind()))),
        Err(error) => Err(fault(format!("is no JSON: {error}"))),
    }
}

fn decode(part: &str, name: &str) -> Result<Vec<u8>, TokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| TokenError::invalid(format!("The token's {name} is not base64url")))
}

fn field(members: &Members, name: &str) -> Result<String, TokenError> {
    match members.get(name) {
        Some(Tree::Text(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(TokenError::invalid(format!("The token's header has no '{name}'"))),
    }
}
