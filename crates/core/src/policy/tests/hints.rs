use serde::Deserialize;

use super::super::{Document, Request, explain};
use super::{Case, Facts, load, policies};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hinted {
    name: String,
    policies: Vec<serde_json::Value>,
    ask: Vec<(String, String)>,
    #[serde(default)]
    context: Facts,
    says: Vec<String>,
    missing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Linted {
    name: String,
    /// `device`, `identity` or `trust`.
    #[serde(default)]
    dialect: String,
    document: serde_json::Value,
    kinds: Vec<String>,
}

#[test]
fn explanations_name_the_cause_and_the_way_out() {
    let mut failures = Vec::new();
    for Hinted { name, policies: documents, ask, context, says, missing } in load("hints.json") {
        let case = Case {
            name,
            dialect: String::new(),
            policies: documents,
            ask,
            context,
            expect: String::new(),
        };
        let policies = policies(&case);
        let (action, resource) = &case.ask[0];
        case.context.with(|context| {
            let explanation = explain(&policies, &Request { action, resource }, context);
            if explanation.to_string() != says.join(" ") || explanation.missing != missing {
                let missing = &explanation.missing;
                failures.push(format!("{}: {explanation} missing {missing:?}", case.name));
            }
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn lints_warn_of_what_is_legal_and_not_meant() {
    let mut failures = Vec::new();
    for case in load::<Linted>("lints.json") {
        let (text, scope) = (case.document.to_string(), Some(super::scope()));
        let lints = match case.dialect.as_str() {
            "identity" => {
                Document::parse_identity(&text).map(|it| it.lint_identity(scope.as_ref()))
            }
            "trust" => Document::parse_trust(&text).map(|it| it.lint_identity(scope.as_ref())),
            _ => Document::parse(&text).map(|it| it.lint(scope.as_ref())),
        };
        let lints = lints.expect(&case.name);
        let kinds: Vec<_> = lints.iter().map(|lint| lint.kind.code()).collect();
        if kinds != case.kinds {
            failures.push(format!("{}: {lints:?}", case.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
