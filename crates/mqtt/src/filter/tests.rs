//! Grammar, matching, and the tree against the naive match.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;

#[test]
fn topics_are_checked() {
    let limits = Limits::default();
    let long = "x".repeat(256);
    let check = |topic: &str| validate_topic(topic, &limits);
    for topic in ["a", "/", "a//b", "a/b/c/d/e/f/g/h", " ", "$aws/things/t/shadow/update", &long] {
        assert_eq!(check(topic), Ok(()), "{topic}");
    }
    assert_eq!(check("$aws/things/t/shadow/name/n/update/a/b/c/d"), Ok(()));
    assert_eq!(check(&format!("$aws/rules/some_rule/{long}")), Ok(()));
    assert_eq!(check("$aws/rules/r/1/2/3/4/5/6/7/8"), Ok(()));
    assert_eq!(check("$aws/rules/r/1/2/3/4/5/6/7/8/9"), Err(TopicError::TooManySlashes));
    assert_eq!(check("a/b/c/d/e/f/g/h/i"), Err(TopicError::TooManySlashes));
    assert_eq!(check(&format!("{long}x")), Err(TopicError::TooLong));
    assert_eq!(check(""), Err(TopicError::Empty));
    assert_eq!(check("a/+"), Err(TopicError::Wildcard));
    assert_eq!(check("a#"), Err(TopicError::Wildcard));
    assert_eq!(check("a\0"), Err(TopicError::Null));
}

#[test]
fn filters_are_checked() {
    let limits = Limits::default();
    let check = |filter: &str| validate_filter(filter, &limits);
    for filter in ["#", "+", "a/#", "+/a/+", "/", "$share/g/a/#", "$share/g//", "a/b/c/d/e/f/g/#"] {
        assert_eq!(check(filter), Ok(()), "{filter}");
    }
    assert_eq!(check("$share/g/a/b/c/d/e/f/g/h"), Ok(()));
    assert_eq!(check("$share/g/a/b/c/d/e/f/g/h/i"), Err(FilterError::TooManySlashes));
    assert_eq!(check(""), Err(FilterError::Empty));
    assert_eq!(check("a#"), Err(FilterError::MultiLevelWildcard));
    assert_eq!(check("a/#/b"), Err(FilterError::MultiLevelWildcard));
    assert_eq!(check("a+/b"), Err(FilterError::SingleLevelWildcard));
    assert_eq!(check("$share"), Err(FilterError::Share));
    assert_eq!(check("$share//a"), Err(FilterError::Share));
    assert_eq!(check("$share/g"), Err(FilterError::ShareName));
    assert_eq!(check("$share/g/"), Err(FilterError::ShareName));
    assert_eq!(check("$share/g+/a"), Err(FilterError::ShareName));
    assert_eq!(check(&format!("$share/{}/a", "n".repeat(129))), Err(FilterError::ShareNameTooLong));
    assert_eq!(check(&"x".repeat(257)), Err(FilterError::TooLong));
}

#[test]
fn matching_is_as_aws_describes_it() {
    for (filter, topic, expected) in [
        ("sensor/#", "sensor", false),
        ("sensor/#", "sensor/", true),
        ("sensor/#", "sensor/a/b", true),
        ("#", "a", true),
        ("#", "$aws/things", false),
        ("+/things", "$aws/things", false),
        ("$aws/#", "$aws/things", true),
        ("$aws/+", "$aws/things", true),
        ("+", "a", true),
        ("+", "/a", false),
        ("/+", "/a", true),
        ("+/+", "/a", true),
        ("a/+", "a", false),
        ("a/+/b", "a//b", true),
        ("a/+/b", "a/x/c", false),
        ("a/b", "a/b", true),
        ("a/b", "A/b", false),
        ("a/b", "a/b/", false),
    ] {
        assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        let mut tree = SubscriptionTree::new();
        tree.insert(filter, 1, ());
        let mut found = false;
        tree.matches(topic, |_, ()| found = true);
        assert_eq!(found, expected, "tree: {filter} {topic}");
    }
}

#[test]
fn a_filter_holds_many_keys_and_gives_them_back() {
    let mut tree = SubscriptionTree::new();
    for filter in ["fleet/all", "fleet/+", "fleet/#"] {
        for key in 0..1000 {
            assert_eq!(tree.insert(filter, key, key), None);
        }
        assert_eq!(tree.insert(filter, 7, 8), Some(7));
    }
    assert_eq!(tree.len(), 3000);
    let mut found = 0;
    tree.matches("fleet/all", |_, _| found += 1);
    assert_eq!(found, 3000);
    for filter in ["fleet/all", "fleet/+", "fleet/#"] {
        for key in 0..1000 {
            assert!(tree.remove(filter, &key).is_some());
        }
        assert_eq!(tree.remove(filter, &1), None);
    }
    assert!(tree.is_empty());
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "", "$x", "+"])
}

fn filter() -> impl Strategy<Value = String> {
    (prop::collection::vec(level(), 1..5), any::<bool>()).prop_map(|(levels, rest)| {
        let mut filter = levels.join("/");
        if rest {
            filter.push_str("/#");
        }
        if filter.is_empty() { "#".to_owned() } else { filter }
    })
}

proptest! {
    #[test]
    fn the_tree_finds_what_the_naive_match_finds(
        steps in prop::collection::vec((filter(), 0u8..4, any::<bool>()), 0..60),
        topics in prop::collection::vec(filter(), 1..20),
    ) {
        let mut tree = SubscriptionTree::new();
        let mut naive = BTreeSet::new();
        for (filter, key, insert) in steps {
            let known = naive.contains(&(filter.clone(), key));
            if insert {
                prop_assert_eq!(tree.insert(&filter, key, filter.clone()).is_some(), known);
                naive.insert((filter, key));
            } else {
                prop_assert_eq!(tree.remove(&filter, &key).is_some(), known);
                naive.remove(&(filter, key));
            }
            prop_assert_eq!(tree.len(), naive.len());
        }
        for topic in topics {
            let topic = topic.replace(['+', '#'], "a");
            let mut found = Vec::new();
            tree.matches(&topic, |key, filter: &String| found.push((filter.clone(), *key)));
            let expected: BTreeSet<_> =
                naive.iter().filter(|(filter, _)| matches(filter, &topic)).cloned().collect();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
