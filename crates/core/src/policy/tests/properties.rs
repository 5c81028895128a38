use proptest::prelude::*;

use super::super::pattern::{Match, Pattern, Syntax};
use super::super::{AttachedPolicy, Context, Document, Request, Verdict, decide};
use super::{HOME, attach};

/// The textbook definition, for comparison only: exponential, on short texts.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..]))
        }
        (['?', rest @ ..], [_, after @ ..]) => naive(rest, after),
        ([c, rest @ ..], [d, after @ ..]) if c == d => naive(rest, after),
        _ => false,
    }
}

fn statement() -> impl Strategy<Value = (bool, String, String)> {
    let action = prop::sample::select(vec!["iot:Publish", "iot:Sub*", "iot:*", "*"]);
    (any::<bool>(), action, "[ab*?]{0,4}").prop_map(|(deny, action, topic)| {
        let effect = if deny { "Deny" } else { "Allow" };
        let text = format!(
            r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{HOME}topic/{topic}"}}"#
        );
        (deny, text, topic)
    })
}

fn policies(statements: &[(bool, String, String)]) -> Vec<AttachedPolicy> {
    let documents = statements.iter().map(|(_, text, _)| {
        Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#)).unwrap()
    });
    documents.enumerate().map(|(index, document)| attach(index, document)).collect()
}

fn verdict(statements: &[(bool, String, String)], topic: &str) -> Verdict {
    let resource = format!("{HOME}topic/{topic}");
    let request = Request { action: "iot:Publish", resource: &resource };
    decide(&policies(statements), &request, &Context::default()).verdict
}

proptest! {
    #[test]
    fn pattern_equals_the_textbook(pattern in "[abä*?]{0,8}", text in "[abä*?]{0,10}") {
        let compiled =
            Pattern::compile(&pattern, Syntax { wildcards: true, variables: true }).unwrap();
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = Match::from(naive(&chars(&pattern), &chars(&text)));
        prop_assert_eq!(compiled.compare(&text, &Context::default()), expected);
    }

    #[test]
    fn a_client_id_is_never_a_pattern(id in "[a*?+#$/]{1,6}", text in "[a*?+#$/]{1,6}") {
        let syntax = Syntax { wildcards: true, variables: true };
        let compiled = Pattern::compile("x/${iot:ClientId}/*", syntax).unwrap();
        let context = Context { client_id: Some(&id), ..Context::default() };
        let subject = format!("x/{text}/");
        let expected = subject.starts_with(&format!("x/{id}/"));
        prop_assert_eq!(compiled.compare(&subject, &context).is_yes(), expected);
    }

    #[test]
    fn a_literal_matches_only_itself(literal in "[^*?$]{0,12}", text in ".{0,12}") {
        let syntax = Syntax { wildcards: true, variables: true };
        let compiled = Pattern::compile(&literal, syntax).unwrap();
        let context = Context::default();
        prop_assert!(compiled.compare(&literal, &context).is_yes());
        prop_assert_eq!(compiled.compare(&text, &context).is_yes(), literal == text);
    }

    #[test]
    fn parsing_arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = (Document::parse(&text), Document::parse_trust(&text));
    }

    #[test]
    fn parsing_text_like_a_policy_never_panics(
        resource in ".{0,40}", operator in "(ForA(ll|ny)Values?:)?[A-Za-z]{0,20}", value in ".{0,40}",
    ) {
        let document = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow", "Action": "iot:*",
                "Resource": format!("arn:{resource}"),
                "Condition": { operator: { value.clone(): value } },
            },
        });
        if let Ok(document) = Document::parse(&document.to_string()) {
            document.lint(None);
            let request = Request { action: "iot:Publish", resource: &resource };
            decide(&[attach(1, document)], &request, &Context::default());
        }
    }

    #[test]
    fn no_policy_denies(topic in ".{0,20}") {
        prop_assert_eq!(verdict(&[], &topic), Verdict::ImplicitDeny);
    }

    #[test]
    fn a_matching_deny_always_wins(
        mut statements in prop::collection::vec(statement(), 0..6), topic in "[ab]{0,4}",
        at in any::<prop::sample::Index>(),
    ) {
        let deny = format!(r#"{{"Effect":"Deny","Action":"iot:Publish","Resource":"{HOME}topic/*"}}"#);
        statements.insert(at.index(statements.len() + 1), (true, deny, "*".into()));
        prop_assert_eq!(verdict(&statements, &topic), Verdict::ExplicitDeny);
    }

    #[test]
    fn another_allow_never_takes_away(
        mut statements in prop::collection::vec(statement(), 0..6), topic in "[ab]{0,4}",
        more in statement(), at in any::<prop::sample::Index>(),
    ) {
        let before = verdict(&statements, &topic);
        if !more.0 {
            statements.insert(at.index(statements.len() + 1), more);
        }
        let after = verdict(&statements, &topic);
        prop_assert!(before == after || before == Verdict::ImplicitDeny);
    }

    #[test]
    fn order_does_not_matter(
        statements in prop::collection::vec(statement(), 0..6), topic in "[ab]{0,4}",
    ) {
        let reversed: Vec<_> = statements.iter().rev().cloned().collect();
        prop_assert_eq!(verdict(&statements, &topic), verdict(&reversed, &topic));
    }
}
