//! What holds for every query and every thing.

use proptest::prelude::*;

use super::super::*;

/// Texts that look like queries.
fn query() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "A*",
        "?b",
        "thingName:",
        "thingTypeName:",
        "thingGroupNames:",
        "attributes.n:",
        "attributes.n",
        "connectivity.connected:true",
        "(",
        ")",
        "\"",
        "\"a b\"",
        "[1 TO 2]",
        "{a TO *}",
        "[",
        "TO",
        "AND",
        "OR",
        "NOT",
        "-",
        ">",
        "<=",
        "1",
        "*",
        "\\",
        "\\*",
        " ",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.join(" "))
}

fn thing() -> impl Strategy<Value = ThingDocument> {
    let attributes = prop::collection::btree_map("[nm]", "[a-c1-3.]{0,3}", 0..3);
    ("[aAbB1]{1,4}", prop::option::of("[aAbB]{1,2}"), attributes, prop::option::of(any::<bool>()))
        .prop_map(|(name, group, attributes, connected)| ThingDocument {
            name,
            type_name: group.clone(),
            groups: group.into_iter().collect(),
            attributes,
            connectivity: connected.map(|connected| Connectivity {
                connected,
                timestamp: Some(1),
                reason: None,
            }),
            ..ThingDocument::default()
        })
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,200}") {
        let _ = Query::parse(&text);
    }

    #[test]
    fn what_looks_like_a_query_is_refused_or_answers_every_thing(text in query(), thing in thing()) {
        if let Ok(query) = Query::parse(&text) {
            query.fits(&thing);
        }
    }

    #[test]
    fn not_is_the_opposite(text in query(), thing in thing()) {
        if let (Ok(query), Ok(opposite)) =
            (Query::parse(&text), Query::parse(&format!("NOT ({text})")))
        {
            prop_assert_ne!(query.fits(&thing), opposite.fits(&thing));
        }
    }

    #[test]
    fn a_thing_that_fits_meets_what_the_registry_looks_for(text in query(), thing in thing()) {
        let Ok(query) = Query::parse(&text) else { return Ok(()) };
        if !query.fits(&thing) {
            return Ok(());
        }
        let Narrow { name, group, type_name, connected, attribute, attribute_word } =
            query.narrow();
        let folded = thing.name.to_lowercase();
        let is_named = match name {
            None => true,
            Some(NameBound::Exactly(name)) => folded == name,
            Some(NameBound::Prefix(prefix)) => folded.starts_with(&prefix),
        };
        prop_assert!(is_named);
        let in_groups = |name: String| thing.groups.iter().any(|group| group.to_lowercase() == name);
        prop_assert!(group.is_none_or(in_groups));
        let lower = thing.type_name.as_ref().map(|name| name.to_lowercase());
        prop_assert!(type_name.is_none_or(|name| lower == Some(name)));
        prop_assert!(attribute.is_none_or(|name| thing.attributes.contains_key(&name)));
        let has = |word: String| thing.attributes.values().any(|value| value.to_lowercase().contains(&word));
        prop_assert!(attribute_word.is_none_or(has));
        prop_assert!(!connected || thing.connectivity.is_some_and(|found| found.connected));
    }

    #[test]
    fn a_name_is_found_by_itself_in_any_case_and_by_every_beginning(name in "[a-zA-Z_][a-zA-Z0-9:_-]{0,30}") {
        let thing = ThingDocument { name: name.clone(), ..ThingDocument::default() };
        for text in [name.clone(), name.to_uppercase(), format!("{}*", &name[..1])] {
            let query = Query::parse(&format!("thingName:{text}")).unwrap();
            prop_assert!(query.fits(&thing), "{}", text);
        }
        let query = Query::parse(&format!("thingName:{name}x")).unwrap();
        prop_assert!(!query.fits(&thing));
    }
}
