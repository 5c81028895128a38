//! What changed: for rooms that cache compiled policies, bindings and templates.

use std::sync::Arc;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::logging::LogLevel;
use fleetwright_core::names::{FunctionName, TemplateName, ThingName, ThingTypeName};

use crate::event::RegistryEvent;
use crate::rows::{GroupRow, PolicyRow};

/// A committed change. Whatever was derived from the named resource is stale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A certificate's status, policies or things; or it is new or gone.
    Certificate(CertificateId),
    /// A certificate is no longer `ACTIVE`, or gone: nothing more is granted to it.
    CertificateOff(CertificateId),
    /// A thing's attributes, type, groups or principals; or it is new or gone.
    Thing(ThingName),
    /// A policy's default version; or it is gone.
    Policy(PolicyRow),
    /// A group's policies or its place in the hierarchy; or it is gone.
    ThingGroup(GroupRow),
    /// A template or its versions; or it is gone.
    Template(TemplateName),
    /// What travels with the messages of a thing type's things.
    ThingType(ThingTypeName),
    /// The certificate provider: made, changed or removed.
    CertificateProvider,
    /// A user, role or group, its policies or members, or a managed policy.
    Identities,
    /// An access key, by its id.
    AccessKey(String),
    /// A function, its versions, aliases, permissions or concurrency; or it is new or gone.
    Function(FunctionName),
    /// Whether it is indexed who is connected.
    ConnectivityIndexing(bool),
    /// How much is logged of devices.
    Logging(LogLevel),
    /// Something that is published as an event, as configured.
    Registry(Arc<RegistryEvent>),
}

/// Who hears of changes: called after the commit and before the caller's answer, on the thread
/// that writes. It must be quick and must not call the store.
pub trait ChangeSink: Send + Sync + 'static {
    /// Takes one change.
    fn on_change(&self, change: &Change);
}

impl<F: Fn(&Change) + Send + Sync + 'static> ChangeSink for F {
    fn on_change(&self, change: &Change) {
        self(change);
    }
}
