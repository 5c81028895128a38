use fleetwright_core::names::ThingName;
use serde_json::json;

use super::*;

fn members(value: &Value) -> Members<'_> {
    Members::root(value.as_object().unwrap())
}

#[test]
fn a_wrong_type_is_refused_by_the_members_path() {
    let body = json!({"text": 1, "flag": "true", "number": -1, "map": {"a": 1}, "list": {},
        "object": {"inner": []}, "items": ["a", 2]});
    let given = members(&body);
    let text_item = |at: &str, item: &Value| {
        item.as_str().map(str::to_owned).ok_or_else(|| invalid(format!("{at} is no text")))
    };
    let inner = |inner: Members<'_>| inner.text("inner").map(drop);
    for (refused, message) in [
        (given.text("text").err(), "The member 'text' must be a string, not a number."),
        (given.flag("flag").err(), "The member 'flag' must be a boolean, not a string."),
        (
            given.integer("number").err(),
            "The member 'number' must be a whole number, not a number.",
        ),
        (given.text_map("map").err(), "The member 'map.a' must be a string, not a number."),
        (given.list("list", text_item).err(), "The member 'list' must be an array, not an object."),
        (given.list("items", text_item).err(), "items[1] is no text"),
        (given.object("text", inner).err(), "The member 'text' must be an object, not a number."),
        (
            given.object("object", inner).err(),
            "The member 'object.inner' must be a string, not an array.",
        ),
    ] {
        let refused = refused.unwrap();
        assert_eq!(refused.code, ErrorCode::InvalidRequest);
        assert_eq!(refused.message, message);
    }
}

#[test]
fn null_counts_as_absent() {
    let body = json!({"text": null});
    assert_eq!(members(&body).text("text").unwrap(), None);
    let refused = members(&body).required_text("text").unwrap_err();
    assert_eq!(refused.message, "The member 'text' is required.");
}

#[test]
fn a_name_is_read_by_its_own_rule() {
    let body = json!({"name": "a b", "good": "a:b"});
    let refused = members(&body).required("name", ThingName::parse).unwrap_err();
    assert!(refused.message.starts_with("Thing name 'a b' is not valid"), "{}", refused.message);
    let good = members(&body).optional("good", ThingName::parse).unwrap().unwrap();
    assert_eq!(good.as_str(), "a:b");
}

#[test]
fn a_text_is_counted_in_characters() {
    let body = json!({"text": "éé"});
    assert!(members(&body).bounded_text("text", 2).is_ok());
    let refused = members(&body).bounded_text("text", 1).unwrap_err();
    assert_eq!(refused.message, "The member 'text' has 2 characters; the limit is 1.");
}
