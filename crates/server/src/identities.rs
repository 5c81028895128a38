//! The policies of users and roles: looked up and compiled once, forgotten when they change.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, RoleName, UserName};
use fleetwright_core::policy::{AttachedPolicy, Document};

/// Identities kept; at the bound all are forgotten and compiled again as needed. (ours)
const KEPT: usize = 10_000;

/// What has policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A user.
    User(UserName),
    /// A role.
    Role(RoleName),
    /// A managed policy by its ARN: the one that it is, for a session that it narrows.
    Managed(String),
}

/// A policy as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Name of the managed or inline policy.
    pub name: PolicyName,
    /// Version in force; 1 for an inline policy.
    pub version: u32,
    /// The document.
    pub document: String,
}

/// Finds the policies of an identity, inline and managed; none of one that is not there.
pub type FindPolicies = Box<
    dyn Fn(Identity) -> Pin<Box<dyn Future<Output = Result<Vec<StoredPolicy>, Refusal>> + Send>>
        + Send
        + Sync,
>;

/// The policies of one identity, compiled.
pub(crate) type Policies = Arc<[AttachedPolicy]>;

/// Looks identities' policies up and keeps them.
pub struct Identities {
    find: FindPolicies,
    kept: Mutex<HashMap<Identity, Policies>>,
    changes: AtomicU64,
}

impl Identities {
    /// Nothing looked up yet.
    pub fn new(find: FindPolicies) -> Self {
        Self { find, kept: Mutex::default(), changes: AtomicU64::new(0) }
    }

    /// The policies of an identity.
    ///
    /// # Errors
    /// When the registry cannot be read, or holds a policy that is none.
    pub(crate) async fn policies(&self, identity: &Identity) -> Result<Policies, Refusal> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(identity).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let found = (self.find)(identity.clone()).await?;
        let policies: Policies = found.into_iter().map(compile).collect::<Result<_, _>>()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change must not be kept after it.
        if changes == self.changes.load(Ordering::Acquire) {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(identity.clone(), Arc::clone(&policies));
        }
        Ok(policies)
    }

    /// A user, role or managed policy changed: nobody knows cheaply whom that concerns.
    pub fn changed(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        kept.clear();
    }
}

/// Compiles a stored policy.
pub(crate) fn compile(policy: StoredPolicy) -> Result<AttachedPolicy, Refusal> {
    let StoredPolicy { name, version, document } = policy;
    let document = Document::parse_identity(&document)
        .map_err(|error| Refusal::internal(format_args!("stored policy {name}: {error}")))?;
    Ok(AttachedPolicy { name, version, document: Arc::new(document) })
}
