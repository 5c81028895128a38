use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::time::Timestamp;

const NOW: i64 = 1_800_000_000;

fn clients() -> Vec<String> {
    vec!["factory".to_owned()]
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": "one", "typ": "JWT"})
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example/realm", "sub": "press-7", "aud": "factory",
        "iat": NOW - 10, "exp": NOW + 600, "amr": ["a", "b"], "line": 4, "deep": {"x": 1},
    })
}

fn with(mut value: Value, member: &str, content: Value) -> Value {
    value[member] = content;
    value
}

fn without(mut value: Value, member: &str) -> Value {
    value.as_object_mut().unwrap().remove(member);
    value
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token(header: &Value, claims: &Value) -> String {
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("signature"))
}

fn keys() -> KeySet {
    let point = URL_SAFE_NO_PAD.encode([7; 32]);
    let set = json!({"keys": [
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "encryption", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "one", "use": "sig", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "only-512", "alg": "RS512", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "kid": "curve", "crv": "P-256", "x": point, "y": point},
        {"kty": "EC", "kid": "short", "crv": "P-384", "x": point, "y": point},
        "no key",
    ]});
    KeySet::parse(set.to_string().as_bytes()).unwrap()
}

fn prove_at(header: &Value, claims: &Value, now: i64) -> Result<WebIdentity, TokenError> {
    let clients = clients();
    let provider = Provider { scheme: "https", url: "id.example/realm", client_ids: &clients };
    let fitting =
        Unverified::read(&token(header, claims))?.fits(&provider, Timestamp(now * 1000 + 999))?;
    fitting.verified(&keys(), |_, _, _, signature| signature == b"signature")
}

fn prove(header: &Value, claims: &Value) -> Result<WebIdentity, TokenError> {
    prove_at(header, claims, NOW)
}

fn values<'i>(identity: &'i WebIdentity, key: &str) -> Vec<&'i str> {
    let found = identity.keys.iter().find(|(name, _)| name == key);
    found.map(|(_, all)| all.iter().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_token_proves_its_subject_and_its_plain_claims() {
    let identity = prove(&header(), &claims()).unwrap();
    assert_eq!(identity.issuer, "id.example/realm");
    assert_eq!((identity.subject.as_str(), identity.audience.as_str()), ("press-7", "factory"));
    assert_eq!(values(&identity, "id.example/realm:sub"), ["press-7"]);
    assert_eq!(values(&identity, "id.example/realm:aud"), ["factory"]);
    assert_eq!(values(&identity, "id.example/realm:amr"), ["a", "b"]);
    assert_eq!(values(&identity, "id.example/realm:line"), ["4"]);
    assert!(values(&identity, "id.example/realm:deep").is_empty());
    assert!(values(&identity, "id.example/realm:exp").is_empty());
}

#[test]
fn a_slash_at_the_end_of_an_issuer_is_no_difference() {
    let claims = with(claims(), "iss", json!("https://id.example/realm/"));
    assert!(prove(&header(), &claims).is_ok());
}

#[test]
fn of_several_audiences_one_must_be_registered_and_azp_is_the_one_that_counts() {
    let several = with(claims(), "aud", json!(["other", "factory"]));
    assert_eq!(prove(&header(), &several).unwrap().audience, "factory");
    let party = with(with(claims(), "aud", json!("other")), "azp", json!("factory"));
    let identity = prove(&header(), &party).unwrap();
    assert_eq!(values(&identity, "id.example/realm:aud"), ["factory"]);
    assert_eq!(values(&identity, "id.example/realm:oaud"), ["other"]);
    let foreign = with(claims(), "azp", json!("other"));
    assert!(prove(&header(), &foreign).is_err());
}

#[test]
fn tags_and_source_identity_come_from_awss_claims() {
    let tags = json!({"principal_tags": {"Line": ["4"], "Site": "north"}});
    let claims = with(claims(), "https://aws.amazon.com/tags", tags);
    let claims = with(claims, "https://aws.amazon.com/source_identity", json!("press-7"));
    let identity = prove(&header(), &claims).unwrap();
    assert_eq!(identity.tags.get("Line").map(String::as_str), Some("4"));
    assert_eq!(identity.tags.get("Site").map(String::as_str), Some("north"));
    assert_eq!(identity.source_identity.as_deref(), Some("press-7"));
}

#[test]
fn what_is_not_as_it_should_be_is_refused_with_its_reason() {
    let (good, said) = (header(), claims());
    let name = "https://aws.amazon.com/source_identity";
    for (header, claims, why) in [
        (with(good.clone(), "alg", json!("none")), said.clone(), "'none'"),
        (with(good.clone(), "alg", json!("HS256")), said.clone(), "'HS256'"),
        (with(good.clone(), "alg", json!("rs256")), said.clone(), "'rs256'"),
        (without(good.clone(), "alg"), said.clone(), "no 'alg'"),
        (without(good.clone(), "kid"), said.clone(), "no 'kid'"),
        (with(good.clone(), "crit", json!(["exp"])), said.clone(), "'crit'"),
        (good.clone(), with(said.clone(), "iss", json!("https://id.example")), "issuer"),
        (good.clone(), with(said.clone(), "iss", json!("http://id.example/realm")), "issuer"),
        (good.clone(), with(said.clone(), "aud", json!("other")), "audience"),
        (good.clone(), with(said.clone(), "aud", json!([])), "'aud'"),
        (good.clone(), with(said.clone(), "aud", json!({"factory": 1})), "'aud'"),
        (good.clone(), without(said.clone(), "aud"), "'aud'"),
        (good.clone(), without(said.clone(), "sub"), "'sub'"),
        (good.clone(), with(said.clone(), "sub", json!("")), "'sub'"),
        (good.clone(), with(said.clone(), "sub", json!("x".repeat(256))), "'sub'"),
        (good.clone(), without(said.clone(), "exp"), "'exp'"),
        (good.clone(), with(said.clone(), "exp", json!("soon")), "'exp'"),
        (good.clone(), without(said.clone(), "iat"), "'iat'"),
        (good.clone(), with(said.clone(), "iat", json!(NOW + 301)), "not yet"),
        (good.clone(), with(said.clone(), "nbf", json!(NOW + 301)), "not yet"),
        (good.clone(), with(said.clone(), "iat", json!(NOW - 86_401)), "24 hours"),
        (good.clone(), with(said.clone(), name, json!("a b")), "source_identity"),
        (good, with(said, "https://aws.amazon.com/tags", json!([])), "principal_tags"),
    ] {
        match prove(&header, &claims) {
            Err(TokenError::Invalid(message)) => {
                assert!(message.contains(why), "{header} {claims}: {message}");
            }
            other => panic!("{header} {claims}: {other:?}"),
        }
    }
}

#[test]
fn a_token_ends_with_its_second() {
    assert!(prove_at(&header(), &claims(), NOW + 599).is_ok());
    let ended = prove_at(&header(), &claims(), NOW + 600).unwrap_err();
    assert_eq!(ended, TokenError::Expired { now: NOW + 600, expired: NOW + 600 });
}

#[test]
fn a_key_must_have_the_id_the_type_and_the_algorithm() {
    let of = |algorithm: &str, id: &str| json!({"alg": algorithm, "kid": id});
    for header in [of("RS384", "one"), of("RS512", "only-512"), of("ES256", "curve")] {
        assert!(prove(&header, &claims()).is_ok(), "{header}");
    }
    for header in [
        of("RS256", "other"),
        of("RS256", "encryption"),
        of("RS256", "only-512"),
        of("ES256", "one"),
        of("RS256", "curve"),
        of("ES384", "curve"),
        of("ES384", "short"),
    ] {
        let refused = prove(&header, &claims()).unwrap_err();
        assert!(matches!(refused, TokenError::UnknownKey(_)), "{header}: {refused}");
    }
}

#[test]
fn a_wrong_signature_proves_nothing() {
    let clients = clients();
    let provider = Provider { scheme: "https", url: "id.example/realm", client_ids: &clients };
    let token = token(&header(), &claims());
    let fitting = Unverified::read(&token).unwrap().fits(&provider, Timestamp(NOW * 1000)).unwrap();
    let refused = fitting.verified(&keys(), |_, _, message, _| message == token.as_bytes());
    assert!(matches!(refused, Err(TokenError::Invalid(_))));
}

#[test]
fn what_is_no_token_is_refused() {
    let twice = format!("{{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"{}\"}}", "one");
    for text in [
        String::new(),
        "a.b".into(),
        "a.b.c.d".into(),
        "a b.c.d".into(),
        format!("{}.{}.", part(&json!([])), part(&claims())),
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(twice), part(&claims())),
        format!("{}=.{}.c2ln", part(&header()), part(&claims())),
        "x".repeat(20_001),
    ] {
        assert!(matches!(Unverified::read(&text), Err(TokenError::Invalid(_))), "{text}");
    }
}

#[test]
fn a_discovery_document_speaks_of_its_own_issuer_and_stays_encrypted() {
    let issuer = "https://id.example/realm";
    let keys = |issuer: &str, uri: &str| {
        json!({"issuer": issuer, "jwks_uri": uri}).to_string().into_bytes()
    };
    assert_eq!(
        discovery_url("https://id.example/realm/"),
        "https://id.example/realm/.well-known/openid-configuration"
    );
    let found = keys_url(&keys(issuer, "https://keys.example/k"), issuer);
    assert_eq!(found.as_deref(), Ok("https://keys.example/k"));
    for (document, why) in [
        (keys("https://other.example", "https://keys.example/k"), "another issuer"),
        (keys(issuer, "http://keys.example/k"), "not https"),
        (b"{\"issuer\":\"https://id.example/realm\"}".to_vec(), "jwks_uri"),
        (b"[]".to_vec(), "no JSON object"),
        (b"<html>".to_vec(), "discovery document"),
    ] {
        assert!(keys_url(&document, issuer).unwrap_err().contains(why), "{why}");
    }
}

#[test]
fn a_set_has_a_bound_and_must_be_one() {
    let key = json!({"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"});
    let set = |keys: Vec<Value>| KeySet::parse(json!({"keys": keys}).to_string().as_bytes());
    assert!(set(vec![key.clone(); 200]).is_ok());
    assert!(set(vec![key; 201]).is_err());
    assert!(KeySet::parse(b"{}").is_err());
    assert!(KeySet::parse(b"no").is_err());
}
