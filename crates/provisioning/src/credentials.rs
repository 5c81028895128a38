//! The credentials provider: a device's certificate becomes temporary credentials of the role that a
//! role alias names. AWS: guide, "Authorizing direct calls to AWS services using AWS IoT Core
//! credential provider".

use std::net::IpAddr;
use std::sync::Arc;

use fleetwright_access::caller::{Caller, CallerKind, Device, Session};
use fleetwright_access::identities::{Identities, Identity};
use fleetwright_access::session_token::{self, TemporaryCredentials};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::{RoleAliasName, RoleName};
use fleetwright_core::policy::{BoundThing, Context};
use fleetwright_core::rate::{Allowance, Rate};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_host::sealing::Sealing;
use fleetwright_installation::audit::{self, Audit};
use fleetwright_store::{Role, RoleAlias, Store};
use parking_lot::Mutex;

use crate::record::refused;

/// Whom the role of an alias must trust.
const SERVICE: &str = "credentials.iot.amazonaws.com";
/// The device policy's action, and the operation in the audit trail.
pub const ACTION: &str = "AssumeRoleWithCertificate";
/// Requests of an account that are allowed. AWS: "AWS IoT Core credential provider throttling limits",
/// 50 or 100 a second by region.
const RATE: Rate = Rate { per_second: 100, burst: 200 };
/// AWS's words for a role that is not there or does not trust.
const NOT_ASSUMED: &str = "Unable to assume the role, or the role to assume does not exist";

/// Opens sessions of roles for certificates.
pub struct CredentialsProvider {
    scope: AccountScope,
    store: Store,
    audit: Arc<Audit>,
    sealing: Arc<Sealing>,
    identities: Arc<Identities>,
    allowance: Mutex<Allowance>,
}

/// A device asks for credentials.
#[derive(Debug, Clone)]
pub struct CredentialsRequest {
    /// The role alias that its path names.
    pub alias: RoleAliasName,
    /// The certificate that it presented.
    pub certificate: CertificateId,
    /// The thing that it named, to which the certificate is attached.
    pub thing: Option<BoundThing>,
    /// Where it comes from.
    pub source: IpAddr,
    /// The id of the request.
    pub request_id: String,
}

impl CredentialsProvider {
    /// Wires the parts.
    pub fn new(
        scope: AccountScope,
        store: Store,
        audit: Arc<Audit>,
        sealing: Arc<Sealing>,
        identities: Arc<Identities>,
    ) -> Arc<Self> {
        let allowance = Mutex::new(Allowance::full(RATE, clock::monotonic_millis()));
        Arc::new(Self { scope, store, audit, sealing, identities, allowance })
    }

    /// Credentials for a device whose policies allow it to use the alias.
    ///
    /// # Errors
    /// `ResourceNotFound` without the alias; `InvalidRequest` when its role is not there, does not
    /// trust the credentials provider, or has shorter sessions than the alias; `Throttling`.
    pub async fn credentials(
        &self,
        request: &Authorized<CredentialsRequest>,
    ) -> Result<TemporaryCredentials, Refusal> {
        if !self.allowance.lock().spend(RATE, clock::monotonic_millis()) {
            let message = format!("Rate exceeded: {} requests a second", RATE.per_second);
            return Err(Refusal::new(ErrorCode::Throttling, message));
        }
        let now = clock::now();
        let alias = self.store.role_alias(&request.alias).await?;
        let alias = alias.ok_or_else(|| {
            Refusal::new(ErrorCode::ResourceNotFound, "Role alias does not exist")
        })?;
        let role = self.assumable(request, &alias, now).await?;
        if alias.duration > role.terms.max_session {
            return Err(Refusal::new(
                ErrorCode::InvalidRequest,
                "The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for \
                 the role",
            )
            .because(format_args!(
                "the alias gives {} seconds, role {} at most {}",
                alias.duration, role.identity.name, role.terms.max_session
            )));
        }
        let (caller, session) = self.session(request, &role, alias.duration, now)?;
        session_token::make(&self.sealing, caller, session)
    }

    /// The role of an alias, if it is there and trusts the credentials provider.
    async fn assumable(
        &self,
        request: &CredentialsRequest,
        alias: &RoleAlias,
        now: Timestamp,
    ) -> Result<Role, Refusal> {
        let not_assumed =
            |cause: String| Refusal::new(ErrorCode::InvalidRequest, NOT_ASSUMED).because(cause);
        let arn = alias.role_arn.as_str();
        let name = arn.rsplit('/').next().and_then(|name| RoleName::parse(name).ok());
        let name = name.ok_or_else(|| not_assumed(format!("{arn} is no role's ARN")))?;
        let compiled = self.identities.get(&Identity::Role(name.clone())).await?;
        if !compiled.is_role(arn) {
            return Err(not_assumed(format!("{arn} does not exist")));
        }
        let source = self.scope.arn("rolealias", &alias.name);
        let keys: [(&str, &[&str]); 4] = [
            ("aws:SecureTransport", &["true"]),
            ("aws:RequestedRegion", &[self.scope.region.as_str()]),
            ("aws:SourceAccount", &[self.scope.account.as_str()]),
            ("aws:SourceArn", &[&source]),
        ];
        let context = Context {
            source_ip: Some(request.source),
            now: Some(now),
            extra: &keys,
            ..Context::default()
        };
        if let Some(why) = compiled.trust_refusal(SERVICE, &context) {
            return Err(not_assumed(format!("{arn} {why}")));
        }
        let role = self.store.role(&name).await?;
        role.ok_or_else(|| not_assumed(format!("{arn} does not exist")))
    }

    fn session(
        &self,
        request: &CredentialsRequest,
        role: &Role,
        seconds: u32,
        now: Timestamp,
    ) -> Result<(Caller, Session), Refusal> {
        let (identity, account) = (&role.identity, self.scope.account.as_str());
        let name = request.certificate.to_string();
        let caller = Caller {
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{name}", identity.name),
            account: account.to_owned(),
            principal_arn: self.scope.iam_arn("role", &identity.path, &identity.name),
            user_id: format!("{}:{name}", identity.unique_id),
            kind: CallerKind::AssumedRole {
                role: RoleName::parse(&identity.name).map_err(Refusal::internal)?,
                role_id: identity.unique_id.clone(),
                session: name.clone(),
            },
            session: None,
        };
        let thing = request.thing.as_ref();
        let session = Session {
            issued: now,
            expires: now.plus_millis(i64::from(seconds) * 1000),
            policies: Vec::new(),
            policy_arns: Vec::new(),
            tags: std::collections::BTreeMap::new(),
            source_identity: None,
            federated: None,
            device: Some(Device {
                certificate: name,
                thing: thing.map(|thing| thing.name.to_string()),
                thing_type: thing
                    .and_then(|thing| thing.type_name.as_ref())
                    .map(ToString::to_string),
            }),
        };
        Ok((caller, session))
    }

    /// Records what came of a request.
    pub async fn record(
        &self,
        request: &CredentialsRequest,
        outcome: Result<&TemporaryCredentials, &Refusal>,
    ) {
        let principal = self.scope.arn("cert", request.certificate);
        let resource = self.scope.arn("rolealias", &request.alias);
        let mut record =
            audit::accepted(principal, ACTION, Some(resource), request.request_id.clone());
        record.source = Some(request.source.to_string());
        if request.thing.is_some() {
            record.parameters = "thingName".to_owned();
        }
        let recording = audit::recording(record);
        match outcome {
            Ok(made) => tracing::info!(
                event = ACTION, status = "Success", principal = %request.certificate,
                alias = %request.alias, access_key_id = made.access_key_id,
                thing = request.thing.as_ref().map(|thing| thing.name.as_str()),
                "credentials for a device"
            ),
            Err(refusal) => {
                tracing::warn!(
                    event = ACTION, status = "Failure", principal = %request.certificate,
                    alias = %request.alias, "refused: {refusal}"
                );
                refused(&recording, refusal);
            }
        }
        self.audit.record(recording.record()).await;
    }
}
