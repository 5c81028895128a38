use proptest::prelude::*;
use serde_json::json;

use super::*;

fn allow(pairs: &[(&str, &str)]) -> Verdict {
    Verdict::Allow {
        overrides: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }
}

#[test]
fn request_has_the_six_members() {
    let request = HookRequest {
        claim_certificate_id: "c".into(),
        certificate_id: "n".into(),
        certificate_pem: "p".into(),
        template_arn: "a".into(),
        client_id: "i".into(),
        parameters: BTreeMap::from([("SerialNumber".into(), "1".into())]),
    };
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({
            "claimCertificateId": "c",
            "certificateId": "n",
            "certificatePem": "p",
            "templateArn": "a",
            "clientId": "i",
            "parameters": {"SerialNumber": "1"},
        })
    );
}

#[test]
fn plain_answers_are_verdicts() {
    for (answer, verdict) in [
        (r#"{"allowProvisioning": true}"#, allow(&[])),
        (r#"{"allowProvisioning": "true"}"#, allow(&[])),
        (r#"{"allowProvisioning": true, "parameterOverrides": {}}"#, allow(&[])),
        (r#"{"allowProvisioning": true, "parameterOverrides": null}"#, allow(&[])),
        (r#"{"allowProvisioning": true, "parameterOverrides": {"a": "b"}}"#, allow(&[("a", "b")])),
        (r#"{"allowProvisioning": true, "statusCode": 200}"#, allow(&[])),
        (r#"{"allowProvisioning": false}"#, Verdict::Refuse),
        (r#"{"allowProvisioning": "false"}"#, Verdict::Refuse),
        (r#"{"allowProvisioning": false, "parameterOverrides": {"a": "b"}}"#, Verdict::Refuse),
        (r#"{"allowProvisioning": false, "parameterOverrides": 5}"#, Verdict::Refuse),
    ] {
        assert_eq!(Verdict::parse(answer.as_bytes()), Ok(verdict), "{answer}");
    }
}

#[test]
fn v09_anything_else_is_no_verdict() {
    for (answer, reason) in [
        ("", "not valid JSON"),
        ("true", "must be a JSON object, not a boolean"),
        ("null", "must be a JSON object, not null"),
        ("[]", "must be a JSON object, not an array"),
        ("{}", "allowProvisioning is missing"),
        ("{", "not valid JSON"),
        (r#"{"allowprovisioning": true}"#, "allowProvisioning is missing"),
        (r#"{"allowProvisioning": 1}"#, "must be true or false, not a number"),
        (r#"{"allowProvisioning": null}"#, "must be true or false, not null"),
        (r#"{"allowProvisioning": "True"}"#, "must be true or false, not a string"),
        (r#"{"allowProvisioning": "yes"}"#, "must be true or false, not a string"),
        (r#"{"allowProvisioning": false, "allowProvisioning": true}"#, "more than once"),
        (
            r#"{"allowProvisioning": true, "parameterOverrides": []}"#,
            "must be an object of strings",
        ),
        (
            r#"{"allowProvisioning": true, "parameterOverrides": {"a": 1}}"#,
            "parameterOverrides.a must be a string",
        ),
        (
            r#"{"allowProvisioning": true, "parameterOverrides": {"a": {}}}"#,
            "parameterOverrides.a must be a string",
        ),
        (r#"{"allowProvisioning": true} {}"#, "trailing"),
        (
            r#"{"errorMessage": "no such table", "errorType": "KeyError"}"#,
            "the hook failed: no such table",
        ),
    ] {
        let error = Verdict::parse(answer.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(reason), "{answer}: {error}");
    }
    let large = format!("{}{{\"allowProvisioning\": true}}", " ".repeat(limits::HOOK_ANSWER_BYTES));
    assert!(Verdict::parse(large.as_bytes()).unwrap_err().to_string().contains("longer than"));
}

proptest! {
    #[test]
    fn reading_an_answer_never_panics(answer in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Verdict::parse(&answer);
    }

    #[test]
    fn any_map_of_texts_may_override(
        overrides in prop::collection::btree_map("\\PC{0,8}", "\\PC{0,20}", 0..6),
    ) {
        let answer = json!({"allowProvisioning": true, "parameterOverrides": overrides});
        let verdict = Verdict::parse(answer.to_string().as_bytes());
        prop_assert_eq!(verdict, Ok(Verdict::Allow { overrides }));
    }
}
