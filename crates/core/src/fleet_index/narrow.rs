//! What every document that fits a query must have: the registry looks only where that is.

use super::node::{Node, Term, Test};
use super::query::Query;

/// Conditions that a fitting thing meets at least; texts are without case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    /// On its name.
    pub name: Option<NameBound>,
    /// It is in the group of this name, or in that billing group.
    pub group: Option<String>,
    /// Its type has this name.
    pub type_name: Option<String>,
    /// It is connected.
    pub connected: bool,
    /// It has an attribute of this name, as it is written.
    pub attribute: Option<String>,
    /// An attribute of it has this word.
    pub attribute_word: Option<String>,
}

/// A condition on a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameBound {
    /// The name is this.
    Exactly(String),
    /// The name begins so.
    Prefix(String),
}

impl Query {
    /// What every fitting thing meets; conditions under `OR` or `NOT` are none.
    pub fn narrow(&self) -> Narrow {
        let mut narrow = Narrow::default();
        match &self.0 {
            Node::Term(term) => narrow.take(term),
            Node::And(nodes) => {
                for node in nodes {
                    if let Node::Term(term) = node {
                        narrow.take(term);
                    }
                }
            }
            Node::Every | Node::Or(_) | Node::Not(_) => {}
        }
        narrow
    }
}

impl Narrow {
    fn take(&mut self, term: &Term) {
        let word = match &term.test {
            Test::Word(word, _) => Some(word.clone()),
            // Names have no white space.
            Test::Phrase(words) => match words.as_slice() {
                [word] => Some(word.clone()),
                _ => None,
            },
            Test::Exists | Test::Like(_) | Test::Numbers(..) | Test::Texts(..) => None,
        };
        if let Some(name) =
            term.field.as_deref().and_then(|field| field.strip_prefix("attributes."))
        {
            self.attribute.get_or_insert_with(|| name.to_owned());
            // A number has more than one form.
            if let (Some(word), Test::Word(_, None) | Test::Phrase(_)) = (word, &term.test) {
                self.attribute_word.get_or_insert(word);
            }
            return;
        }
        match (term.field.as_deref(), word, &term.test) {
            // `1.0` names the thing `1` too.
            (Some("thingName"), Some(word), Test::Word(_, None) | Test::Phrase(_)) => {
                self.name = Some(NameBound::Exactly(word));
            }
            (Some("thingName"), None, Test::Like(pattern)) if self.name.is_none() => {
                let prefix = pattern.prefix();
                self.name = (!prefix.is_empty()).then_some(NameBound::Prefix(prefix));
            }
            (
                Some("thingGroupNames" | "registry.thingGroupNames"),
                Some(word),
                Test::Word(_, None) | Test::Phrase(_),
            ) => self.group = Some(word),
            (
                Some("thingTypeName" | "registry.thingTypeName"),
                Some(word),
                Test::Word(_, None) | Test::Phrase(_),
            ) => self.type_name = Some(word),
            (Some("connectivity.connected"), Some(word), _) if word == "true" => {
                self.connected = true;
            }
            _ => {}
        }
    }
}
