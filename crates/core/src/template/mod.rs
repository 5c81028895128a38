//! Provisioning templates: parse, lint, evaluate.

mod evaluate;
mod expression;
mod lint;
mod needs;
mod policy;
mod read;
mod resource;
mod scope;
mod section;
#[cfg(test)]
mod tests;
mod tidy;

use std::collections::{BTreeMap, BTreeSet};

use expression::Expression;
pub use needs::TemplateNeed;
use policy::Policy;
pub use read::{TemplateError, TemplateUse};
use resource::{Certificate, Thing};
use section::Mappings;

use crate::arn::AccountScope;
use crate::certificate::CertificateId;
use crate::error::Refusal;
use crate::plan::ProvisioningPlan;

/// A template, checked and compiled; immutable, cheap to share in an `Arc`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    use_: TemplateUse,
    /// Paths of members that the text has more than once.
    duplicates: Vec<String>,
    /// Name to default.
    parameters: BTreeMap<String, Option<String>>,
    mappings: Mappings,
    certificate: Certificate,
    thing: Option<Thing>,
    policies: Vec<Policy>,
    device_configuration: BTreeMap<String, Expression>,
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
    /// [`Self::references`] that exist. Without a scope, other accounts' ARNs pass.
    pub fn lint(&self, existing: &References, scope: Option<&AccountScope>) -> Vec<Lint> {
        lint::lint(self, existing, scope)
    }

    /// What the role that registers a new device must allow, as far as the template tells.
    pub fn needs(&self, scope: &AccountScope) -> Vec<TemplateNeed> {
        needs::of(self, scope)
    }

    /// The plan that the template comes to with these inputs; the same inputs give the same plan.
    ///
    /// # Errors
    /// [`InvalidParameters`](crate::error::ErrorCode::InvalidParameters): a reference that does not resolve (exactly
    /// `Cannot resolve reference value: {name}`, as on AWS), a function whose arguments do not
    /// fit, a value that is no valid name, too much output.
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Result<ProvisioningPlan, Refusal> {
        evaluate::plan(self, inputs)
    }
}
