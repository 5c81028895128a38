//! Reads the table's lines.

use super::super::need::IOT_SERVICE;
use super::{Form, Lookup, Member, Operation, Piece, Rule, StoredKind, Tags};

/// One entry: signing name, name, what it needs.
type Entry = (&'static str, &'static str, Operation);

/// The entries of a table; `None` for a line that is not of the grammar.
pub(super) fn entries(table: &'static str) -> impl Iterator<Item = Option<Entry>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(entry)
}

fn entry(line: &'static str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let (service, name) = (words.next()?, words.next()?);
    let mut operation = Operation::default();
    for word in words {
        match word {
            "free" => operation.free = true,
            "trust" => operation.trust = true,
            "tags" => operation.tags = Some(Tags::Pairs),
            "tagKeys" => operation.tags = Some(Tags::Keys),
            "tagMap" => operation.tags = Some(Tags::Map),
            "?tagKeys" => operation.tags = Some(Tags::QueryKeys),
            _ => match word.split_once('=') {
                Some(("found", resource)) => operation.found.push(lookup(resource)?),
                Some((key, member)) if member.starts_with('{') => {
                    operation.keys.push((key, braced(member)?.0));
                }
                Some((key, resource)) => {
                    let found = lookup(resource)?;
                    operation.found.push(found);
                    operation.keys.push((key, found.member));
                }
                None => operation.needs.push(rule(service, name, word)?),
            },
        }
    }
    operation.is_whole().then_some((service, name, operation))
}

fn rule(service: &'static str, name: &'static str, word: &'static str) -> Option<Rule> {
    let prefix = match service {
        "iotdata" => "iot",
        "iot-jobs-data" => "iotjobsdata",
        service => service,
    };
    // Things are of AWS IoT whoever asks about them.
    let of = if prefix == "iotjobsdata" { "iot" } else { prefix };
    let (action, word) = match word.split_once('@') {
        Some((action, rest)) if !action.contains('{') => (action.to_owned(), rest),
        _ => (format!("{prefix}:{name}"), word),
    };
    let (word, service) = word.split_once('>').unwrap_or((word, IOT_SERVICE));
    let passed_to = (action == "iam:PassRole").then_some(service);
    let (word, only_if) = match word.split_once('&') {
        Some((word, member)) => (word, Some(braced(member)?.0)),
        None => (word, None),
    };
    let (word, optional) = match word.strip_suffix('?') {
        Some(word) => (word, true),
        None => (word, only_if.is_some()),
    };
    let first = word.contains("||");
    let separator = if first { "||" } else { "|" };
    let mut forms = word.split(separator).map(|text| form(of, text)).collect::<Option<Vec<_>>>()?;
    if let [Form::Stored(lookup), Form::Caller] = forms.as_mut_slice() {
        lookup.or_caller = true;
    }
    Some(Rule { action, forms, first, optional, only_if, passed_to })
}

fn lookup(text: &'static str) -> Option<Lookup> {
    let (kind, name) = text.split_once(':')?;
    Some(Lookup { kind: StoredKind::of_word(kind)?, member: braced(name)?.0, or_caller: false })
}

fn form(service: &'static str, text: &'static str) -> Option<Form> {
    match text {
        "*" => return Some(Form::Any),
        "self" => return Some(Form::Caller),
        _ => {}
    }
    if let Some(name) = text.strip_prefix("function:") {
        let (name, qualifier) = match name.split_once(":{") {
            Some((name, qualifier)) => (name, Some(member(qualifier.strip_suffix('}')?)?.0)),
            None => (name, None),
        };
        return Some(Form::Function { name: braced(name)?.0, qualifier });
    }
    if let Some(arn) = text.strip_prefix("lambda:") {
        return Some(Form::FunctionArn(braced(arn)?.0));
    }
    if let Some(url) = text.strip_prefix("issuer:") {
        return Some(Form::Issuer(braced(url)?.0));
    }
    if let Some(lookup) = lookup(text) {
        return Some(Form::Stored(lookup));
    }
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (inner, after) = after.split_once('}')?;
        let (member, default) = member(inner)?;
        pieces.push(Piece::Member(member, default));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Some(Form::Arn { service, pieces })
}

fn braced(text: &'static str) -> Option<(Member, Option<&'static str>)> {
    member(text.strip_prefix('{')?.strip_suffix('}')?)
}

fn member(text: &'static str) -> Option<(Member, Option<&'static str>)> {
    let (name, default) = match text.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (text, None),
    };
    let member = match name.split_at_checked(1)? {
        ("?", name) => Member::Query(name),
        ("@", name) => Member::Header(name),
        (".", path) => Member::Body(path),
        _ => Member::Label(name),
    };
    Some((member, default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_of_its_grammar_and_no_operation_stands_twice() {
        let table = super::super::TABLE;
        let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut seen = std::collections::HashSet::new();
        for (line, entry) in lines.zip(entries(table)) {
            let (service, name, _) = entry.unwrap_or_else(|| panic!("not of the grammar: {line}"));
            assert!(seen.insert((service, name)), "twice: {line}");
        }
        assert!(seen.len() > 350);
    }

    #[test]
    fn a_line_that_asks_for_nothing_is_refused() {
        for line in
            ["iot CreateThing", "iot CreateThing tags", "iot X thing/{a", "iot X k=v", "iot"]
        {
            assert!(entries(line).flatten().next().is_none(), "{line}");
        }
    }
}
