//! The table of operations and what they need: `permissions.txt`, which tells its own grammar.

mod read;
mod stored;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use stored::{Lookup, StoredKind};

use super::need::{Need, RequiredPermissions};
use crate::arn::AccountScope;
use crate::function::{FunctionRef, Qualifier};

const TABLE: &str = include_str!("permissions.txt");

/// By signing name, then by name.
static OPERATIONS: LazyLock<HashMap<&str, HashMap<&str, Operation>>> = LazyLock::new(|| {
    let mut services: HashMap<&str, HashMap<&str, Operation>> = HashMap::new();
    for (service, name, operation) in read::entries(TABLE).flatten() {
        services.entry(service).or_default().insert(name, operation);
    }
    services
});

/// Where a request holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A label of the path.
    Label(&'static str),
    /// A parameter of the query.
    Query(&'static str),
    /// A header.
    Header(&'static str),
    /// A member of the body, by its path with dots.
    Body(&'static str),
}

/// Which members of a request become `aws:RequestTag/…` and `aws:TagKeys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// Keys and values.
    Pairs,
    /// Keys only, to be removed.
    Keys,
    /// An object of keys and values: Lambda's `Tags`.
    Map,
    /// Keys of the query, to be removed: Lambda's `tagKeys`.
    QueryKeys,
}

/// What one operation needs.
#[derive(Debug, Default)]
pub struct Operation {
    free: bool,
    trust: bool,
    needs: Vec<Rule>,
    keys: Vec<(&'static str, Member)>,
    /// What is looked up and is no need.
    found: Vec<Lookup>,
    tags: Option<Tags>,
}

#[derive(Debug)]
struct Rule {
    action: String,
    /// Each that is given is a need.
    forms: Vec<Form>,
    /// Only the first that is given.
    first: bool,
    optional: bool,
    only_if: Option<Member>,
    passed_to: Option<&'static str>,
}

#[derive(Debug)]
enum Form {
    Any,
    Caller,
    Arn {
        service: &'static str,
        pieces: Vec<Piece>,
    },
    /// A function by name or ARN, and what may hold its qualifier.
    Function {
        name: Member,
        qualifier: Option<Member>,
    },
    /// A value, if it is the ARN of a Lambda function.
    FunctionArn(Member),
    /// A resource of the registry by its stored ARN.
    Stored(Lookup),
    /// The provider of an issuer's URL.
    Issuer(Member),
}

#[derive(Debug)]
enum Piece {
    Text(&'static str),
    Member(Member, Option<&'static str>),
}

/// The entry of an operation; `service` is the signing name. `None` when the table has none: such
/// an operation must be refused.
pub fn operation(service: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS.get(service)?.get(name)
}

impl Operation {
    /// What a request needs. `values` gives what a member of it holds: nothing, one value, or
    /// those of a list; `stored` the stored ARN of what [`Operation::lookups`] found by a member,
    /// `None` when it does not exist. `caller` is the ARN of who asks.
    pub fn required(
        &self,
        scope: &AccountScope,
        caller: &str,
        values: &dyn Fn(Member) -> Vec<String>,
        stored: &dyn Fn(Member) -> Option<String>,
    ) -> RequiredPermissions {
        if self.free {
            return RequiredPermissions::Nothing;
        }
        let request = RequestMembers { scope, caller, values, stored };
        let needs = self.needs.iter().flat_map(|rule| rule.needs(&request)).collect();
        if self.trust {
            RequiredPermissions::NoDeny(needs)
        } else {
            RequiredPermissions::All(needs)
        }
    }

    /// Condition keys that this operation sets, with their values: what a member holds, or the
    /// stored ARN of what it names.
    pub fn keys(
        &self,
        values: &dyn Fn(Member) -> Vec<String>,
        stored: &dyn Fn(Member) -> Option<String>,
    ) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        self.keys.iter().map(|(key, member)| match stored(*member) {
            Some(arn) => (*key, vec![arn]),
            None => (*key, values(*member)),
        })
    }

    /// What must be looked up in the registry before [`Operation::required`]: the decision is about
    /// what is stored, and the operation acts on what was found.
    pub fn lookups(&self) -> impl Iterator<Item = Lookup> {
        let forms = self.needs.iter().flat_map(|rule| &rule.forms);
        let needed = forms.filter_map(|form| match form {
            Form::Stored(lookup) => Some(*lookup),
            _ => None,
        });
        needed.chain(self.found.iter().copied())
    }

    /// Whether the body holds tags.
    pub fn tags(&self) -> Option<Tags> {
        self.tags
    }

    /// Whether the entry asks for something, or says that nothing is asked.
    fn is_whole(&self) -> bool {
        self.free == self.needs.is_empty()
    }
}

/// One request, as the needs of its operation see it.
struct RequestMembers<'a> {
    scope: &'a AccountScope,
    caller: &'a str,
    values: &'a dyn Fn(Member) -> Vec<String>,
    stored: &'a dyn Fn(Member) -> Option<String>,
}

impl Rule {
    fn needs(&self, request: &RequestMembers<'_>) -> Vec<Need> {
        let values = request.values;
        let applies = |member: Member| values(member).iter().any(|value| value == "true");
        if self.only_if.is_some_and(|member| !applies(member)) {
            return Vec::new();
        }
        let need = |resource: String| Need {
            passed_to: self.passed_to,
            ..Need::new(self.action.clone(), resource)
        };
        let mut needs = Vec::new();
        for form in &self.forms {
            if self.first && !needs.is_empty() {
                break;
            }
            match form {
                Form::Caller if !needs.is_empty() => {}
                Form::Stored(lookup) => {
                    let of = lookup.resource(request.scope, values, request.stored);
                    needs.extend(of.map(|(arn, shown)| Need { shown, ..need(arn) }));
                }
                form => needs.extend(form.resources(request).into_iter().map(need)),
            }
        }
        if needs.is_empty() && !self.optional {
            needs.push(need("*".to_owned()));
        }
        needs
    }
}

impl Form {
    /// The resources that a request names by itself, without the registry.
    fn resources(&self, request: &RequestMembers<'_>) -> Vec<String> {
        let RequestMembers { scope, caller, values, .. } = *request;
        match self {
            Self::Any => vec!["*".to_owned()],
            Self::Caller => vec![caller.to_owned()],
            Self::Arn { service, pieces } => arns(service, pieces, scope, values),
            Self::Function { name, qualifier } => {
                let names = values(*name).into_iter();
                match qualifier {
                    None => names.map(|name| whole_function(scope, &name)).collect(),
                    Some(member) => {
                        let qualifier = values(*member).pop();
                        names.map(|name| function(scope, &name, qualifier.as_deref())).collect()
                    }
                }
            }
            Self::FunctionArn(member) => {
                let lambda = |value: &String| value.starts_with("arn:aws:lambda:");
                values(*member).into_iter().filter(lambda).collect()
            }
            Self::Issuer(member) => {
                values(*member).iter().map(|url| stored::issuer_arn(scope, url)).collect()
            }
            Self::Stored(_) => Vec::new(),
        }
    }
}

/// Every operation of the table, by signing name and name.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPERATIONS.iter().flat_map(|(service, names)| names.keys().map(|name| (*service, *name)))
}

/// The ARN of a function by its name; what names none, or one elsewhere, stands for itself, so
/// that only a policy about everything allows what its operation then refuses.
fn function(scope: &AccountScope, name: &str, qualifier: Option<&str>) -> String {
    let Ok(mut found) = FunctionRef::parse(scope, name) else { return name.to_owned() };
    if let Some(Ok(qualifier)) = qualifier.map(Qualifier::parse)
        && found.qualifier.is_none()
    {
        found.qualifier = Some(qualifier);
    }
    found.arn(scope)
}

/// The ARN of a function for an operation that is about it as a whole: `NAME:$LATEST` is its name
/// written otherwise, and every other qualifier is refused by the operation.
fn whole_function(scope: &AccountScope, name: &str) -> String {
    match FunctionRef::parse(scope, name) {
        Ok(found) => scope.function_arn(&found.name),
        Err(_) => name.to_owned(),
    }
}

/// The ARNs that a form stands for; none when one of its members is not given.
fn arns(
    service: &str,
    pieces: &[Piece],
    scope: &AccountScope,
    values: &dyn Fn(Member) -> Vec<String>,
) -> Vec<String> {
    let start = match (pieces.first(), service) {
        (Some(Piece::Text(_)), "iot") => {
            format!("arn:aws:iot:{}:{}:", scope.region, scope.account)
        }
        (Some(Piece::Text(_)), _) => format!("arn:aws:iam::{}:", scope.account),
        _ => String::new(),
    };
    let mut arns = vec![start];
    for piece in pieces {
        let given = match piece {
            Piece::Text(text) => vec![(*text).to_owned()],
            Piece::Member(member, default) => match values(*member) {
                given if given.is_empty() => default.map(str::to_owned).into_iter().collect(),
                given => given,
            },
        };
        let longer =
            arns.iter().flat_map(|arn| given.iter().map(move |text| format!("{arn}{text}")));
        arns = longer.collect();
    }
    arns
}
