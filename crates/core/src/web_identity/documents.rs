//! Where an issuer's documents are (OpenID Connect Discovery 1.0, sections 3 and 4).

use crate::tree::Tree;

/// The address of the discovery document of an issuer, given as `https://HOST/PATH`.
pub fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// The address of the keys, from the discovery document of `issuer`.
///
/// # Errors
/// A phrase that says what is wrong with the document: it must be JSON, speak of this very issuer,
/// and not lead from `https` to `http`.
pub fn keys_url(document: &[u8], issuer: &str) -> Result<String, String> {
    let tree =
        Tree::from_json(document).map_err(|error| format!("its discovery document: {error}"))?;
    let Tree::Map(members) = &tree else {
        return Err("its discovery document is no JSON object".into());
    };
    let text = |name| match members.get(name) {
        Some(Tree::Text(text)) => Ok(text.as_str()),
        _ => Err(format!("its discovery document has no text '{name}'")),
    };
    if text("issuer")?.trim_end_matches('/') != issuer.trim_end_matches('/') {
        return Err("its discovery document is that of another issuer".into());
    }
    let url = text("jwks_uri")?;
    if issuer.starts_with("https://") && !url.starts_with("https://") {
        return Err("the jwks_uri of its discovery document is not https://".into());
    }
    Ok(url.to_owned())
}
