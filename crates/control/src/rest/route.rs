//! Which operation does a method and a path name? Paths come from the table of known operations;
//! a label matches one percent-decoded segment, so a label may hold an ARN with `%2F`.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use fleetwright_core::error::ErrorCode;
use http::Method;

use super::Operation;
use crate::auth::decode;
use crate::error::{ApiError, ErrorKind};

/// Labels of a path with their decoded values.
pub(crate) type Labels = Vec<(&'static str, String)>;

struct Route {
    method: &'static str,
    name: &'static str,
    segments: Vec<Segment>,
    operation: Option<&'static Operation>,
}

enum Segment {
    Literal(&'static str),
    Label(&'static str),
    /// A label that takes the rest of the path.
    Rest(&'static str),
}

/// What a service of this protocol offers, and what AWS knows beside it.
pub(crate) struct Offer {
    /// Every operation of the service model, `METHOD PATH NAME`, one a line.
    pub(crate) known: &'static str,
    /// Paths that earlier service models had for some of them, in the same form.
    older: &'static str,
    /// Those that are offered.
    families: &'static [&'static [Operation]],
    routes: OnceLock<Routes>,
}

impl Offer {
    pub(crate) const fn new(
        known: &'static str,
        families: &'static [&'static [Operation]],
    ) -> Self {
        Self::with_older(known, "", families)
    }

    /// The same, with paths of earlier service models beside those of today.
    pub(crate) const fn with_older(
        known: &'static str,
        older: &'static str,
        families: &'static [&'static [Operation]],
    ) -> Self {
        Self { known, older, families, routes: OnceLock::new() }
    }

    /// The operation of a request, with the labels of its path.
    ///
    /// # Errors
    /// Not a path of the service, not this method, or not offered here; also a segment that is
    /// not UTF-8.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<(&'static Operation, Labels), ApiError> {
        self.routes().find(method, path)
    }

    fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| {
            Routes::read(self.known.lines().chain(self.older.lines()), self.families)
        })
    }

    /// Every operation that is offered.
    #[cfg(test)]
    pub(crate) fn offered(&self) -> impl Iterator<Item = &'static Operation> {
        self.families.iter().flat_map(|family| family.iter())
    }
}

/// The paths of a service, by their first word.
struct Routes(HashMap<&'static str, Vec<Route>>);

impl Routes {
    fn read(
        known: impl Iterator<Item = &'static str>,
        families: &'static [&'static [Operation]],
    ) -> Self {
        let offered = families.iter().flat_map(|family| family.iter());
        let offered: HashMap<&str, &Operation> = offered.map(|op| (op.name, op)).collect();
        let mut families: HashMap<&str, Vec<Route>> = HashMap::new();
        for route in known.filter_map(|line| Route::read(line, &offered)) {
            families.entry(route.family()).or_default().push(route);
        }
        Self(families)
    }

    fn find(&self, method: &Method, path: &str) -> Result<(&'static Operation, Labels), ApiError> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let family = segments.first().and_then(|word| self.0.get(word));
        let fitting: Vec<(&Route, usize)> = family
            .into_iter()
            .flatten()
            .filter_map(|route| route.literals(&segments).map(|literals| (route, literals)))
            .collect();
        let of_method = fitting.iter().filter(|(route, _)| route.method == method.as_str());
        // A path of words beats one that takes a word for a label.
        let Some((route, _)) = of_method.max_by_key(|(_, literals)| *literals) else {
            return Err(wrong_method(method, path, &fitting));
        };
        let Some(operation) = route.operation else { return Err(self.not_offered(route)) };
        Ok((operation, route.labels(&segments)?))
    }

    fn not_offered(&self, route: &Route) -> ApiError {
        let family = self.0.get(route.family()).into_iter().flatten();
        let mut siblings: Vec<&str> =
            family.filter(|other| other.operation.is_some()).map(|other| other.name).collect();
        // One that has an older path stands there twice.
        let mut seen = HashSet::new();
        siblings.retain(|name| seen.insert(*name));
        let advice = match siblings.as_slice() {
            [] => "No operation of its family is offered yet.".to_owned(),
            names => format!("Offered in its family: {}.", names.join(", ")),
        };
        ApiError::new(
            ErrorCode::NotImplemented,
            format!("{} is not implemented by Fleetwright. {advice}", route.name),
        )
    }
}

impl Route {
    fn read(line: &'static str, offered: &HashMap<&str, &'static Operation>) -> Option<Self> {
        let mut words = line.split(' ');
        let (method, path, name) = (words.next()?, words.next()?, words.next()?);
        let segments = path.strip_prefix('/')?.split('/').map(Segment::read).collect();
        Some(Self { method, name, segments, operation: offered.get(name).copied() })
    }

    /// How many segments match as words; `None` when the path does not fit.
    fn literals(&self, path: &[&str]) -> Option<usize> {
        let open = matches!(self.segments.last(), Some(Segment::Rest(_)));
        let fits = if open {
            path.len() >= self.segments.len()
        } else {
            path.len() == self.segments.len()
        };
        if !fits {
            return None;
        }
        let mut literals = 0;
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(word) if word == text => literals += 1,
                Segment::Literal(_) => return None,
                Segment::Label(_) | Segment::Rest(_) if text.is_empty() => return None,
                Segment::Label(_) | Segment::Rest(_) => {}
            }
        }
        Some(literals)
    }

    fn labels(&self, path: &[&str]) -> Result<Labels, ApiError> {
        let mut labels = Labels::new();
        for (index, (segment, text)) in self.segments.iter().zip(path).enumerate() {
            match segment {
                Segment::Literal(_) => {}
                Segment::Label(name) => labels.push((name, decode(text)?.into_owned())),
                Segment::Rest(name) => {
                    let rest = path.get(index..).unwrap_or_default().join("/");
                    labels.push((name, decode(&rest)?.into_owned()));
                }
            }
        }
        Ok(labels)
    }

    /// The first word; no path of a service model begins with a label.
    fn family(&self) -> &'static str {
        match self.segments.first() {
            Some(Segment::Literal(word)) => word,
            _ => "",
        }
    }
}

impl Segment {
    fn read(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(label) => match label.strip_suffix('+') {
                Some(rest) => Self::Rest(rest),
                None => Self::Label(label),
            },
            None => Self::Literal(text),
        }
    }
}

fn wrong_method(method: &Method, path: &str, fitting: &[(&Route, usize)]) -> ApiError {
    if fitting.is_empty() {
        return ApiError::unknown_operation(method, path);
    }
    let known: Vec<String> =
        fitting.iter().map(|(route, _)| format!("{} ({})", route.method, route.name)).collect();
    ApiError::new(
        ErrorKind::MethodNotAllowed,
        format!("{method} is not a method of this path; it has {}.", known.join(", ")),
    )
}

#[cfg(test)]
mod tests;
