use serde_json::{Value, json};

use super::*;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_500);
const LIMITS: ShadowLimits = ShadowLimits { bytes: 200, depth: 4 };

/// A shadow that is updated again and again.
#[derive(Default)]
struct Scene {
    shadow: Option<Shadow>,
    deleted: Option<u64>,
}

impl Scene {
    fn update(&mut self, request: &str) -> Result<Updated, ShadowError> {
        let update = Update::read(request.as_bytes(), &LIMITS).map_err(|said| said.what)?;
        let updated = update.apply(self.shadow.as_ref(), self.deleted, NOW, &LIMITS)?;
        let stored = updated.shadow.to_stored();
        assert_eq!(Shadow::from_stored(&stored), Some(updated.shadow.clone()));
        self.shadow = Some(updated.shadow.clone());
        Ok(updated)
    }

    fn get(&self) -> Value {
        read(&got(self.shadow.as_ref().unwrap(), NOW, None))
    }
}

fn read(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

fn refusal(request: &[u8]) -> (u16, String, Option<String>) {
    let Said { what, token } = Update::read(request, &LIMITS).unwrap_err();
    (what.code, what.message, token)
}

#[test]
fn what_is_reported_and_desired_is_merged_and_told() {
    let mut scene = Scene::default();
    let made = scene.update(r#"{"state":{"reported":{"foo":1}},"clientToken":"t"}"#).unwrap();
    let stamp = json!({ "timestamp": 1_700_000_000 });
    assert_eq!(
        read(&made.accepted),
        json!({ "state": { "reported": { "foo": 1 } }, "metadata": { "reported": { "foo": stamp } },
                "version": 1, "timestamp": 1_700_000_000, "clientToken": "t" })
    );
    assert_eq!(made.delta, None);
    assert_eq!(read(&made.documents).get("previous"), None);
    let wanted = scene.update(r#"{"state":{"desired":{"foo":2}}}"#).unwrap();
    assert_eq!(
        read(&wanted.delta.unwrap()),
        json!({ "version": 2, "timestamp": 1_700_000_000, "state": { "foo": 2 },
                "metadata": { "foo": stamp } })
    );
    let documents = read(&wanted.documents);
    assert_eq!(documents["previous"]["version"], 1);
    assert_eq!(
        documents["current"]["state"],
        json!({ "desired": { "foo": 2 }, "reported": { "foo": 1 } })
    );
    // The whole difference is told, whatever the update was about.
    let other = scene.update(r#"{"state":{"reported":{"bar":9}}}"#).unwrap();
    assert_eq!(read(&other.delta.unwrap())["state"], json!({ "foo": 2 }));
    assert_eq!(scene.get()["state"]["delta"], json!({ "foo": 2 }));
    assert_eq!(scene.update(r#"{"state":{"reported":{"foo":2.0}}}"#).unwrap().delta, None);
    assert_eq!(scene.get()["state"]["desired"], json!({ "foo": 2 }));
    // By their whole value: these two are one floating point number.
    scene.update(r#"{"state":{"desired":{"foo":9007199254740993}}}"#).unwrap();
    let near = scene.update(r#"{"state":{"reported":{"foo":9007199254740992}}}"#).unwrap();
    assert_eq!(read(&near.delta.unwrap())["state"], json!({ "foo": 9007199254740993_u64 }));
    let gone = scene.update(r#"{"state":{"desired":{"foo":null}}}"#).unwrap();
    assert_eq!(read(&gone.accepted)["state"], json!({ "desired": { "foo": null } }));
    assert_eq!(read(&gone.accepted)["metadata"], json!({ "desired": { "foo": stamp } }));
    assert_eq!(read(&gone.documents)["current"]["state"].get("desired"), None);
}

#[test]
fn versions_are_held_to() {
    let mut scene = Scene::default();
    let conflict = ShadowError::version_conflict();
    let with = |version| format!(r#"{{"state":{{"desired":{{"x":1}}}},"version":{version}}}"#);
    assert_eq!(scene.update(&with(1)), Err(conflict.clone()));
    assert_eq!(scene.update(&with(0)).unwrap().shadow.version, 1);
    assert_eq!(scene.update(&with(0)), Err(conflict.clone()));
    assert_eq!(scene.update(&with(1)).unwrap().shadow.version, 2);
    assert_eq!(scene.update(r#"{"state":{}}"#).unwrap().shadow.version, 3);
    // A deleted one of the name goes on counting.
    let mut again = Scene { shadow: None, deleted: Some(7) };
    assert_eq!(again.update(&with(0)), Err(conflict));
    assert_eq!(again.update(&with(7)).unwrap().shadow.version, 8);
}

/// Updates one after the other, and the state and the delta in the end.
#[test]
fn merging() {
    for (updates, state) in [
        (&[r#"{"state":{"desired":{}}}"#][..], json!({})),
        (&[r#"{"state":{"reported":{"online":null}}}"#], json!({})),
        (&[r#"{"state":{"desired":{"a":1}}}"#, r#"{"state":null}"#], json!({})),
        (&[r#"{"state":{"desired":{"a":1}}}"#, r#"{"state":{"desired":null}}"#], json!({})),
        (
            &[
                r#"{"state":{"desired":{"a":1,"b":{"c":3}}}}"#,
                r#"{"state":{"desired":{"a":1,"b":{"c":{}},"d":{}}}}"#,
            ],
            json!({ "desired": { "a": 1, "b": { "c": {} }, "d": {} },
                    "delta": { "a": 1, "b": { "c": {} }, "d": {} } }),
        ),
        (
            &[r#"{"state":{"reported":{"l":["1","2"]},"desired":{"l":["1"]}}}"#],
            json!({ "desired": { "l": ["1"] }, "reported": { "l": ["1", "2"] }, "delta": { "l": ["1"] } }),
        ),
        (
            &[
                r#"{"state":{"reported":{"a":{"c":"d","e":"f"}}}}"#,
                r#"{"state":{"desired":{"a":{"c":"d2"}}}}"#,
            ],
            json!({ "desired": { "a": { "c": "d2" } }, "reported": { "a": { "c": "d", "e": "f" } },
                    "delta": { "a": { "c": "d2" } } }),
        ),
        (
            &[r#"{"state":{"desired":{"new":{"x":null,"y":1}}}}"#],
            json!({ "desired": { "new": { "y": 1 } }, "delta": { "new": { "y": 1 } } }),
        ),
        (
            &[
                r#"{"state":{"desired":{"a":{"b":1}}}}"#,
                r#"{"state":{"desired":{"a":{"b":null}}}}"#,
            ],
            json!({ "desired": { "a": {} }, "delta": { "a": {} } }),
        ),
        (
            &[r#"{"state":{"desired":{"n":12345678901234567890,"x":1e2}}}"#],
            json!({ "desired": { "n": 12345678901234567890_u64, "x": 100.0 },
                    "delta": { "n": 12345678901234567890_u64, "x": 100.0 } }),
        ),
    ] {
        let mut scene = Scene::default();
        for update in updates {
            scene.update(update).unwrap();
        }
        assert_eq!(scene.get()["state"], state, "{updates:?}");
    }
    let mut scene = Scene::default();
    let cleared = scene.update(r#"{"state":null}"#).unwrap();
    assert_eq!(read(&cleared.accepted)["metadata"], json!({ "timestamp": 1_700_000_000 }));
    let arrays = scene.update(r#"{"state":{"reported":{"l":[1,{"a":2}]}}}"#).unwrap();
    let stamp = json!({ "timestamp": 1_700_000_000 });
    assert_eq!(read(&arrays.accepted)["metadata"]["reported"]["l"], json!([stamp, { "a": stamp }]));
}

#[test]
fn the_first_broken_rule_is_told_in_awss_words() {
    for (request, code, message, token) in [
        ("not json", 400, "Invalid JSON", None),
        ("", 400, "Invalid JSON", None),
        ("[]", 400, "Invalid JSON", None),
        (r#"{"state":{},"state":{}}"#, 400, "Invalid JSON", None),
        (r#"{"clientToken":7}"#, 400, "Invalid clientToken", None),
        (r#"{"clientToken":"t"}"#, 400, "Missing required node: state", Some("t")),
        (r#"{"state":1,"clientToken":"t"}"#, 400, "State node must be an object", Some("t")),
        (r#"{"state":{"foo":1}}"#, 400, "State contains an invalid node: 'foo'", None),
        (r#"{"state":{"desired":[1]}}"#, 400, "Desired node must be an object", None),
        (r#"{"state":{"reported":"x"}}"#, 400, "Reported node must be an object", None),
        (r#"{"state":{},"version":-1}"#, 400, "Invalid version", None),
        (r#"{"state":{},"version":"1"}"#, 400, "Invalid version", None),
        (r#"{"state":{},"version":1.5}"#, 400, "Invalid version", None),
        (r#"{"state":{"desired":{"c":[null,"R"]}}}"#, 400, "State contains an invalid node", None),
        (
            r#"{"state":{"desired":{"1":{"2":{"3":{"4":{}}}}}}}"#,
            400,
            "JSON contains too many levels of nesting; maximum is 4",
            None,
        ),
    ] {
        let expected = (code, message.to_owned(), token.map(ToOwned::to_owned));
        assert_eq!(refusal(request.as_bytes()), expected, "{request}");
    }
    for levels in [31, 32, 33, 200, 2000] {
        let (open, close) = ("{\"a\":".repeat(levels), "}".repeat(levels));
        let deep = format!(r#"{{"state":{{"desired":{open}"}}{{\\"{close}}},"clientToken":"t"}}"#);
        let message = "JSON contains too many levels of nesting; maximum is 4".to_owned();
        assert_eq!(refusal(deep.as_bytes()), (400, message, Some("t".to_owned())), "{levels}");
        assert_eq!(refusal(&deep.as_bytes()[1..]).1, "Invalid JSON");
    }
    let long = format!(r#"{{"state":{{}},"clientToken":"{}"}}"#, "t".repeat(65));
    assert_eq!(refusal(long.as_bytes()).1, "Invalid clientToken");
    assert_eq!(refusal(b"{\"state\":\"\xff\"}").0, 415);
    assert!(
        Update::read(br#"{"state":{"desired":{"1":{"2":{"3":{"4":1}}}}},"more":1}"#, &LIMITS)
            .is_ok()
    );
    assert!(Update::read(br#"{"state":{},"version":null}"#, &LIMITS).is_ok());
}

#[test]
fn a_document_has_its_size_after_the_merge() {
    let mut scene = Scene::default();
    let padded = |name: &str, bytes: usize| {
        format!(r#"{{"state":{{"desired":{{"{name}":"{}"}}}}}}"#, "x".repeat(bytes))
    };
    scene.update(&padded("a", 100)).unwrap();
    let refused = scene.update(&padded("b", 100)).unwrap_err();
    assert_eq!(refused.code, 413);
    assert!(refused.message.starts_with("Json document too large.  Size is 2"), "{refused}");
    scene.update(&padded("a", 190)).unwrap();
}

#[test]
fn errors_and_lenient_requests() {
    let shadow = |name: Option<&str>| ShadowId {
        thing: ThingName::parse("T").unwrap(),
        name: name.map(|name| ShadowName::parse(name).unwrap()),
    };
    let absent = ShadowError::absent(&shadow(None)).payload(None);
    assert_eq!(absent, br#"{"code":404,"message":"No shadow exists with name: 'T'"}"#);
    let named = ShadowError::absent(&shadow(Some("s"))).payload(Some("a"));
    assert_eq!(
        named,
        br#"{"code":404,"message":"No shadow exists with name: 's'","clientToken":"a"}"#
    );
    for (payload, version, token) in [
        ("", None, None),
        ("x", None, None),
        (r#"{"clientToken":"t","version":3}"#, Some(3), Some("t")),
        (r#"{"clientToken":3}"#, None, None),
    ] {
        let said = read_lenient(payload.as_bytes());
        assert_eq!((said.what, said.token.as_deref()), (version, token), "{payload}");
    }
    assert_eq!(
        deleted(4, NOW, Some("t")),
        br#"{"version":4,"timestamp":1700000000,"clientToken":"t"}"#
    );
}
