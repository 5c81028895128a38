//! Reads a query: `OR` binds less than `AND`, which may be left out, and that less than `NOT` and
//! `-`. Depth and number of terms are bounded, so the reader's own recursion is.

use super::InvalidQuery;
use super::node::{Bound, Node, Term, Test};
use super::scan::Scanner;
use super::text::{Glyph, Pattern, fold, number};
use crate::limits;

pub(super) fn parse(text: &str) -> Result<Node, InvalidQuery> {
    let bytes = text.len();
    if bytes > limits::QUERY_BYTES {
        return Err(InvalidQuery::new(format!(
            "The query has {bytes} bytes; {} are allowed.",
            limits::QUERY_BYTES
        )));
    }
    let mut reader = Reader { scanner: Scanner::new(text), terms: 0, leading: 0 };
    let node = reader.either(None, 0)?;
    if reader.scanner.peek().is_some() {
        return Err(reader.scanner.unexpected());
    }
    if reader.terms > limits::QUERY_TERMS {
        return Err(InvalidQuery::new(format!(
            "The query has {} terms; {} are allowed.",
            reader.terms,
            limits::QUERY_TERMS
        )));
    }
    if reader.leading > 1 {
        return Err(InvalidQuery::new("Only one term of a query may begin with a wildcard."));
    }
    if reader.leading == 1 && bytes > limits::LEADING_WILDCARD_BYTES {
        return Err(InvalidQuery::new(format!(
            "A query with a term that begins with a wildcard may have {} bytes, not {bytes}.",
            limits::LEADING_WILDCARD_BYTES
        )));
    }
    Ok(node)
}

struct Reader {
    scanner: Scanner,
    terms: usize,
    /// Terms that begin with a wildcard.
    leading: usize,
}

impl Reader {
    /// Terms with `OR` between them.
    fn either(&mut self, field: Option<&str>, depth: usize) -> Result<Node, InvalidQuery> {
        let mut nodes = vec![self.all(field, depth)?];
        while self.scanner.take_keyword("OR") {
            nodes.push(self.all(field, depth)?);
        }
        Ok(joined(nodes, Node::Or))
    }

    /// Terms one after the other, with `AND` between them or not.
    fn all(&mut self, field: Option<&str>, depth: usize) -> Result<Node, InvalidQuery> {
        let mut nodes = vec![self.negated(field, depth)?];
        loop {
            self.scanner.skip_space();
            let at_end = matches!(self.scanner.peek(), None | Some(')'));
            if !self.scanner.take_keyword("AND") && (at_end || self.scanner.is_at_keyword("OR")) {
                return Ok(joined(nodes, Node::And));
            }
            nodes.push(self.negated(field, depth)?);
        }
    }

    fn negated(&mut self, field: Option<&str>, depth: usize) -> Result<Node, InvalidQuery> {
        let mut negated = false;
        loop {
            self.scanner.skip_space();
            if !self.scanner.take_keyword("NOT") && !self.scanner.take('-') {
                break;
            }
            negated = !negated;
        }
        let node = self.one(field, depth)?;
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    /// A term, or a query in parentheses.
    fn one(&mut self, field: Option<&str>, depth: usize) -> Result<Node, InvalidQuery> {
        if self.scanner.take('(') {
            return self.group(field, depth + 1);
        }
        if self.scanner.is_at_keyword("AND") || self.scanner.is_at_keyword("OR") {
            return Err(InvalidQuery::new("AND and OR stand between two terms of a query."));
        }
        self.terms += 1;
        if field.is_some() {
            return self.value(field);
        }
        if self.scanner.take('"') {
            return Ok(term(None, phrase(&self.scanner.quoted()?)?));
        }
        let word = self.scanner.word(true)?;
        self.scanner.skip_space();
        if self.scanner.take(':') {
            let field = field_name(&word)?;
            self.scanner.skip_space();
            if self.scanner.take('(') {
                self.terms -= 1;
                return self.group(Some(&field), depth + 1);
            }
            return self.value(Some(&field));
        }
        for (sign, is_low) in [('>', true), ('<', false)] {
            if self.scanner.take(sign) {
                return self.compared(&field_name(&word)?, is_low);
            }
        }
        self.of_word(None, &word)
    }

    fn group(&mut self, field: Option<&str>, depth: usize) -> Result<Node, InvalidQuery> {
        if depth > limits::QUERY_DEPTH {
            return Err(InvalidQuery::new(format!(
                "The query is nested deeper than {} levels of parentheses.",
                limits::QUERY_DEPTH
            )));
        }
        let node = self.either(field, depth)?;
        if self.scanner.take(')') { Ok(node) } else { Err(self.scanner.unexpected()) }
    }

    /// What stands behind `field:`.
    fn value(&mut self, field: Option<&str>) -> Result<Node, InvalidQuery> {
        if self.scanner.take('"') {
            return Ok(term(field, phrase(&self.scanner.quoted()?)?));
        }
        for (sign, inclusive) in [('[', true), ('{', false)] {
            if self.scanner.take(sign) {
                return self.range(field, inclusive);
            }
        }
        let word = self.scanner.word(false)?;
        self.of_word(field, &word)
    }

    fn of_word(&mut self, field: Option<&str>, word: &[Glyph]) -> Result<Node, InvalidQuery> {
        if let [Glyph::Any] = word {
            return Ok(match field {
                None => Node::Every,
                Some(_) => term(field, Test::Exists),
            });
        }
        let count = |wild| word.iter().filter(|glyph| **glyph == wild).count();
        let (stars, marks) = (count(Glyph::Any), count(Glyph::One));
        if stars > limits::TERM_STARS || marks > limits::TERM_QUESTION_MARKS {
            return Err(InvalidQuery::new(format!(
                "A term may have {} '*' and {} '?'; '{}' has {stars} and {marks}.",
                limits::TERM_STARS,
                limits::TERM_QUESTION_MARKS,
                shown(word)
            )));
        }
        self.leading += usize::from(matches!(word.first(), Some(Glyph::Any | Glyph::One)));
        Ok(term(
            field,
            match literal(word) {
                Some(text) => Test::Word(fold(&text), number(&text)),
                None => Test::Like(Pattern::new(word)),
            },
        ))
    }

    /// Behind `field>` or `field<`.
    fn compared(&mut self, field: &str, is_low: bool) -> Result<Node, InvalidQuery> {
        let inclusive = self.scanner.take('=');
        let end = self.end()?;
        if end.is_none() {
            return Err(InvalidQuery::new("'<' and '>' compare with a value, not with '*'."));
        }
        let (low, high) = if is_low { (end, None) } else { (None, end) };
        Ok(term(Some(field), range((low, inclusive), (high, inclusive))))
    }

    /// Behind `field:[` or `field:{`.
    fn range(&mut self, field: Option<&str>, low_inclusive: bool) -> Result<Node, InvalidQuery> {
        let low = self.end()?;
        self.scanner.skip_space();
        if !self.scanner.take_keyword("TO") {
            return Err(InvalidQuery::new("A range has the form [LOW TO HIGH] or {LOW TO HIGH}."));
        }
        let high = self.end()?;
        self.scanner.skip_space();
        let high_inclusive = self.scanner.take(']');
        if !high_inclusive && !self.scanner.take('}') {
            return Err(InvalidQuery::new("A range of the query is not closed with ']' or '}'."));
        }
        Ok(term(field, range((low, low_inclusive), (high, high_inclusive))))
    }

    /// An end of a range; `None` for `*`.
    fn end(&mut self) -> Result<Option<End>, InvalidQuery> {
        self.scanner.skip_space();
        if self.scanner.take('"') {
            return Ok(Some(End { text: self.scanner.quoted()?, number: None }));
        }
        let word = self.scanner.word(false)?;
        if let [Glyph::Any] = word.as_slice() {
            return Ok(None);
        }
        match literal(&word) {
            Some(text) => Ok(Some(End { number: number(&text), text })),
            None => Err(InvalidQuery::new(format!(
                "'{}' is the end of a range and cannot have wildcards.",
                shown(&word)
            ))),
        }
    }
}

/// An end of a range, and the number that it is.
struct End {
    text: String,
    number: Option<f64>,
}

fn term(field: Option<&str>, test: Test) -> Node {
    Node::Term(Term { field: field.map(str::to_owned), test })
}

fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            nodes.extend(last);
            join(nodes)
        }
    }
}

fn phrase(text: &str) -> Result<Test, InvalidQuery> {
    let words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
    match words.is_empty() {
        true => Err(InvalidQuery::new("A phrase between '\"' must have a word.")),
        false => Ok(Test::Phrase(words)),
    }
}

/// Numbers where both ends are numbers, or the only end is; texts otherwise.
fn range(low: (Option<End>, bool), high: (Option<End>, bool)) -> Test {
    let ends = [&low.0, &high.0];
    if ends.iter().all(|end| end.is_none()) {
        return Test::Exists;
    }
    if ends.iter().all(|end| end.as_ref().is_none_or(|end| end.number.is_some())) {
        let bound = |(end, inclusive): (Option<End>, bool)| {
            bound(end.and_then(|end| end.number), inclusive)
        };
        return Test::Numbers(bound(low), bound(high));
    }
    let bound =
        |(end, inclusive): (Option<End>, bool)| bound(end.map(|end| fold(&end.text)), inclusive);
    Test::Texts(bound(low), bound(high))
}

fn bound<T>(end: Option<T>, inclusive: bool) -> Bound<T> {
    match (end, inclusive) {
        (None, _) => Bound::Open,
        (Some(end), true) => Bound::Inclusive(end),
        (Some(end), false) => Bound::Exclusive(end),
    }
}

/// The text of a word without wildcards.
fn literal(word: &[Glyph]) -> Option<String> {
    let chars = word.iter().map(|glyph| match glyph {
        Glyph::Char(char) => Some(*char),
        Glyph::One | Glyph::Any => None,
    });
    chars.collect()
}

fn field_name(word: &[Glyph]) -> Result<String, InvalidQuery> {
    literal(word).ok_or_else(|| {
        InvalidQuery::new(format!(
            "'{}' is the name of a field and cannot have wildcards.",
            shown(word)
        ))
    })
}

fn shown(word: &[Glyph]) -> String {
    let chars = word.iter().take(64).map(|glyph| match glyph {
        Glyph::Char(char) => *char,
        Glyph::One => '?',
        Glyph::Any => '*',
    });
    chars.collect()
}
