//! The registry on SQL. SQL lives here only.
//!
//! [`Store::open`] opens it; one file per aggregate adds its records and operations. Every write
//! is durable when its answer arrives: writes of many callers share one commit (group commit),
//! and each of them alone is undone when it is refused. Names and ids only: the server makes
//! ARNs and wire shapes. The caller passes the time and every random identifier.

mod access_keys;
mod apply;
mod attachments;
mod audit;
mod authorizers;
mod before_commit;
mod billing_groups;
mod ca_certificates;
mod certificate_providers;
mod certificates;
mod change;
mod claims;
mod connection_numbers;
mod direct;
mod domain_configurations;
mod effective;
mod error;
mod event;
mod event_configurations;
mod examination;
mod fleet_index;
mod functions;
mod iam;
mod installation;
mod issuance;
mod jobs;
mod logging;
mod noted;
mod page;
mod policies;
mod principals;
mod recording;
mod registration_code;
mod registration_tasks;
mod registry_events;
mod retained;
mod role_aliases;
mod rows;
mod sessions;
mod shadows;
mod sql;
mod sqlite;
mod tagged;
mod tags;
mod templates;
mod thing_groups;
mod thing_types;
mod things;
mod tokens;
mod transfers;
mod versions;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use access_keys::{AccessKey, AccessKeyStatus};
pub use apply::{ApplyRegistration, Registered, Renewal, SpendToken};
pub use attachments::{PolicyTarget, TargetKey};
pub use audit::{AuditFilter, AuditTrail};
pub use authorizers::{Authorizer, AuthorizerUpdate};
pub use billing_groups::{BillingGroup, NewBillingGroup};
pub use ca_certificates::{
    CaCertificate, CaCertificateSummary, CaCertificateUpdate, NewCaCertificate, RegistrationConfig,
};
pub use certificate_providers::CertificateProvider;
pub use certificates::{
    Certificate, CertificateState, CertificateSummary, NewCertificate, Origin, RegisteredTwin,
    TwinPair, WithoutTbs,
};
pub use change::{Change, ChangeSink};
pub use claims::{Claim, ClaimTerms};
pub use direct::{Bring, DirectRegistration, LineOutcome};
pub use domain_configurations::{DomainConfiguration, DomainConfigurationUpdate, DomainSettings};
pub use effective::{EffectivePolicies, EffectivePolicy};
pub use error::{OpenError, StoreError};
pub use event::{EventOperation, EventSubject, JobCounts, RegistryEvent};
pub use event_configurations::EventConfigurations;
pub use examination::{CodeVisitor, Examination};
pub use fleet_index::{ConnectionFacts, Presence};
use fleetwright_core::arn::AccountScope;
pub use fleetwright_core::audit::Record as AuditRecord;
pub use fleetwright_core::uuid::Uuid;
pub use functions::{
    AliasUpdate, FunctionAlias, FunctionCode, FunctionPolicy, FunctionRevision, FunctionSettings,
    FunctionUpdate, FunctionUsage, FunctionVersion, NewFunction, PublishFunction, ResolvedFunction,
    VersionKey,
};
pub use iam::{
    GrantedPolicy, Identity, IdentityKind, IdentityName, ManagedPolicy, NewIdentity,
    NewManagedPolicy, OidcChange, OidcProvider, PolicyKey, Role, RoleTerms, RoleUpdate,
};
pub use installation::{Founding, Inspection, Installation, InstallationId, Sealed};
pub use issuance::{IssuanceId, Issued, NewIssuance, TokenGrant};
pub use jobs::{
    ExecutionChange, ExecutionFilter, ExecutionKey, Job, JobCancel, JobExecution, JobFilter,
    JobNotice, JobRow, JobTarget, JobTemplate, JobUpdate, NewJob,
};
pub use logging::{EventLevel, LoggingChange, LoggingOptions, TargetLevel};
pub use page::Page;
pub use policies::Policy;
pub use principals::{ThingOfPrincipal, ThingPrincipal};
pub use recording::{HeldTo, Recording};
pub use registration_tasks::{NewRegistrationTask, RegistrationTask, TaskRow, TaskStatus};
pub use retained::{RetainedMessage, RetainedProperties, RetainedSummary};
pub use role_aliases::RoleAlias;
pub use rows::{
    CaRow, CertificateRow, FunctionRow, FunctionVersionRow, GroupRow, PolicyRow, ThingRow,
};
pub use sessions::{
    KeptSession, MessageToQueue, OpenedSession, Queue, QueueBounds, QueuePage, Queued,
    QueuedMessage, SessionFilter, SessionOpened, SessionOpening, WhenFull,
};
pub use shadows::ShadowUpdate;
use sql::Sql;
pub use tagged::Tagged;
pub use templates::{Hook, NewTemplate, Template, TemplateType, TemplateUpdate};
pub use thing_groups::{
    DynamicGroup, DynamicGroupUpdate, GroupFilter, GroupStatus, MemberKey, NewThingGroup,
    ThingGroup,
};
pub use thing_types::{NewThingType, ThingType, ThingTypeUpdate};
pub use things::{AttributeFilter, NewThing, Thing, ThingFilter, ThingUpdate, TypeUpdate};
pub use tokens::{Spent, TokenState};
pub use transfers::{NewTransfer, OutgoingCertificate, Transfer};
pub use versions::DocumentVersion;

/// The registry. Cheap to clone; the last clone to go stops the writer after its queue is empty.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    /// The record of the operation that this handle is for.
    recording: Option<Arc<Recording>>,
    /// The certificate that the operation is carried out for.
    held_to: Option<HeldTo>,
}

/// The databases that the registry runs on.
#[derive(Clone)]
enum Backend {
    Sqlite(Arc<sqlite::Sqlite>),
}

impl Store {
    /// Opens the registry at `url`: a path, or `sqlite:` and a path. A missing file is made and
    /// an older schema migrated; in every error case the file is left as it was. `scope` names
    /// resources in refusals; `changes` hears of every committed change before its caller does.
    ///
    /// Blocks for the time of the migrations. Exclusive use of the file is the caller's to keep.
    pub fn open(
        url: &str,
        scope: AccountScope,
        changes: Arc<dyn ChangeSink>,
    ) -> Result<Self, OpenError> {
        let sqlite = sqlite::Sqlite::open(
            path_of(url)?,
            scope,
            changes,
            issuance::remove_unfinished,
            Box::<before_commit::CommitSteps>::default(),
        )?;
        Ok(Self { backend: Backend::Sqlite(Arc::new(sqlite)), recording: None, held_to: None })
    }

    /// Why nothing is written any more: the file was found damaged, or is no longer there. `None`
    /// while all is well.
    pub fn stopped(&self) -> Option<String> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.stopped(),
        }
    }

    /// Whether a write would be kept now, by what became of the last one. Where that failed more
    /// than a second ago, this tries one that changes nothing.
    ///
    /// # Errors
    /// Why it would not be: the disk is full or fails, or the file is damaged or gone.
    pub async fn writable(&self) -> Result<(), StoreError> {
        let Backend::Sqlite(sqlite) = &self.backend;
        match sqlite.writes() {
            sqlite::Writes::Kept => Ok(()),
            sqlite::Writes::Failing(why) => Err(why),
            sqlite::Writes::Unknown => self.try_write().await,
        }
    }

    /// Looks for damage in every page of the open registry, resting `pause` now and then, and
    /// stops writes when it finds any. Blocks for as long as that takes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn check_pages(&self, pause: Duration) -> Result<(), OpenError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.check_pages(pause),
        }
    }

    /// Runs `job` in a transaction that is durable when this returns: a chore, or a step before
    /// the change that the operation is recorded with.
    async fn write_unrecorded<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(job).await,
        }
    }

    /// Runs one statement that reads.
    async fn read<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(job).await,
        }
    }

    /// Runs statements that read one state of the registry.
    async fn snapshot<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.snapshot(job).await,
        }
    }
}

/// The file that a registry's URL names.
fn path_of(url: &str) -> Result<&Path, OpenError> {
    if let Some((scheme, _)) = url.split_once("://") {
        return Err(OpenError::UnknownScheme(scheme.to_owned()));
    }
    Ok(Path::new(url.strip_prefix("sqlite:").unwrap_or(url)))
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
