use super::{PropagatedFrom, PropagatingAttribute};

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
