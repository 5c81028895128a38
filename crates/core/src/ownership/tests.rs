use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn digest(template: &str, pairs: &[(&str, &str)]) -> RequestDigest {
    let parameters =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request_digest(&TemplateName::parse(template).unwrap(), &parameters)
}

fn spent(until: Timestamp) -> Option<Ownership<&'static str>> {
    Some(Ownership::Spent { request: digest("t", &[("a", "1")]), answer: "first", until })
}

#[test]
fn fresh_token_proceeds_until_its_last_moment() {
    let until = valid_until(NOW);
    assert_eq!(until, Timestamp(NOW.0 + 3_600_000));
    for now in [NOW, until] {
        let state: Option<Ownership<()>> = Some(Ownership::Unspent { until });
        assert_eq!(judge(state, now, digest("t", &[])), Ok(Judgement::Proceed));
    }
}

#[test]
fn expired_token_is_rejected() {
    let until = valid_until(NOW);
    let late = until.plus_millis(1);
    let fresh: Option<Ownership<&str>> = Some(Ownership::Unspent { until });
    for state in [fresh, spent(until)] {
        let refusal = judge(state, late, digest("t", &[("a", "1")])).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidToken);
        assert!(refusal.message.contains("expired: it is good for one hour"), "{refusal}");
    }
}

#[test]
fn spent_token_replays_the_same_request() {
    let judged = judge(spent(NOW), NOW, digest("t", &[("a", "1")]));
    assert_eq!(judged, Ok(Judgement::Replay("first")));
}

#[test]
fn spent_token_is_rejected_for_another_request() {
    for request in [digest("u", &[("a", "1")]), digest("t", &[("a", "2")]), digest("t", &[])] {
        let refusal = judge(spent(NOW), NOW, request).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidToken);
        assert!(refusal.message.contains("already used for another request"), "{refusal}");
    }
}

#[test]
fn unknown_token_is_rejected() {
    let refusal = judge::<()>(None, NOW, digest("t", &[])).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::InvalidToken);
    assert!(refusal.message.contains("not known here"), "{refusal}");
}

#[test]
fn requests_do_not_run_together() {
    assert_ne!(digest("t", &[("ab", "c")]), digest("t", &[("a", "bc")]));
    assert_ne!(digest("t", &[("a", "")]), digest("ta", &[]));
    assert_ne!(digest("t", &[("a", "b"), ("c", "d")]), digest("t", &[("a", "bc"), ("", "d")]));
    assert_eq!(digest("t", &[("b", "2"), ("a", "1")]), digest("t", &[("a", "1"), ("b", "2")]));
}

#[test]
fn token_fits_devices_and_stays_secret() {
    let token = TokenText::from_random([0xfb; 32]);
    assert!(token.as_str().len() <= limits::OWNERSHIP_TOKEN_CHARS);
    assert!(token.as_str().is_ascii());
    assert!(!format!("{token:?}").contains(token.as_str()));
    assert_eq!(token.digest(), TokenDigest::of(token.as_str()));
    assert_eq!(TokenText::parse(token.as_str()), Ok(token));
}

#[test]
fn malformed_token_is_rejected_without_being_shown() {
    let longest = "x".repeat(limits::OWNERSHIP_TOKEN_CHARS);
    assert!(TokenText::parse(&longest).is_ok());
    for text in [format!("{longest}x"), "schlüssel".to_owned()] {
        let refusal = TokenText::parse(&text).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidToken);
        assert!(!refusal.message.contains(&text));
    }
    let refusal = TokenText::parse("").unwrap_err();
    assert_eq!(refusal.message, "Certificate ownership token cannot be empty.");
}
