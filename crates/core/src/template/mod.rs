//! Provisioning templates: parse, lint, evaluate.

mod evaluate;
mod expression;
mod lint;
mod policy;
mod resource;
mod scope;
mod section;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use expression::Expression;
use policy::Policy;
use resource::{Certificate, Thing};
use section::Mappings;

use crate::certificate::CertificateId;
use crate::error::{ErrorCode, Refusal};
use crate::plan::ProvisioningPlan;

/// What a template is for; decides which sections and certificate forms it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemplateUse {
    /// Stored, type `FLEET_PROVISIONING`: over MQTT.
    Fleet,
    /// Stored, type `JITP`, or the body inside a CA's `registrationConfig`.
    Jitp,
    /// Sent with REST `RegisterThing` or `StartThingRegistrationTask`.
    Bulk,
}

/// A template, checked and compiled; immutable, cheap to share in an `Arc`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    use_: TemplateUse,
    /// Name to default.
    parameters: BTreeMap<String, Option<String>>,
    mappings: Mappings,
    certificate: Certificate,
    thing: Option<Thing>,
    policies: Vec<Policy>,
    device_configuration: BTreeMap<String, Expression>,
}

/// Why a text is not a template. `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Where, such as `Resources.thing.Properties.ThingName`; empty for the template itself.
    pub path: String,
    /// The rule that is broken and the way out.
    pub message: String,
}

/// Something in a template that will or may fail when a device registers. The template can be
/// stored all the same, as on AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Where, as in [`TemplateError::path`].
    pub path: String,
    /// What will happen and the way out.
    pub message: String,
}

/// Names of resources outside the template: those that it names literally
/// ([`Template::references`]), or those of them that exist ([`Template::lint`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Thing types.
    pub thing_types: BTreeSet<String>,
    /// Static thing groups.
    pub groups: BTreeSet<String>,
    /// Billing groups.
    pub billing_groups: BTreeSet<String>,
    /// Policies named by `PolicyName`.
    pub policies: BTreeSet<String>,
}

/// What a template is evaluated with.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The device's parameters (fleet), or the request's (bulk).
    pub parameters: &'a BTreeMap<String, String>,
    /// The hook's overrides; win over `parameters`.
    pub overrides: &'a BTreeMap<String, String>,
    /// `AWS::IoT::Certificate::Id`: the certificate being registered; `None` when it is yet to be
    /// made (bulk).
    pub certificate_id: Option<CertificateId>,
    /// The certificate's subject by AWS's names, as in
    /// [`crate::certificate::CertificateFacts::subject`]; just-in-time provisioning only.
    pub subject: Option<&'a BTreeMap<&'static str, Vec<String>>>,
}

impl Template {
    /// Reads a template body: JSON text of at most [`crate::limits::TEMPLATE_BODY_CHARS`].
    ///
    /// # Errors
    /// The first rule that is broken, with its path.
    pub fn parse(text: &str, use_: TemplateUse) -> Result<Self, TemplateError> {
        section::read(text, use_)
    }

    /// The resources that the template names literally, for a look-up before [`Self::lint`].
    pub fn references(&self) -> References {
        lint::references(self)
    }

    /// What will or may fail when a device registers; `existing` holds those of
    /// [`Self::references`] that exist.
    pub fn lint(&self, existing: &References) -> Vec<Lint> {
        lint::lint(self, existing)
    }

    /// The plan that the template comes to with these inputs; the same inputs give the same plan.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidParameters`]: a reference that does not resolve (exactly
    /// `Cannot resolve reference value: {name}`, as on AWS), a function whose arguments do not
    /// fit, a value that is no valid name, too much output.
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Result<ProvisioningPlan, Refusal> {
        evaluate::plan(self, inputs)
    }
}

impl TemplateError {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "The template is not valid: {}", self.message),
            path => write!(f, "The template is not valid at {path}: {}", self.message),
        }
    }
}

impl std::error::Error for TemplateError {}

impl From<TemplateError> for Refusal {
    fn from(error: TemplateError) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}
