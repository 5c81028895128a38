//! What a provisioning template came to: the plan that the store applies in one transaction.

use std::collections::BTreeMap;

use crate::certificate::CertificateId;
use crate::error::Refusal;
use crate::names::{
    AttributeName, BillingGroupName, PolicyName, ThingGroupName, ThingName, ThingTypeName,
};

/// Everything that one registration shall bring about. Applied whole or not at all; applied twice
/// it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningPlan {
    /// The certificate and its fate; a template has exactly one.
    pub certificate: CertificatePlan,
    /// The thing, if the template has one.
    pub thing: Option<ThingPlan>,
    /// At most [`crate::limits::POLICIES_PER_TEMPLATE`], in the template's order.
    pub policies: Vec<PolicyPlan>,
    /// Sent back to the device; string to string, empty when the template has none.
    pub device_configuration: BTreeMap<String, String>,
    /// Changes that the permissions in force do not allow, should the registry turn out to be in
    /// need of them, with the refusal; empty as long as no permissions were looked at.
    pub withheld: BTreeMap<PossibleChange, Refusal>,
}

impl ProvisioningPlan {
    /// Whether this change may be made, now that it has turned out to be necessary.
    ///
    /// # Errors
    /// The refusal of the permissions that were looked at.
    pub fn may(&self, change: PossibleChange) -> Result<(), Refusal> {
        self.withheld.get(&change).map_or(Ok(()), |refusal| Err(refusal.clone()))
    }
}

/// A change that depends on what is registered when the plan is applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PossibleChange {
    /// The thing does not exist.
    CreateThing,
    /// The thing exists, and its attributes or type differ.
    UpdateThing,
    /// The thing is not in the group.
    EnterGroup(ThingGroupName),
    /// The thing is in groups that `REPLACE` takes it out of.
    LeaveGroups,
    /// The thing is not in the billing group.
    EnterBillingGroup,
    /// There is no policy of this document yet.
    CreatePolicy(PolicyName),
}

/// The certificate of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePlan {
    /// The template's logical name of this resource.
    pub logical_name: String,
    /// Which certificate.
    pub source: CertificateSource,
    /// Wanted status: true is `ACTIVE` (the default), false `INACTIVE`.
    pub active: bool,
    /// `OverrideSettings.Status`.
    pub on_status: Override,
    /// `EXCLUSIVE_THING`: the certificate may belong to this thing only.
    pub exclusive: bool,
}

/// How a template names its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// By id: the only form of fleet templates.
    Id(CertificateId),
    /// By CSR, PEM text (bulk and REST registration only).
    SigningRequest(String),
    /// By certificate of a registered CA, PEM texts (bulk and REST registration only).
    Pem {
        /// The device certificate.
        certificate: String,
        /// Its CA, needed when several share a subject.
        ca: Option<String>,
    },
}

/// The thing of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingPlan {
    /// The template's logical name of this resource.
    pub logical_name: String,
    /// The thing's name.
    pub name: ThingName,
    /// Attributes, checked; `None` when the template has no `AttributePayload`.
    pub attributes: Option<BTreeMap<AttributeName, String>>,
    /// The type, which must exist.
    pub type_name: Option<ThingTypeName>,
    /// The groups, which must exist; `None` when the template has no `ThingGroups`.
    pub groups: Option<Vec<ThingGroupName>>,
    /// The billing group, which must exist.
    pub billing_group: Option<BillingGroupName>,
    /// What to do where the thing exists already and differs.
    pub on_existing: ThingOverrides,
}

/// `OverrideSettings` of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThingOverrides {
    /// `AttributePayload`.
    pub attributes: Override,
    /// `ThingTypeName`.
    pub type_name: Override,
    /// `ThingGroups`.
    pub groups: Override,
}

/// What to do with a property of a resource that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Override {
    /// The template does not say: an equal property is left alone, a different one is a conflict.
    #[default]
    Unset,
    /// Leave as it is.
    DoNothing,
    /// Take the template's.
    Replace,
    /// Refuse the whole request.
    Fail,
    /// Add the template's to what is there (attributes and groups only).
    Merge,
}

/// A policy of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyPlan {
    /// An existing policy.
    Existing {
        /// The template's logical name of this resource.
        logical_name: String,
        /// Its name.
        name: PolicyName,
    },
    /// A policy made from its document; the same document gives the same name.
    FromDocument {
        /// The template's logical name of this resource.
        logical_name: String,
        /// 40 upper-case hex digits of the document's hash.
        name: PolicyName,
        /// The document, JSON text, checked.
        document: String,
    },
}
