//! Near misses: resources that would match if one common mistake were mended.

use super::document::Language;
use super::hint::Hint;
use super::pattern::{Pattern, Syntax};
use super::{Context, Request};

/// `arn:aws:iot:region:account` and the rest of an ARN.
fn cut(arn: &str) -> Option<(&str, &str)> {
    let (at, _) = arn.match_indices(':').nth(4)?;
    Some((arn.get(..at)?, arn.get(at + 1..)?))
}

/// A resource without the start that it shares with the request's: `topic/x`.
pub(super) fn short(source: &str, resource: &str) -> String {
    match (cut(source), cut(resource)) {
        (Some((head, rest)), Some((scope, _))) if head == scope => rest.to_owned(),
        _ => source.to_owned(),
    }
}

/// How many bytes two texts share at their start.
pub(super) fn common(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

/// The mistake that keeps a resource of a policy from matching, if it is one of the usual.
pub(super) fn near_miss(
    at: &str,
    source: &str,
    language: Language,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Option<Hint> {
    let at = at.to_owned();
    let found = short(source, request.resource);
    let matches = |source: &str, resource: &str| {
        let syntax = Syntax { wildcards: true, variables: language == Language::Variables };
        let compiled = Pattern::compile(source, syntax);
        compiled.is_ok_and(|pattern| pattern.compare(resource, context).is_yes())
    };
    let (head, rest) = cut(source)?;
    let (scope, wanted_rest) = cut(request.resource)?;
    let mended = |rest: &str| format!("{scope}:{rest}");

    if let Some(other) = other_type(rest, wanted_rest) {
        let also_literal = mended(&other.replace(['+', '#'], "*"));
        if matches(&mended(&other), request.resource) || matches(&also_literal, request.resource) {
            return Some(Hint::ResourceType { at, found, wanted: other });
        }
    }
    if let Some(character) = rest.chars().find(|c| matches!(c, '+' | '#'))
        && matches(&mended(&rest.replace(['+', '#'], "*")), request.resource)
    {
        return Some(Hint::LiteralWildcard { at, found, character });
    }
    if head != scope && matches(&mended(rest), request.resource) {
        return Some(Hint::OtherHome { at, found, wanted: scope.to_owned() });
    }
    if matches(&mended(rest).to_lowercase(), &request.resource.to_lowercase()) {
        return Some(Hint::Case { at, found });
    }
    None
}

/// The resource with the type that the request has: `topic/x` becomes `topicfilter/x`.
fn other_type(rest: &str, wanted: &str) -> Option<String> {
    let (kind, name) = rest.split_once('/')?;
    let (wanted, _) = wanted.split_once('/')?;
    let of_devices = |kind: &str| matches!(kind, "topic" | "topicfilter" | "client");
    (of_devices(kind) && of_devices(wanted) && kind != wanted).then(|| format!("{wanted}/{name}"))
}

/// A hint when a filter that was allowed covers the narrower filters of a Deny.
pub(super) fn wider_filter(at: &str, source: &str, request: &Request<'_>) -> Option<Hint> {
    let (_, denied) = cut(source)?;
    let (_, asked) = cut(request.resource)?;
    let filter = asked.strip_prefix("topicfilter/")?;
    let topic = denied.strip_prefix("topicfilter/")?;
    covers(filter, topic).then(|| Hint::NarrowDeny {
        at: at.to_owned(),
        denied: denied.to_owned(),
        filter: filter.to_owned(),
    })
}

/// Whether an MQTT filter with wildcards matches a topic.
fn covers(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        if part == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if part == "+" || part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}
