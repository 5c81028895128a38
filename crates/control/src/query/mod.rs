//! The query protocol of IAM and STS: a form with `Action` and `Version`, an answer in XML.

mod element;
mod error;
mod form;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use axum::response::Response;
pub(crate) use element::Element;
pub(crate) use error::{invalid, invalid_input, refuse};
use fleetwright_core::authorization::{Member, Tags};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::text::shown;
pub(crate) use form::Form;
use http::{HeaderValue, StatusCode};

use super::authorize::{Found, RequestContext, RequestMembers};
use super::error::{ApiError, ErrorKind};
use super::lint::HEADER;
use super::service::Service;

/// A verified request.
pub(crate) struct Call {
    pub(crate) context: RequestContext,
    /// Its parameters.
    pub(crate) form: Form,
    /// The resources that it names, as the registry has them; filled by authorization.
    pub(crate) found: Found,
}

/// How an operation ends: with the content of its `…Result`.
pub(crate) type Outcome = Result<Element, ApiError>;
/// An operation of this protocol.
pub(crate) type Operation = crate::operation::Operation<Call, Element>;

impl RequestMembers for Call {
    fn context(&self) -> &RequestContext {
        &self.context
    }

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
    pub(crate) fn find(&self, form: &Form) -> Result<&'static Operation, ApiError> {
        let action = form.get("Action").ok_or_else(|| {
            let message = "The request must contain the parameter Action.";
            ApiError::new(ErrorKind::MissingAction, message)
        })?;
        let shown = shown(action);
        let version = form.get("Version").unwrap_or(self.version);
        if version != self.version || !self.known.lines().any(|name| name == action) {
            return Err(ApiError::new(
                ErrorKind::InvalidAction,
                format!("Could not find operation {shown} for version {}.", self.version),
            ));
        }
        let mut offered = self.families.iter().flat_map(|family| family.iter());
        offered.find(|operation| operation.name == action).ok_or_else(|| {
            ApiError::new(
                ErrorCode::NotImplemented,
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
    mut result: Element,
    request_id: &str,
) -> Response {
    let lint = result.take_lint().and_then(|lint| HeaderValue::from_str(&lint).ok());
    let namespace = service.namespace().unwrap_or_default();
    let metadata = Element::new().text("RequestId", request_id);
    let content = match result.is_nothing() {
        true => Element::new(),
        false => Element::new().nested(&format!("{operation}Result"), result),
    };
    let content = content.nested("ResponseMetadata", metadata);
    let root = format!("{operation}Response");
    let mut response = element::document(StatusCode::OK, &root, namespace, content);
    if let Some(lint) = lint {
        response.headers_mut().insert(HEADER, lint);
    }
    response
}
