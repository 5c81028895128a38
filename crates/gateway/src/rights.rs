//! What a connection's policies are right now: looked up once, compiled once, looked up again
//! when something that they rest on has changed.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytestring::ByteString;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, TemplateName, ThingName};
use fleetwright_core::policy::{AttachedPolicy, BoundThing, Context, Document};
use fleetwright_core::propagation::propagated;
use fleetwright_core::time::Timestamp;
use fleetwright_host::cache::Cache;
use fleetwright_host::clock;
use fleetwright_store::{CertificateRow, EffectivePolicies, EffectivePolicy, PolicyRow, Store};

use crate::callers::Granted;
use crate::events::lifecycle::Connection;
use crate::{CertificatePrincipal, HeldTo, Principal, PrincipalId};

/// Compiled documents kept; at the bound all are forgotten and compiled again as needed. (ours)
const COMPILED: usize = 10_000;
/// What the log calls the policy of a trusted user's claim. (ours)
const TRUSTED_USER: &str = "TrustedUserProvisioningClaim";

/// Looks policies up and keeps the compiled documents.
pub struct Policies {
    scope: AccountScope,
    store: Store,
    compiled: Cache<(PolicyRow, u32), Arc<Document>>,
    /// Grows with every change of a policy or group: whoever looked before must look again.
    epoch: AtomicU64,
    /// Grows with every change of a thing: concerns those bound to a thing of another name.
    things: AtomicU64,
    /// Grows with every change of an identity or access key of IAM: concerns callers.
    callers: AtomicU64,
}

/// A connection's rights: who it is, under which client id, and the policies in force.
pub struct Rights {
    principal: Principal,
    client_id: Box<str>,
    source_ip: IpAddr,
    domain_name: Option<Box<str>>,
    policies: Box<[AttachedPolicy]>,
    /// The policies of a caller's session, which narrow its own.
    session: Option<Box<[AttachedPolicy]>>,
    thing: Option<Box<BoundThing>>,
    is_attached: bool,
    is_exclusive: bool,
    propagated: Option<Box<Propagated>>,
    arn_prefix: Arc<str>,
    epoch: u64,
    /// Of things; of callers for one of IAM.
    things: u64,
}

/// The policies of one request of HTTPS.
pub(crate) struct RequestPolicies {
    pub(crate) policies: Box<[AttachedPolicy]>,
    /// The thing that it names.
    pub(crate) thing: Option<BoundThing>,
}

/// User properties of MQTT 5.
pub type UserProperties = Vec<(ByteString, ByteString)>;

/// What the bound thing's type says of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Propagated {
    /// Every name that the type configures, also those that have no value now: such a property is
    /// the registry's to say, and never the device's.
    pub names: Vec<String>,
    /// Those that have a value.
    pub properties: UserProperties,
}

impl Policies {
    /// Nothing compiled yet.
    pub fn new(scope: AccountScope, store: Store) -> Self {
        Self {
            scope,
            store,
            compiled: Cache::new(COMPILED),
            epoch: AtomicU64::new(0),
            things: AtomicU64::new(0),
            callers: AtomicU64::new(0),
        }
    }

    /// A policy's default version changed, or it is gone.
    pub fn policy_changed(&self, policy: PolicyRow) {
        self.compiled.forget_where(|(row, _)| *row == policy);
        self.groups_changed();
    }

    /// A group's policies or place changed, or what a thing type adds to messages: nobody knows
    /// cheaply whom that concerns.
    pub fn groups_changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// A thing changed. The connection named like it is asked to look again; one that is bound to
    /// it exclusively under another name notices here.
    pub fn thing_changed(&self) {
        self.things.fetch_add(1, Ordering::AcqRel);
    }

    /// An identity of IAM changed, or an access key.
    pub fn callers_changed(&self) {
        self.callers.fetch_add(1, Ordering::AcqRel);
    }

    /// The rights of a principal under a client id.
    ///
    /// # Errors
    /// When the registry cannot be read, or holds a policy that is none.
    pub async fn rights(
        &self,
        principal: Principal,
        client_id: &str,
        source_ip: IpAddr,
        domain_name: Option<String>,
    ) -> Result<Rights, Refusal> {
        let mut rights = Rights {
            principal,
            client_id: client_id.into(),
            source_ip,
            domain_name: domain_name.map(String::into_boxed_str),
            policies: Box::default(),
            session: None,
            thing: None,
            is_attached: false,
            is_exclusive: false,
            propagated: None,
            arn_prefix: self.arn_prefix(),
            epoch: 0,
            things: 0,
        };
        self.look_up(&mut rights).await?;
        Ok(rights)
    }

    /// The policies in force for one request of HTTPS, which has no client id, and the thing that it
    /// names if the certificate is attached to it.
    ///
    /// # Errors
    /// As [`Self::rights`].
    pub(crate) async fn of_request(
        &self,
        principal: &CertificatePrincipal,
        thing: Option<&ThingName>,
    ) -> Result<RequestPolicies, Refusal> {
        if let Some(held) = &principal.held {
            let policies = [self.of_trusted_user(&held.template)?].into();
            return Ok(RequestPolicies { policies, thing: None });
        }
        let named = thing.map(ThingName::as_str).unwrap_or_default();
        let effective = self.store.effective_policies(principal.row, named).await?;
        let mut policies = Vec::with_capacity(effective.policies.len());
        for policy in effective.policies {
            policies.push(self.compile(policy).await?);
        }
        let bound = effective.thing.filter(|bound| Some(&bound.name) == thing);
        Ok(RequestPolicies { policies: policies.into(), thing: bound })
    }

    /// The ARN of `kind/name` of this installation.
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        self.scope.arn(kind, name)
    }

    /// Whether a thing, any, or for a caller an identity of IAM, changed since a connection's rights
    /// were looked up.
    pub(crate) fn things_changed_since(&self, rights: &Rights) -> bool {
        rights.things != self.turns(&rights.principal).load(Ordering::Acquire)
    }

    /// What counts changes of what a principal's rights rest on, beside policies and groups.
    fn turns(&self, principal: &Principal) -> &AtomicU64 {
        match principal {
            Principal::Certificate(_) => &self.things,
            Principal::Caller(_) | Principal::Client(_) => &self.callers,
        }
    }

    /// Looks a connection's rights up again if they may have changed: `asked` says that its
    /// certificate or thing did. False when its certificate is no longer `ACTIVE`.
    ///
    /// # Errors
    /// As [`Self::rights`].
    pub(crate) async fn freshen(
        &self,
        rights: &mut Rights,
        recheck: bool,
    ) -> Result<bool, Refusal> {
        let bound_elsewhere =
            rights.thing.as_ref().is_some_and(|thing| thing.name.as_str() != &*rights.client_id);
        let is_caller = matches!(rights.principal, Principal::Caller(_));
        let looks_at_turns = bound_elsewhere || is_caller;
        let fresh = rights.epoch == self.epoch.load(Ordering::Acquire)
            && !(looks_at_turns && self.things_changed_since(rights))
            && !rights.principal.is_due();
        if !recheck && fresh {
            return Ok(true);
        }
        // Boxed: seldom needed, and every idle connection would hold the room for it.
        Box::pin(self.look_again(rights, recheck)).await
    }

    async fn look_again(&self, rights: &mut Rights, recheck: bool) -> Result<bool, Refusal> {
        if recheck && let Some(certificate) = rights.certificate_id() {
            let certificate = self.store.certificate_state(certificate).await?;
            if !certificate.is_some_and(|found| found.status == CertificateStatus::Active) {
                return Ok(false);
            }
        }
        self.look_up(rights).await
    }

    /// False when nothing is granted to the principal any more.
    async fn look_up(&self, rights: &mut Rights) -> Result<bool, Refusal> {
        // Read before the registry: a change in between makes the next look-up, not a stale right.
        rights.epoch = self.epoch.load(Ordering::Acquire);
        rights.things = self.turns(&rights.principal).load(Ordering::Acquire);
        let certificate = match &rights.principal {
            Principal::Certificate(certificate) => certificate,
            Principal::Caller(caller) => {
                let granted = caller.granted().await?;
                let is_good = granted.is_some();
                let Granted { policies, session } = granted.unwrap_or_default();
                (rights.policies, rights.session) = (policies, session);
                return Ok(is_good);
            }
            Principal::Client(client) => {
                if client.is_due() && !client.refresh().await? {
                    return Ok(false);
                }
                rights.policies = client.policies();
                return Ok(true);
            }
        };
        if let Some(held) = &certificate.held {
            rights.policies = [self.of_trusted_user(&held.template)?].into();
            return Ok(true);
        }
        let effective = self.store.effective_policies(certificate.row, &rights.client_id).await?;
        rights.propagated = properties(&effective, &rights.client_id);
        let mut policies = Vec::with_capacity(effective.policies.len());
        for policy in effective.policies {
            policies.push(self.compile(policy).await?);
        }
        rights.policies = policies.into();
        rights.thing = effective.thing.map(Box::new);
        rights.is_attached = effective.is_attached;
        rights.is_exclusive = effective.is_exclusive;
        Ok(true)
    }

    async fn compile(&self, policy: EffectivePolicy) -> Result<AttachedPolicy, Refusal> {
        let key = (policy.row, policy.version);
        let document = self.compiled.get_or_load(key, async {
            let text = self.store.policy_document(policy.row, policy.version).await?;
            let text = text.ok_or_else(|| Refusal::internal("a policy lost its version"))?;
            let document = Document::parse(&text).map_err(|error| {
                Refusal::internal(format_args!("stored policy {}: {error}", policy.name))
            })?;
            Ok::<_, Refusal>(Some(Arc::new(document)))
        });
        let document = document.await?.ok_or_else(|| Refusal::internal("no policy was loaded"))?;
        Ok(AttachedPolicy { name: policy.name, version: policy.version, document })
    }

    /// A trusted user's claim has this policy and no other, whatever its client id.
    fn of_trusted_user(&self, template: &TemplateName) -> Result<AttachedPolicy, Refusal> {
        let document =
            Document::of_trusted_user(&self.scope, template).map_err(Refusal::internal)?;
        Ok(AttachedPolicy {
            name: PolicyName::parse(TRUSTED_USER).map_err(Refusal::internal)?,
            version: 1,
            document: Arc::new(document),
        })
    }

    fn arn_prefix(&self) -> Arc<str> {
        format!("arn:aws:iot:{}:{}:", self.scope.region, self.scope.account).into()
    }
}

/// What the bound thing's type adds to messages.
fn properties(effective: &EffectivePolicies, client_id: &str) -> Option<Box<Propagated>> {
    let thing = effective.thing.as_ref().filter(|_| !effective.propagating.is_empty())?;
    let found = propagated(&effective.propagating, client_id, &thing.attributes);
    let properties = found.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let names = effective.propagating.iter().map(|rule| rule.user_property_key.clone()).collect();
    Some(Box::new(Propagated { names, properties }))
}

/// Whose rights are no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    Certificate,
    Caller,
    Client,
}

impl Rights {
    /// The connection's client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Who it is.
    pub fn principal_id(&self) -> PrincipalId {
        self.principal.id()
    }

    /// The certificate that it presented, if that is who it is.
    pub fn certificate_id(&self) -> Option<CertificateId> {
        self.principal.certificate().map(|certificate| certificate.id)
    }

    /// That certificate's row.
    pub fn certificate_row(&self) -> Option<CertificateRow> {
        self.principal.certificate_row()
    }

    /// What a trusted user's claim is held to.
    pub fn held(&self) -> Option<&HeldTo> {
        self.principal.held()
    }

    /// When it is to be looked at again, even if the client does nothing until then.
    pub(crate) fn due_idle(&self) -> Option<Timestamp> {
        match &self.principal {
            Principal::Client(client) => client.due_idle(),
            Principal::Certificate(_) | Principal::Caller(_) => None,
        }
    }

    /// Why nothing is granted to it any more.
    pub(crate) fn off(&self) -> Off {
        match &self.principal {
            Principal::Certificate(_) => Off::Certificate,
            Principal::Caller(_) => Off::Caller,
            Principal::Client(_) => Off::Client,
        }
    }

    /// Further condition keys, with their values: those of a caller.
    pub fn keys(&self) -> &[(Cow<'static, str>, Vec<String>)] {
        match &self.principal {
            Principal::Certificate(_) | Principal::Client(_) => &[],
            Principal::Caller(caller) => caller.keys(),
        }
    }

    /// The policies of a caller's session, which narrow those in force.
    pub fn session(&self) -> Option<&[AttachedPolicy]> {
        self.session.as_deref()
    }

    /// The connection as its events name it.
    pub fn connection(&self, number: u64) -> Connection<'_> {
        Connection {
            client_id: &self.client_id,
            thing: self.exclusive_thing(),
            principal: self.principal.id(),
            number,
            address: self.source_ip,
        }
    }

    /// The thing that the certificate is attached to exclusively.
    pub(crate) fn exclusive_thing(&self) -> Option<&ThingName> {
        self.thing.as_ref().filter(|_| self.is_exclusive).map(|thing| &thing.name)
    }

    /// The user properties that travel with its messages; `None`, for most, when its thing's type
    /// configures none.
    pub fn propagated(&self) -> Option<&Propagated> {
        self.propagated.as_deref()
    }

    /// The policies in force.
    pub fn policies(&self) -> &[AttachedPolicy] {
        &self.policies
    }

    /// The ARN of `kind/name` of this installation.
    pub fn arn(&self, kind: &str, name: &str) -> String {
        [&*self.arn_prefix, kind, "/", name].concat()
    }

    /// What policies may ask of any request of this connection.
    pub fn context(&self) -> Context<'_> {
        Context {
            client_id: Some(&self.client_id),
            source_ip: Some(self.source_ip),
            domain_name: self.domain_name.as_deref(),
            certificate_id: self.principal.certificate().map(|certificate| &certificate.id),
            certificate: self.principal.certificate().map(CertificatePrincipal::facts),
            thing: self.thing.as_deref(),
            is_attached: Some(self.is_attached),
            now: Some(clock::now()),
            ..Context::default()
        }
    }
}
