use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use fleetwright_access::caller::Caller;
use fleetwright_access::signing_key::SigningKey;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, IamPath, Region, UserName};
use http::Request;
use http::request::Parts;
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::service::Service;

pub(crate) const NOW: i64 = 1_440_938_160; // 2015-08-30T12:36:00Z, the instant of AWS's test suite
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn now() -> Timestamp {
    Timestamp(NOW * 1000)
}

fn account_scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

fn scope() -> Scope<'static> {
    Scope { region: "us-east-1", services: &["iot"], global: &[], now: Timestamp(NOW * 1000) }
}

pub(crate) fn known(scope: &SigningScope) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        key: SigningKey::derive(SECRET, scope),
        session_token: None,
        expires: None,
        caller: Arc::new(Caller::user(
            &account_scope(),
            UserName::parse("operator").unwrap(),
            &IamPath::default(),
            "AIDAEXAMPLE".into(),
        )),
    }
}

/// How the oracle, AWS's own signer, signs.
pub(crate) struct Signer {
    at: i64,
    region: &'static str,
    service: &'static str,
    presigned: Option<u64>,
    token: Option<&'static str>,
}

impl Default for Signer {
    fn default() -> Self {
        Self { at: NOW, region: "us-east-1", service: "iot", presigned: None, token: None }
    }
}

impl Signer {
    pub(crate) fn sign(&self, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
        let identity =
            AwsCredentials::new("AKIDEXAMPLE", SECRET, self.token.map(str::to_owned), None, "test");
        let identity = identity.into();
        let mut settings = SigningSettings::default();
        if let Some(seconds) = self.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(seconds));
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(UNIX_EPOCH + Duration::from_secs(self.at.try_into().unwrap()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!(
            "http://{}{}",
            request.headers()["host"].to_str().unwrap(),
            request.uri().path_and_query().unwrap()
        );
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri,
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            SignableBody::Bytes(request.body()),
        )
        .unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let path = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        *request.uri_mut() = path;
        request
    }
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8080")
        .header("content-type", "application/json")
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn judge(request: Request<Vec<u8>>) -> Result<Query, AuthError> {
    let (parts, body) = request.into_parts();
    judge_parts(&parts, &body)
}

fn judge_parts(parts: &Parts, body: &[u8]) -> Result<Query, AuthError> {
    let unverified = Unverified::read(parts, &scope())?;
    let asked = unverified.key_query();
    let known = (asked.id == "AKIDEXAMPLE").then(|| known(&asked.scope));
    unverified.verify(parts, body, known.as_ref(), now())
}

fn refused(request: Request<Vec<u8>>) -> (String, String) {
    let error = crate::error::ApiError::from(judge(request).unwrap_err());
    (error.name(Service::Iot).to_owned(), error.message)
}

/// AWS's published signatures (aws-sig-v4-test-suite, and the IAM user guide's example).
#[test]
fn published_signatures_are_reproduced() {
    type Case = (
        &'static str,
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    let cases: &[Case] = &[
        (
            "get-vanilla",
            "GET",
            "/",
            &[],
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "post-vanilla",
            "POST",
            "/",
            &[],
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-header-value-trim",
            "GET",
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
    ];
    for (name, method, uri, extra, wanted) in cases {
        let mut builder = Request::builder()
            .method(*method)
            .uri(*uri)
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z");
        let mut signed = vec!["host", "x-amz-date"];
        for (header, value) in *extra {
            builder = builder.header(*header, *value);
            signed.push(header);
        }
        signed.sort_unstable();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={}, Signature={wanted}",
            signed.join(";")
        );
        let (parts, ()) =
            builder.header("authorization", authorization).body(()).unwrap().into_parts();
        let scope = Scope { services: &["service"], ..scope() };
        let unverified = Unverified::read(&parts, &scope).unwrap();
        let known = known(&unverified.key_query().scope);
        assert!(unverified.verify(&parts, b"", Some(&known), now()).is_ok(), "{name}");
    }
}

#[test]
fn requests_of_the_sdk_signer_are_accepted() {
    for (method, path, body) in [
        ("GET", "/endpoint", ""),
        ("GET", "/endpoint?endpointType=iot%3AData-ATS", ""),
        ("POST", "/things/a%3Ab", r#"{"attributePayload":{}}"#),
        ("POST", "/attached-policies/arn%3Aaws%3Aiot%3Aus-east-1%3A1%3Acert%2Fab", ""),
        ("GET", "/certificates?pageSize=2&marker=YWJj%3D%3D&isAscendingOrder=true", ""),
        ("GET", "/authorizers/", ""),
    ] {
        let signed = Signer::default().sign(request(method, path, body));
        assert_eq!(judge(signed).err(), None, "{method} {path}");
        let presigned = Signer { presigned: Some(60), ..Signer::default() };
        let mut plain = request(method, path, body);
        plain.headers_mut().remove("content-type");
        assert_eq!(judge(presigned.sign(plain)).err(), None, "presigned {method} {path}");
    }
}

#[test]
fn an_unsigned_request_is_told_to_sign() {
    let (name, message) = refused(request("GET", "/endpoint", ""));
    assert_eq!(name, "MissingAuthenticationTokenException");
    assert!(message.starts_with("Missing Authentication Token"), "{message}");
}

#[test]
fn changed_requests_are_refused() {
    type Change = fn(&mut Request<Vec<u8>>);
    let changes: &[(&str, Change)] = &[
        ("body", |r| r.body_mut().push(b' ')),
        ("method", |r| *r.method_mut() = http::Method::PUT),
        ("path", |r| *r.uri_mut() = "/things/b?x=1".parse().unwrap()),
        ("query", |r| *r.uri_mut() = "/things/a?x=2".parse().unwrap()),
        ("added query", |r| *r.uri_mut() = "/things/a?x=1&y=1".parse().unwrap()),
        ("host", |r| {
            r.headers_mut().insert("host", "elsewhere".parse().unwrap());
        }),
        ("signed header", |r| {
            r.headers_mut().insert("content-type", "text/plain".parse().unwrap());
        }),
        ("second signed header", |r| {
            r.headers_mut().append("content-type", "text/plain".parse().unwrap());
        }),
        ("time", |r| {
            r.headers_mut().insert("x-amz-date", "20150830T123601Z".parse().unwrap());
        }),
    ];
    for (what, change) in changes {
        let mut signed = Signer::default().sign(request("POST", "/things/a?x=1", "{}"));
        change(&mut signed);
        let (name, message) = refused(signed);
        assert_eq!(name, "InvalidSignatureException", "{what}");
        assert!(message.starts_with("The request signature we calculated"), "{what}: {message}");
    }
}

#[test]
fn a_removed_signed_header_is_named() {
    let mut signed = Signer::default().sign(request("POST", "/things/a", "{}"));
    signed.headers_mut().remove("content-type");
    assert!(refused(signed).1.contains("signed header 'content-type'"));
}

#[test]
fn steering_headers_must_be_signed() {
    for header in ["x-amzn-principal", "x-amz-security-token", "x-amz-content-sha256"] {
        let mut signed = Signer::default().sign(request("GET", "/principals/things", ""));
        signed.headers_mut().insert(header, "value".parse().unwrap());
        let (name, message) = refused(signed);
        assert_eq!(name, "InvalidSignatureException");
        assert!(message.contains(header), "{message}");
    }
    let mut traced = Signer::default().sign(request("GET", "/endpoint", ""));
    traced.headers_mut().insert("x-amzn-trace-id", "Root=1".parse().unwrap());
    assert_eq!(judge(traced).err(), None);
}

#[test]
fn a_declared_body_hash_must_be_the_bodys() {
    let declared = |hash: &str| {
        let mut plain = request("POST", "/things/a", "{}");
        plain.headers_mut().insert("x-amz-content-sha256", hash.parse().unwrap());
        judge(Signer::default().sign(plain))
    };
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(declared(hash).err(), None);
    for other in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", &hash.to_uppercase()] {
        assert_eq!(declared(other).err(), Some(AuthError::BodyHash), "{other}");
    }
}

#[test]
fn the_clock_may_differ_by_five_minutes() {
    for (offset, accepted) in [(-300, true), (-301, false), (300, true), (301, false)] {
        let signed = Signer { at: NOW + offset, ..Signer::default() }.sign(request("GET", "/", ""));
        assert_eq!(judge(signed).is_ok(), accepted, "{offset}");
    }
    let signer = Signer { at: NOW - 900, ..Signer::default() };
    let (name, message) = refused(signer.sign(request("GET", "/", "")));
    assert_eq!(name, "InvalidSignatureException");
    assert_eq!(
        message,
        "Signature expired: 20150830T122100Z is now earlier than 20150830T123100Z \
         (20150830T123600Z - 5 min.). The client's clock is 900 seconds behind the server's."
    );
}

#[test]
fn a_presigned_url_lives_as_long_as_it_says() {
    for (age, life, accepted) in
        [(60, 60, true), (61, 60, false), (3000, 3600, true), (-301, 60, false)]
    {
        let signer = Signer { at: NOW - age, presigned: Some(life), ..Signer::default() };
        assert_eq!(judge(signer.sign(request("GET", "/", ""))).is_ok(), accepted, "{age} {life}");
    }
    let week = Signer { presigned: Some(604_801), ..Signer::default() };
    assert_eq!(refused(week.sign(request("GET", "/", ""))).0, "IncompleteSignatureException");
}

#[test]
fn a_presigned_change_is_good_for_five_minutes_at_most() {
    for (method, age, accepted) in
        [("POST", 299, true), ("POST", 301, false), ("DELETE", 301, false), ("GET", 301, true)]
    {
        let signer = Signer { at: NOW - age, presigned: Some(3600), ..Signer::default() };
        let mut plain = request(method, "/things/a", "");
        plain.headers_mut().remove("content-type");
        assert_eq!(judge(signer.sign(plain)).is_ok(), accepted, "{method} {age}");
    }
}

#[test]
fn a_foreign_scope_names_both_sides() {
    let region = Signer { region: "eu-west-1", ..Signer::default() };
    let (name, message) = refused(region.sign(request("GET", "/", "")));
    assert_eq!(name, "InvalidSignatureException");
    assert!(message.contains("'eu-west-1'") && message.contains("'us-east-1'"), "{message}");
    let service = Signer { service: "execute-api", ..Signer::default() };
    let (_, message) = refused(service.sign(request("GET", "/", "")));
    assert!(message.contains("'iot', not 'execute-api'"), "{message}");
    let mut dated = Signer::default().sign(request("GET", "/", ""));
    dated.headers_mut().insert("x-amz-date", "20150831T000000Z".parse().unwrap());
    assert!(matches!(judge(dated), Err(AuthError::ScopeDate { .. })));
}

#[test]
fn an_unknown_access_key_is_refused_in_awss_words() {
    let mut signed = Signer::default().sign(request("GET", "/", ""));
    let header =
        signed.headers()["authorization"].to_str().unwrap().replace("AKIDEXAMPLE", "AKIDOTHER");
    signed.headers_mut().insert("authorization", header.parse().unwrap());
    let (name, message) = refused(signed);
    assert_eq!(name, "UnrecognizedClientException");
    assert!(message.starts_with("The security token included in the request is invalid."));
}

#[test]
fn session_tokens_belong_to_temporary_keys() {
    let signer = Signer { token: Some("token"), ..Signer::default() };
    let judge_with = |signer: &Signer, token: Option<&str>| {
        let (parts, body) = signer.sign(request("GET", "/", "")).into_parts();
        let unverified = Unverified::read(&parts, &scope()).unwrap();
        let known = Credentials {
            session_token: token.map(|token| Zeroizing::new(token.to_owned())),
            ..known(&unverified.key_query().scope)
        };
        unverified.verify(&parts, &body, Some(&known), now()).is_ok()
    };
    assert!(judge_with(&signer, Some("token")));
    assert!(!judge_with(&signer, Some("other")));
    assert!(!judge_with(&signer, None));
    assert!(!judge_with(&Signer::default(), Some("token")));
    let presigned = Signer { presigned: Some(60), token: Some("token"), ..Signer::default() };
    assert!(judge_with(&presigned, Some("token")));
}

#[test]
fn malformed_authorization_is_incomplete() {
    let good = Signer::default().sign(request("GET", "/", "")).headers()["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    let cases = [
        String::new(),
        "Bearer abc".into(),
        "AWS4-HMAC-SHA256".into(),
        "AWS4-HMAC-SHA256 Credential".into(),
        good.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        good.replace("/aws4_request", ""),
        good.replace("SignedHeaders=", "Signed="),
        good.replace("host;", "Host;"),
        good.replace("content-type;host", "host;content-type"),
        good.replace("host;", "host;host;"),
        format!("{good}0"),
        good.replace("Signature=", "Signature=G"),
        format!("{good}, Signature=00"),
        good.rsplit_once(',').unwrap().0.to_owned(),
    ];
    for case in cases {
        let mut signed = Signer::default().sign(request("GET", "/", ""));
        signed.headers_mut().insert("authorization", case.parse().unwrap());
        assert_eq!(refused(signed).0, "IncompleteSignatureException", "{case}");
    }
}

#[test]
fn doubled_headers_and_a_doubled_signature_are_refused() {
    for header in ["authorization", "x-amz-date", "host"] {
        let mut signed = Signer::default().sign(request("GET", "/", ""));
        let value = signed.headers()[header].clone();
        signed.headers_mut().append(header, value);
        assert_eq!(refused(signed).0, "IncompleteSignatureException", "{header}");
    }
    let presigned = Signer { presigned: Some(60), ..Signer::default() };
    let twice = Signer::default().sign(presigned.sign(request("GET", "/", "")));
    assert_eq!(refused(twice).0, "IncompleteSignatureException");
    let mut without_date = Signer::default().sign(request("GET", "/", ""));
    without_date.headers_mut().remove("x-amz-date");
    assert!(refused(without_date).1.contains("'X-Amz-Date'"));
}

#[test]
fn times_are_read_and_written() {
    for (text, seconds) in [
        ("19700101T000000Z", 0),
        ("20150830T123600Z", NOW),
        ("20000229T235959Z", 951_868_799),
        ("20491231T235959Z", 2_524_607_999),
    ] {
        assert_eq!(time::parse(text), Some(seconds));
        assert_eq!(time::format(seconds), text);
    }
    for text in ["", "20150830T123600", "2015-08-30T12:36Z", "20151330T123600Z", "20150830T253600Z"]
    {
        assert_eq!(time::parse(text), None, "{text}");
    }
}

proptest! {
    /// AWS's signer and this verifier agree on any path, query, header and body.
    #[test]
    fn any_request_of_the_sdk_signer_is_accepted(
        segments in prop::collection::vec("[a-zA-Z0-9:_@=,+#/ é-]{1,12}", 1..4),
        query in prop::collection::vec(("[a-zA-Z&=+%~ é]{1,6}", "[ -~é]{0,8}"), 0..5),
        header in "[!-~]( {0,3}[!-~]){0,6}",
        body in prop::collection::vec(any::<u8>(), 0..64),
        presigned in any::<bool>(),
    ) {
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, query::RESERVED).to_string();
        let path: String = segments.iter().map(|segment| format!("/{}", encode(segment))).collect();
        let pairs: Vec<String> =
            query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        let uri = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
        let mut plain = request("POST", &uri, "");
        plain.headers_mut().insert("x-custom", header.parse().unwrap());
        *plain.body_mut() = body;
        let signer = Signer { presigned: presigned.then_some(60), ..Signer::default() };
        let signed = signer.sign(plain);
        let (mut parts, body) = signed.into_parts();
        prop_assert_eq!(judge_parts(&parts, &body).err(), None);
        parts.headers.insert("host", "elsewhere".parse().unwrap());
        prop_assert!(judge_parts(&parts, &body).is_err());
    }

    /// No text in the place of the signature can do harm.
    #[test]
    fn any_authorization_is_judged(text in "[ -~]{0,200}", query in "[a-zA-Z0-9%&=+._~/-]{0,100}") {
        let uri = format!("/?{query}");
        let mut plain = request("GET", &uri, "");
        plain.headers_mut().insert("authorization", text.parse().unwrap());
        prop_assert!(judge(plain).is_err());
    }
}
