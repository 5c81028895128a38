use super::*;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}"#;

fn parse(text: &str) -> Result<AuthorizerAnswer, String> {
    AuthorizerAnswer::parse(text.as_bytes(), false).map_err(|error| error.to_string())
}

#[test]
fn a_plain_yes_is_read_whole() {
    let quoted = serde_json::to_string(POLICY).unwrap();
    let answer = parse(&format!(
        r#"{{"isAuthenticated":true,"principalId":"abc1","policyDocuments":[{POLICY},{quoted}],
            "refreshAfterInSeconds":300,"disconnectAfterInSeconds":86400,"more":1}}"#
    ));
    let expected = AuthorizerAnswer {
        is_authenticated: true,
        principal_id: Some("abc1".to_owned()),
        policy_documents: vec![POLICY.to_owned(), POLICY.to_owned()],
        refresh_after: Some(300),
        disconnect_after: Some(86_400),
    };
    assert_eq!(answer, Ok(expected));
}

#[test]
fn a_plain_no_needs_nothing_else() {
    assert_eq!(parse(r#"{"isAuthenticated":false}"#), Ok(AuthorizerAnswer::default()));
}

#[test]
fn anything_else_is_no_answer() {
    let with = |more: &str| {
        format!(r#"{{"isAuthenticated":true,"principalId":"a","policyDocuments":[]{more}}}"#)
    };
    assert!(parse(&with("")).is_ok());
    let eleven = format!(
        r#"{{"isAuthenticated":true,"principalId":"a","policyDocuments":[{}]}}"#,
        [POLICY; 11].join(",")
    );
    let padded = POLICY.replace("Connect", &"x".repeat(2048));
    let large =
        format!(r#"{{"isAuthenticated":true,"principalId":"a","policyDocuments":[{padded}]}}"#);
    for (answer, fault) in [
        ("nonsense", "JSON"),
        ("[]", "object"),
        ("{}", "isAuthenticated is missing"),
        (r#"{"isAuthenticated":"true"}"#, "true or false"),
        (r#"{"isAuthenticated":true,"policyDocuments":[]}"#, "principalId"),
        (r#"{"isAuthenticated":true,"principalId":"a-b","policyDocuments":[]}"#, "principalId"),
        (r#"{"isAuthenticated":true,"principalId":"a"}"#, "policyDocuments"),
        (r#"{"isAuthenticated":true,"principalId":"a","policyDocuments":["x"]}"#, "[0]"),
        (r#"{"isAuthenticated":true,"principalId":"a","policyDocuments":[1]}"#, "[0]"),
        (&eleven, "limit is 10"),
        (&with(r#","refreshAfterInSeconds":-1"#), "whole number"),
        (&with(r#","refreshAfterInSeconds":0.5"#), "whole number"),
        (&large, "2048"),
        (&with(r#","disconnectAfterInSeconds":"600""#), "whole number"),
    ] {
        let error = parse(answer).unwrap_err();
        assert!(error.contains(fault), "{answer}: {error}");
    }
}

#[test]
fn times_are_brought_within_their_bounds() {
    let times = |refresh_after, disconnect_after| {
        let answer = AuthorizerAnswer { refresh_after, disconnect_after, ..Default::default() };
        (answer.refresh_in_force(), answer.disconnect_in_force())
    };
    assert_eq!(times(None, None), (None, 86_400));
    assert_eq!(times(Some(0), Some(1)), (Some(300), 300));
    assert_eq!(times(Some(301), Some(86_401)), (Some(301), 86_400));
}

#[test]
fn policies_may_be_left_out_where_those_of_a_certificate_are_there() {
    let answer = br#"{"isAuthenticated":true,"principalId":"a"}"#;
    assert!(AuthorizerAnswer::parse(answer, true).is_ok());
    assert!(AuthorizerAnswer::parse(answer, false).is_err());
}
