use std::collections::BTreeMap;

use super::{PropagatedFrom, PropagatingAttribute, propagated};
use crate::limits;

#[test]
fn an_attribute_comes_from_a_thing_or_a_connection() {
    let of_thing = PropagatingAttribute::parse("model$1", Some("model"), None).unwrap();
    assert!(matches!(of_thing.source, PropagatedFrom::Thing(name) if name.as_str() == "model"));
    let of_connection = PropagatingAttribute::parse("id", None, Some("iot:ClientId")).unwrap();
    assert_eq!(of_connection.source, PropagatedFrom::Connection("iot:ClientId".to_owned()));
}

#[test]
fn two_sources_or_none_or_a_wrong_name_are_refused() {
    for (key, thing, connection) in [
        ("k", None, None),
        ("k", Some("a"), Some("iot:ClientId")),
        ("", Some("a"), None),
        ("a b", Some("a"), None),
        ("k", Some("a b"), None),
        ("k", None, Some("iot/ClientId")),
    ] {
        assert!(PropagatingAttribute::parse(key, thing, connection).is_err(), "{key}");
    }
}

fn rule(key: &str, thing: Option<&str>, connection: Option<&str>) -> PropagatingAttribute {
    PropagatingAttribute::parse(key, thing, connection).unwrap()
}

#[test]
fn values_come_from_the_thing_and_its_connection_and_what_has_none_is_left_out() {
    let rules = [
        rule("site", Some("place"), None),
        rule("device", None, Some("iot:ClientId")),
        rule("missing", Some("absent"), None),
        rule("unknown", None, Some("iot:Other")),
    ];
    let attributes = BTreeMap::from([("place".to_owned(), "north".to_owned())]);
    let found = propagated(&rules, "press-7", &attributes);
    let expected = [("site", "north"), ("device", "press-7")];
    assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!(propagated(&[], "press-7", &attributes).is_empty());
}

#[test]
fn properties_keep_within_their_bound() {
    let rules: Vec<_> = (0..20).map(|n| rule(&format!("k{n}"), Some("long"), None)).collect();
    let attributes = BTreeMap::from([("long".to_owned(), "x".repeat(800))]);
    let found = propagated(&rules, "press-7", &attributes);
    let bytes: usize = found.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(found.len() == 10 && bytes <= limits::USER_PROPERTIES_BYTES, "{bytes}");
}
