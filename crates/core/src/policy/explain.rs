//! Why a request was decided as it was. Slow and thorough, where `decide` is fast.

use std::fmt;

use super::certificate::refused_character;
use super::document::Language;
use super::hint::Hint;
use super::key::Key;
use super::lint::{ACTIONS, may_be};
use super::near::{common, near_miss, short, wider_filter};
use super::pattern::Pattern;
use super::statement::{Action, Effect, Outcome, Statement};
use super::{AttachedPolicy, Context, Request, StatementRef, Verdict};

/// A verdict with everything that helps to understand it. For logs of denials, the test tool and
/// `TestAuthorization`. `Display` is one paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'p> {
    /// The verdict; always that of `decide`.
    pub verdict: Verdict,
    /// Every Deny that matched, else every Allow that matched, in the order of the policies.
    pub decided_by: Vec<StatementRef<'p>>,
    /// Variables and condition keys that statements of this action ask for and the request lacks
    /// (`missingContextValues` of `TestAuthorization`); sorted.
    pub missing: Vec<String>,
    /// What most likely went wrong, most telling first.
    pub hints: Vec<Hint>,
    summary: String,
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        self.hints.iter().try_for_each(|hint| write!(f, " {hint}"))
    }
}

/// Decides like [`super::decide()`] and says why.
pub fn explain<'p>(
    policies: impl IntoIterator<Item = &'p AttachedPolicy>,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Explanation<'p> {
    let policies: Vec<&AttachedPolicy> = policies.into_iter().collect();
    let verdict = super::decide(policies.iter().copied(), request, context).verdict;
    let action = Action::new(request.action);
    let mut finder = Finder { request, context, verdict, hints: Vec::new(), missing: Vec::new() };
    let mut decided_by = Vec::new();
    let mut closest: Option<(usize, Hint)> = None;
    for policy in &policies {
        for (index, statement) in policy.document.statements.iter().enumerate() {
            let outcome = statement.meet(&action, request, context);
            let reference = StatementRef::new(policy, index, statement);
            let at = reference.to_string();
            if outcome == Outcome::Applies {
                if verdict.is_of(statement.effect) {
                    decided_by.push(reference);
                }
                continue;
            }
            if outcome == Outcome::OtherAction {
                finder.left_out_action(&at, statement, &action);
                continue;
            }
            finder.look(&at, statement, outcome, policy.document.language);
            let (Effect::Allow, Outcome::OtherResource) = (statement.effect, outcome) else {
                continue;
            };
            let listed = statement.resources.iter().filter(|list| !list.negated);
            for pattern in listed.flat_map(|list| &list.patterns) {
                let likeness = common(pattern.source(), request.resource);
                if closest.as_ref().is_none_or(|(best, _)| likeness > *best) {
                    let found = short(pattern.source(), request.resource);
                    closest = Some((likeness, Hint::Closest { at: at.clone(), found }));
                }
            }
        }
    }
    if verdict == Verdict::ImplicitDeny {
        finder.about_the_request(policies.is_empty(), closest.map(|(_, hint)| hint));
    }
    let Finder { mut hints, mut missing, .. } = finder;
    hints.sort();
    hints.dedup();
    missing.sort();
    missing.dedup();
    let summary = summary(verdict, &decided_by, &policies, request);
    Explanation { verdict, decided_by, missing, hints, summary }
}

fn summary(
    verdict: Verdict,
    decided_by: &[StatementRef<'_>],
    policies: &[&AttachedPolicy],
    request: &Request<'_>,
) -> String {
    let resource = short(request.resource, request.resource);
    let statements: Vec<String> = decided_by.iter().map(ToString::to_string).collect();
    let action = request.action;
    match verdict {
        Verdict::Allowed => format!("{action} on {resource} allowed by {}.", statements.join("; ")),
        Verdict::ExplicitDeny => {
            format!("{action} on {resource} denied by {}.", statements.join("; "))
        }
        Verdict::ImplicitDeny => {
            let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
            format!("{action} on {resource} denied: no Allow for it in [{}].", names.join(", "))
        }
    }
}

impl Verdict {
    fn is_of(self, effect: Effect) -> bool {
        matches!(
            (self, effect),
            (Self::Allowed, Effect::Allow) | (Self::ExplicitDeny, Effect::Deny)
        )
    }
}

struct Finder<'a> {
    request: &'a Request<'a>,
    context: &'a Context<'a>,
    verdict: Verdict,
    hints: Vec<Hint>,
    missing: Vec<String>,
}

impl Finder<'_> {
    /// Looks at one statement of this action that does not apply.
    fn look(&mut self, at: &str, statement: &Statement, outcome: Outcome, language: Language) {
        let patterns = || statement.resources.iter().flat_map(|list| &list.patterns);
        match outcome {
            Outcome::UnresolvedResource => {
                for key in patterns().flat_map(|pattern| pattern.variables()) {
                    if key.substitute(self.context).is_none() {
                        self.unresolved(at, statement.effect, key);
                    }
                }
            }
            Outcome::Condition(index) => {
                if let Some(condition) = statement.conditions.get(index) {
                    self.condition(at, statement.effect, condition);
                }
            }
            Outcome::OtherResource if statement.effect == Effect::Deny => {
                for pattern in patterns() {
                    self.hints.extend(
                        wider_filter(at, pattern.source(), self.request)
                            .filter(|_| self.verdict == Verdict::Allowed),
                    );
                }
            }
            Outcome::OtherResource if statement.resources.as_ref().is_some_and(|it| it.negated) => {
                self.left_out_resource(at, statement);
            }
            Outcome::OtherResource if self.verdict == Verdict::ImplicitDeny => {
                for pattern in patterns() {
                    let source = pattern.source();
                    if language == Language::Without && source.contains("${") {
                        self.hints.push(Hint::OldVersion { at: at.to_owned() });
                    }
                    self.hints.extend(near_miss(at, source, language, self.request, self.context));
                }
                self.type_of_resources(at, statement);
            }
            _ => {}
        }
    }

    /// Whether any resource of the statement is of the type that its action needs.
    fn type_of_resources(&mut self, at: &str, statement: &Statement) {
        let action = self.request.action;
        let known = ACTIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(action));
        let Some(&(_, kind)) = known.filter(|(_, kind)| !kind.is_empty()) else { return };
        let mut patterns = statement.resources.iter().flat_map(|list| &list.patterns);
        let told =
            |hint: &Hint| matches!(hint, Hint::ResourceType { at: other, .. } if other == at);
        if !patterns.any(|pattern| may_be(pattern, kind)) && !self.hints.iter().any(told) {
            let (at, action) = (at.to_owned(), action.to_owned());
            self.hints.push(Hint::NoSuchType { at, action, kind });
        }
    }

    fn left_out_resource(&mut self, at: &str, statement: &Statement) {
        let mut patterns = statement.resources.iter().flat_map(|list| &list.patterns);
        let resource = self.request.resource;
        let found = patterns.find(|pattern| pattern.compare(resource, self.context).is_yes());
        if let Some(found) = found {
            self.left_out(at, statement, short(found.source(), resource), "NotResource");
        }
    }

    fn left_out_action(&mut self, at: &str, statement: &Statement, action: &Action<'_>) {
        if statement.actions.negated {
            let one = |pattern: &&Pattern| action.is_named_by(pattern);
            if let Some(found) = statement.actions.patterns.iter().find(one) {
                self.left_out(at, statement, found.source().to_owned(), "NotAction");
            }
        }
    }

    fn left_out(&mut self, at: &str, statement: &Statement, found: String, list: &'static str) {
        if statement.effect == Effect::Allow && self.verdict == Verdict::ImplicitDeny {
            let (at, action) = (at.to_owned(), self.request.action.to_owned());
            self.hints.push(Hint::LeftOut { at, action, found, list });
        }
    }

    fn condition(&mut self, at: &str, effect: Effect, condition: &super::condition::Condition) {
        let values = condition.key.values(self.context);
        if values.as_slice().is_empty() {
            self.missing.push(condition.key.to_string());
        }
        if let Some(key) = condition.unresolved(self.context) {
            self.unresolved(at, effect, key);
        }
        if effect == Effect::Allow && self.verdict == Verdict::ImplicitDeny {
            self.hints.push(Hint::Condition {
                at: at.to_owned(),
                condition: condition.to_string(),
                actual: values.as_slice().iter().map(ToString::to_string).collect(),
            });
        }
    }

    fn unresolved(&mut self, at: &str, effect: Effect, key: &Key) {
        let (at, variable) = (at.to_owned(), key.to_string());
        self.missing.push(variable.clone());
        let context = self.context;
        if effect == Effect::Deny {
            self.hints.push(Hint::SilentDeny { at, variable });
            return;
        }
        if self.verdict != Verdict::ImplicitDeny {
            return;
        }
        let refused = match key {
            Key::Certificate(key) => context.certificate.and_then(|facts| key.written(facts)),
            _ => None,
        };
        let refused = refused.and_then(|value| Some((value, refused_character(value)?)));
        self.hints.push(match (refused, context.client_id) {
            (Some((value, character)), _) => {
                Hint::CertificateValue { at, variable, value: value.to_owned(), character }
            }
            (None, None) if key.is_mqtt_only() => Hint::NotOverHttps { at, variable },
            (None, Some(client_id)) if key.is_thing() && context.thing.is_none() => {
                Hint::NotBound { at, variable, client_id: client_id.to_owned() }
            }
            _ => Hint::Unresolved { at, variable },
        });
    }

    /// What the request itself tells when nothing allowed it.
    fn about_the_request(&mut self, no_policy: bool, closest: Option<Hint>) {
        if no_policy {
            let context = self.context;
            let is_device = context.certificate_id.is_some()
                || context.client_id.is_some()
                || context.is_attached.is_some();
            self.hints.push(Hint::NoPolicy { is_device });
        }
        let resource = short(self.request.resource, self.request.resource);
        match Action::new(self.request.action).short() {
            "RetainPublish" => self.hints.push(Hint::Retain { resource }),
            "Receive" => self.hints.push(Hint::Receive { resource }),
            _ => {}
        }
        if self.hints.is_empty() {
            self.hints.extend(closest);
        }
    }
}
