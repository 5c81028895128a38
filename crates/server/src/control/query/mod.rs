//! The query protocol of IAM and STS: a form with `Action` and `Version`, an answer in XML.
//!
//! An operation is one file in its family's folder: a `NAME` and a `run`, and one line in the
//! family's `OPERATIONS`.

mod element;
mod error;
mod form;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use fleetwright_core::authorization::{Authorized, Member, Tags};
use http::StatusCode;

use super::Control;
use super::authorize::{Found, Holds, Peer};
use super::caller::Caller;
use super::error::Failure;
use super::service::Service;
pub(crate) use element::Element;
pub(crate) use error::refuse;
pub(crate) use form::Form;
pub(crate) use values::{invalid, invalid_input};

/// A verified request.
pub(crate) struct Call {
    /// Its parameters.
    pub(crate) form: Form,
    /// Who signed it.
    pub(crate) caller: Arc<Caller>,
    /// Where it came from, if that is known.
    pub(crate) peer: Option<Peer>,
    /// What it names, as the registry has it; filled by authorization.
    pub(in crate::control) found: Found,
}

/// What an operation comes to: the content of its `…Result`.
pub(crate) type Outcome = Result<Element, Failure>;
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// An operation that is offered.
pub(crate) struct Operation {
    /// AWS's name: the parameter `Action`.
    pub(crate) name: &'static str,
    /// Runs it; reached by [`Operation::answer`] only.
    run: for<'a> fn(&'a Control, &'a Call) -> Running<'a>,
}

impl Operation {
    /// The table's entry.
    pub(crate) const fn new(
        name: &'static str,
        run: for<'a> fn(&'a Control, &'a Call) -> Running<'a>,
    ) -> Self {
        Self { name, run }
    }

    /// Runs the operation on a call that its caller may make.
    pub(crate) async fn answer(&self, control: &Control, call: &Authorized<Call>) -> Outcome {
        (self.run)(control, call.get()).await
    }
}

impl Holds for Call {
    fn keep(&mut self, found: Found) {
        self.found = found;
    }

    fn values(&self, member: Member) -> Vec<String> {
        match member {
            Member::Body(name) => self.form.get(name).map(str::to_owned).into_iter().collect(),
            Member::Label(_) | Member::Query(_) | Member::Header(_) => Vec::new(),
        }
    }

    fn tags(&self, tags: Tags) -> BTreeMap<String, Option<String>> {
        let text = |name: &str| self.form.get(name).map(str::to_owned);
        match tags {
            Tags::Map | Tags::QueryKeys => BTreeMap::new(),
            Tags::Keys => {
                let items = self.form.items("TagKeys");
                items.filter_map(|item| Some((text(&item)?, None))).collect()
            }
            Tags::Pairs => {
                let items = self.form.items("Tags");
                let pair = |item: String| {
                    Some((text(&format!("{item}.Key"))?, text(&format!("{item}.Value"))))
                };
                items.filter_map(pair).collect()
            }
        }
    }
}

/// The table entry of the operation in a module.
macro_rules! query_operation {
    ($module:ident) => {
        crate::control::query::Operation::new($module::NAME, |control, call| {
            Box::pin($module::run(control, call))
        })
    };
}
pub(crate) use query_operation;

/// What a service of this protocol offers, and what AWS knows beside it.
pub(crate) struct Offer {
    /// The parameter `Version`.
    pub(crate) version: &'static str,
    /// Every operation of the service model, one a line.
    pub(crate) known: &'static str,
    /// Those that are offered.
    pub(crate) families: &'static [&'static [Operation]],
}

impl Offer {
    /// The operation that a form names.
    ///
    /// # Errors
    /// `MissingAction`, `InvalidAction` for an unknown one or another version of the API,
    /// `NotImplemented` for one that is not offered here.
    pub(crate) fn find(&self, form: &Form) -> Result<&'static Operation, Failure> {
        let refuse = |name, message: String| Failure::new(StatusCode::BAD_REQUEST, name, message);
        let action = form.get("Action").ok_or_else(|| {
            refuse("MissingAction", "The request must contain the parameter Action.".into())
        })?;
        let shown: String = action.chars().take(64).collect();
        let version = form.get("Version").unwrap_or(self.version);
        if version != self.version || !self.known.lines().any(|name| name == action) {
            return Err(refuse(
                "InvalidAction",
                format!("Could not find operation {shown} for version {}.", self.version),
            ));
        }
        let mut offered = self.families.iter().flat_map(|family| family.iter());
        offered.find(|operation| operation.name == action).ok_or_else(|| {
            Failure::new(
                StatusCode::NOT_IMPLEMENTED,
                "NotImplemented",
                format!(
                    "{shown} is not implemented by Fleetwright; DIVERGENCES.md lists what is \
                     offered of IAM and STS."
                ),
            )
        })
    }
}

/// The answer of an operation with status 200.
pub(crate) fn answer(
    service: Service,
    operation: &str,
    result: Element,
    request_id: &str,
) -> Response {
    let namespace = service.namespace().unwrap_or_default();
    let metadata = Element::new().text("RequestId", request_id);
    let content = match result.is_nothing() {
        true => Element::new(),
        false => Element::new().nested(&format!("{operation}Result"), result),
    };
    let content = content.nested("ResponseMetadata", metadata);
    element::document(StatusCode::OK, &format!("{operation}Response"), namespace, content)
}
