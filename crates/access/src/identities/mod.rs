//! The policies of users and roles: looked up and compiled once, forgotten when they change.

mod stored;

use std::pin::Pin;
use std::sync::Arc;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, RoleName, UserName};
use fleetwright_core::policy::{
    self, AttachedPolicy, Context, Document, Principal, Request, TrustRefusal,
};
use fleetwright_host::cache::Cache;
use fleetwright_store::GrantedPolicy;
pub use stored::in_store;

/// Identities kept; at the bound all are forgotten and compiled again as needed. (ours)
const KEPT: usize = 10_000;

/// What a service asks of a role.
const ASSUME_ROLE: Request<'static> = Request { action: "sts:AssumeRole", resource: "*" };

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
pub struct CompiledIdentity {
    arn: String,
    unique_id: String,
    trust: Option<AttachedPolicy>,
    /// Its policies.
    pub policies: Box<[AttachedPolicy]>,
}

/// Looks identities' policies up and keeps them.
pub struct Identities {
    find: FindIdentity,
    compiled: Cache<Identity, Arc<CompiledIdentity>>,
}

impl Identities {
    /// Nothing looked up yet.
    pub fn new(find: FindIdentity) -> Self {
        Self { find, compiled: Cache::new(KEPT) }
    }

    /// An identity with its policies.
    ///
    /// # Errors
    /// When the registry cannot be read, or holds a policy that is none.
    pub async fn get(&self, identity: &Identity) -> Result<Arc<CompiledIdentity>, Refusal> {
        let loaded = self.compiled.get_or_load(identity.clone(), async {
            let found = (self.find)(identity.clone()).await?;
            let compiled = found.map(CompiledIdentity::compile).transpose()?.unwrap_or_default();
            Ok::<_, Refusal>(Some(Arc::new(compiled)))
        });
        Ok(loaded.await?.unwrap_or_default())
    }

    /// A user, role or managed policy changed. Which identities that concerns is not tracked.
    pub fn changed(&self) {
        self.compiled.forget_all();
    }
}

impl CompiledIdentity {
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
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether this is the one of an id, not another of the same name.
    pub fn is(&self, unique_id: &str) -> bool {
        self.unique_id == unique_id
    }

    /// Whether this is the role of an ARN.
    pub fn is_role(&self, arn: &str) -> bool {
        self.trust.is_some() && self.arn == arn
    }

    /// Why a service may not assume this role; `None` when it may.
    pub fn trust_refusal(&self, service: &str, context: &Context<'_>) -> Option<TrustRefusal> {
        let principals = [Principal { kind: "Service", id: service }];
        let context = Context { principals: &principals, ..*context };
        policy::trust_refusal(self.trust.as_ref(), &ASSUME_ROLE, &context)
    }

    /// The condition of time by which a service may assume this role at some times only; `None` when
    /// there is none.
    pub fn trusted_for_a_time(&self, service: &str, context: &Context<'_>) -> Option<String> {
        let principals = [Principal { kind: "Service", id: service }];
        let context = Context { principals: &principals, ..*context };
        policy::trusted_for_a_time(self.trust.as_ref(), &ASSUME_ROLE, &context)
    }
}

/// Compiles a stored policy.
pub fn compile(policy: GrantedPolicy) -> Result<AttachedPolicy, Refusal> {
    let GrantedPolicy { name, version, document } = policy;
    let document = Document::parse_identity(&document)
        .map_err(|error| Refusal::internal(format_args!("stored policy {name}: {error}")))?;
    Ok(AttachedPolicy { name, version, document: Arc::new(document) })
}
