//! The policies of users and roles: looked up and compiled once, forgotten when they change.

mod stored;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, RoleName, UserName};
use fleetwright_core::policy::{self, AttachedPolicy, Context, Document, Principal, Request};

use fleetwright_store::GrantedPolicy;
pub(crate) use stored::in_store;

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

/// An identity as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIdentity {
    /// Its ARN, path included.
    pub arn: String,
    /// `AIDA…` or `AROA…`: one made anew under the same name is another.
    pub unique_id: String,
    /// A role's trust policy.
    pub trust: Option<String>,
    /// Its policies, inline and managed.
    pub policies: Vec<GrantedPolicy>,
}

/// Finds an identity; `None` when there is none of that name.
pub type FindIdentity = Box<
    dyn Fn(
            Identity,
        ) -> Pin<Box<dyn Future<Output = Result<Option<StoredIdentity>, Refusal>> + Send>>
        + Send
        + Sync,
>;

/// An identity, compiled. One that does not exist has no policy and no trust.
#[derive(Debug, Default)]
pub(crate) struct Known {
    arn: String,
    unique_id: String,
    trust: Option<AttachedPolicy>,
    /// Its policies.
    pub(crate) policies: Box<[AttachedPolicy]>,
}

/// Looks identities' policies up and keeps them.
pub struct Identities {
    find: FindIdentity,
    kept: Mutex<HashMap<Identity, Arc<Known>>>,
    changes: AtomicU64,
}

impl Identities {
    /// Nothing looked up yet.
    pub fn new(find: FindIdentity) -> Self {
        Self { find, kept: Mutex::default(), changes: AtomicU64::new(0) }
    }

    /// An identity with its policies.
    ///
    /// # Errors
    /// When the registry cannot be read, or holds a policy that is none.
    pub(crate) async fn get(&self, identity: &Identity) -> Result<Arc<Known>, Refusal> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(identity).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let found = (self.find)(identity.clone()).await?;
        let identified = Arc::new(found.map(Known::compile).transpose()?.unwrap_or_default());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change must not be kept after it.
        if changes == self.changes.load(Ordering::Acquire) {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(identity.clone(), Arc::clone(&identified));
        }
        Ok(identified)
    }

    /// A user, role or managed policy changed: nobody knows cheaply whom that concerns.
    pub fn changed(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        kept.clear();
    }
}

impl Known {
    fn compile(stored: StoredIdentity) -> Result<Self, Refusal> {
        let trust = stored.trust.as_deref().map(|text| {
            let document = Document::parse_trust(text).map_err(|error| {
                Refusal::internal(format_args!("stored trust policy of {}: {error}", stored.arn))
            })?;
            let name = PolicyName::parse("trust").map_err(Refusal::internal)?;
            Ok::<_, Refusal>(AttachedPolicy { name, version: 1, document: Arc::new(document) })
        });
        Ok(Self {
            trust: trust.transpose()?,
            arn: stored.arn,
            unique_id: stored.unique_id,
            policies: stored.policies.into_iter().map(compile).collect::<Result<_, _>>()?,
        })
    }

    /// The ARN, path included; empty for one that does not exist.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether this is the one of an id, not another of the same name.
    pub(crate) fn is(&self, unique_id: &str) -> bool {
        self.unique_id == unique_id
    }

    /// Whether this is the role of an ARN.
    pub(crate) fn is_role(&self, arn: &str) -> bool {
        self.trust.is_some() && self.arn == arn
    }

    /// Whether a service may assume this role, in this context; explicit Deny first.
    pub(crate) fn trusts(&self, service: &str, context: &Context<'_>) -> bool {
        let principals = [Principal { kind: "Service", id: service }];
        let request = Request { action: "sts:AssumeRole", resource: "*" };
        let context = Context { principals: &principals, ..*context };
        policy::decide(self.trust.as_ref(), &request, &context).is_allowed()
    }
}

/// Compiles a stored policy.
pub(crate) fn compile(policy: GrantedPolicy) -> Result<AttachedPolicy, Refusal> {
    let GrantedPolicy { name, version, document } = policy;
    let document = Document::parse_identity(&document)
        .map_err(|error| Refusal::internal(format_args!("stored policy {name}: {error}")))?;
    Ok(AttachedPolicy { name, version, document: Arc::new(document) })
}
