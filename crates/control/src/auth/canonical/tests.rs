//! What canonical requests have to be: the same for the same request, and different for others.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::auth::Query;

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    // Reserved, unreserved and characters beyond ASCII, in names and in values.
    prop::collection::vec(("[a-cA-C=&+ %/é-]{1,4}", "[a-c=&+ %/?#é~]{0,4}"), 0..6)
}

fn encoded(text: &str, thoroughly: bool) -> String {
    match thoroughly {
        true => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        false => utf8_percent_encode(text, RESERVED).to_string(),
    }
}

fn query(pairs: &[(String, String)], thoroughly: bool) -> Query {
    let parts: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encoded(key, thoroughly), encoded(value, thoroughly)))
        .collect();
    Query::parse(&parts.join("&")).unwrap()
}

fn canonical(
    method: &str,
    path: &str,
    pairs: &[(String, String)],
    headers: &[(&str, &str)],
    hash: &str,
) -> Vec<u8> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    let mut names: Vec<String> = map.keys().map(ToString::to_string).collect();
    names.sort();
    let method = method.parse().unwrap();
    request(&method, path, &query(pairs, false).canonical(), &map, &names, hash).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_order_and_the_spelling_of_a_query_do_not_matter(
        mut pairs in pairs(),
        thoroughly in any::<bool>(),
    ) {
        let sent = query(&pairs, false).canonical();
        pairs.reverse();
        prop_assert_eq!(sent, query(&pairs, thoroughly).canonical());
    }

    #[test]
    fn two_queries_are_one_only_if_they_have_the_same_parameters(
        mut one in pairs(),
        mut other in pairs(),
    ) {
        let same = query(&one, false).canonical() == query(&other, false).canonical();
        one.sort();
        other.sort();
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn a_canonical_query_reads_as_the_query(mut pairs in pairs()) {
        let again = Query::parse(&query(&pairs, false).canonical()).unwrap();
        let mut found: Vec<(String, String)> = Vec::new();
        for name in again.names() {
            found.extend(again.all(name).map(|value| (name.to_owned(), value.to_owned())));
        }
        // A name that stands twice is found twice as often.
        found.sort();
        found.dedup();
        pairs.sort();
        pairs.dedup();
        prop_assert_eq!(found, pairs);
    }

    #[test]
    fn the_signature_itself_is_not_signed(pairs in pairs(), signature in "[0-9a-f]{0,64}") {
        let mut with = pairs.clone();
        with.push(("X-Amz-Signature".to_owned(), signature));
        prop_assert_eq!(query(&pairs, false).canonical(), query(&with, false).canonical());
    }

    #[test]
    fn every_part_of_a_request_counts(
        path in "/[a-z%/.~:-]{0,8}",
        other_path in "/[a-z%/.~:-]{0,8}",
        value in "[!-~]{1,8}",
        other_value in "[!-~]{1,8}",
        pairs in pairs(),
    ) {
        let (host, more) = (("host", "h"), ("x-amz-date", value.as_str()));
        let whole = canonical("GET", &path, &pairs, &[host, more], "0a");
        let differs = |other: Vec<u8>| other != whole;
        prop_assert!(differs(canonical("PUT", &path, &pairs, &[host, more], "0a")));
        prop_assert!(differs(canonical("GET", &path, &pairs, &[host], "0a")));
        prop_assert!(differs(canonical("GET", &path, &pairs, &[("host", "i"), more], "0a")));
        prop_assert!(differs(canonical("GET", &path, &pairs, &[host, more], "0b")));
        let moved = canonical("GET", &other_path, &pairs, &[host, more], "0a");
        prop_assert_eq!(differs(moved), path != other_path);
        let changed = [host, ("x-amz-date", other_value.as_str())];
        prop_assert_eq!(
            differs(canonical("GET", &path, &pairs, &changed, "0a")),
            value != other_value
        );
        let mut longer = pairs.clone();
        longer.push(("a".to_owned(), String::new()));
        prop_assert!(differs(canonical("GET", &path, &longer, &[host, more], "0a")));
    }

    #[test]
    fn white_space_around_and_between_words_of_a_header_does_not_matter(
        words in prop::collection::vec("[!-~]{1,4}", 1..4),
        gap in "[ \t]{1,3}",
    ) {
        let loose = format!("{gap}{}{gap}", words.join(&gap));
        let tight = words.join(" ");
        prop_assert_eq!(
            canonical("GET", "/", &[], &[("host", loose.as_str())], "0a"),
            canonical("GET", "/", &[], &[("host", tight.as_str())], "0a")
        );
    }
}
