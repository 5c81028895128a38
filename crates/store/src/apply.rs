//! Applying a provisioning plan: one transaction, whole or not at all, harmless twice.

mod thing;
mod token;

use fleetwright_core::certificate::CertificateStatus;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::ThingName;
use fleetwright_core::ownership::{RequestDigest, TokenDigest};
use fleetwright_core::plan::{CertificateSource, PolicyPlan, PossibleChange, ProvisioningPlan};
use fleetwright_core::registry::{self, Registrar};
use fleetwright_core::time::Timestamp;

use crate::sql::{Sql, args};
use crate::{
    CertificateRow, Change, PolicyRow, Store, StoreError, Uuid, attachments, certificates, claims,
    policies, principals, things,
};

/// A plan to apply.
#[derive(Debug, Clone)]
pub struct ApplyRegistration {
    /// What it shall bring about. Its certificate is named by id.
    pub plan: ProvisioningPlan,
    /// The token that the device presents; `None` for registrations without one (REST, JITP).
    pub token: Option<SpendToken>,
    /// `thingId`, in case the thing is new.
    pub thing_id: Uuid,
    /// The claim that counts the device, and the most devices that the caller allows it beside
    /// the claim's own terms.
    pub claim: Option<(CertificateRow, Option<u64>)>,
    /// What the claim was when the template's hook was asked, if it renews itself by this
    /// registration. See [`Renewal`].
    pub renewal: Option<Renewal>,
    /// The certificate must wait in `PENDING_ACTIVATION` (JITP): one that an operator switched off
    /// meanwhile is not switched on again.
    pub pending_only: bool,
    /// The time.
    pub now: Timestamp,
}

/// A device that registers its own thing with a new certificate, as it was before the template's
/// hook was asked. AWS's rotation sample switches the caller's certificate to `INACTIVE` in the hook,
/// and the registration still goes through. So of a certificate that is `INACTIVE` now, and has
/// changed once since, this one registration is accepted, for one of the things that were its own;
/// where the hook is a function of this server's, its own session must have done that, and nobody
/// else; a `REVOKED`, deleted or transferred one registers nothing, and neither does a claim, which has no
/// thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// `customerVersion` of the certificate, which was `ACTIVE`.
    pub version: i64,
    /// The things that it was attached to, at most ten.
    pub things: Vec<ThingName>,
    /// The principal that alone may have switched it off meanwhile: the hook's own. `None` when
    /// the hook has none that is known here.
    pub hook: Option<String>,
}

/// Things of a certificate that it may renew itself for. (ours)
const RENEWED_THINGS: usize = 10;

/// A token to spend, and the answer to give again to the same request.
#[derive(Debug, Clone)]
pub struct SpendToken {
    /// Digest of the token.
    pub digest: TokenDigest,
    /// Digest of the request.
    pub request: RequestDigest,
    /// The answer, in the caller's form.
    pub answer: Vec<u8>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Whether the thing is new.
    pub created: bool,
    /// The thing, if the plan has one.
    pub thing: Option<ThingName>,
    /// The certificate's status now.
    pub status: CertificateStatus,
    /// The stored answer, when this very request was applied before; then nothing was done.
    pub replay: Option<Vec<u8>>,
}

impl Store {
    /// Applies a plan in one transaction and spends its token.
    ///
    /// # Errors
    /// `InvalidToken`; `ResourceRegistrationFailure` when something that the plan names is missing
    /// or full; `ResourceConflicts` by the plan's overrides; `CertificateState`; `AccessDenied`
    /// when the claim is not `ACTIVE`, expired, or has used up its devices. Then nothing is kept.
    pub async fn apply_registration(
        &self,
        apply: ApplyRegistration,
    ) -> Result<Registered, StoreError> {
        self.write(move |sql| register(sql, &apply)).await
    }

    /// The changes that a plan would come to, as the registry is now; those of its thing are none
    /// where the registry would refuse it.
    pub async fn possible_changes(
        &self,
        plan: &ProvisioningPlan,
    ) -> Result<Vec<PossibleChange>, StoreError> {
        self.snapshot(|sql| {
            let mut changes = Vec::new();
            if let Some(thing) = &plan.thing {
                let found = things::find(sql, &thing.name)?;
                let found = found.as_ref().map(|found| thing::existing(sql, found)).transpose()?;
                if let Ok(change) = registry::meet(found.as_ref(), thing) {
                    changes = change.possible(found.as_ref());
                }
            }
            for policy in &plan.policies {
                if let PolicyPlan::FromDocument { name, .. } = policy
                    && policies::policy(sql, name)?.is_none()
                {
                    changes.push(PossibleChange::CreatePolicy(name.clone()));
                }
            }
            Ok(changes)
        })
        .await
    }

    /// What a connection's certificate is now, if it could renew itself: `ACTIVE`, and attached to
    /// a thing.
    pub async fn renewal(&self, row: CertificateRow) -> Result<Option<Renewal>, StoreError> {
        self.snapshot(move |sql| {
            let found = sql.one(
                "SELECT version FROM certificates WHERE row_id = $1 AND status = $2",
                args![row, CertificateStatus::Active],
                |row| row.value(),
            )?;
            let Some(version) = found else { return Ok(None) };
            let things: Vec<ThingName> = sql.all(
                "SELECT t.name FROM thing_principals p JOIN things t ON t.row_id = p.thing_row \
                 WHERE p.certificate_row = $1 ORDER BY t.row_id LIMIT $2",
                args![row, RENEWED_THINGS],
                |row| row.value(),
            )?;
            Ok((!things.is_empty()).then_some(Renewal { version, things, hook: None }))
        })
        .await
    }
}

/// The claim may register the device of this plan.
fn check_claim(
    sql: &Sql<'_>,
    claim: CertificateRow,
    apply: &ApplyRegistration,
) -> Result<(), StoreError> {
    let renewed = |renewal: &Renewal| {
        let thing = apply.plan.thing.as_ref().map(|thing| &thing.name);
        thing.is_some_and(|name| renewal.things.contains(name))
    };
    if let Some(renewal) = apply.renewal.as_ref().filter(|renewal| renewed(renewal)) {
        let switched_off_once = sql.exists(
            "SELECT 1 FROM certificates WHERE row_id = $1 AND status = $2 AND version = $3 \
             AND ($4 IS NULL OR deactivated_by = $4)",
            args![claim, CertificateStatus::Inactive, renewal.version + 1, renewal.hook.as_deref()],
        )?;
        if switched_off_once {
            return claims::in_time(sql, claim, apply.now);
        }
    }
    claims::check(sql, claim, apply.now)
}

pub(crate) fn register(sql: &Sql<'_>, apply: &ApplyRegistration) -> Result<Registered, StoreError> {
    let plan = &apply.plan;
    let CertificateSource::Id(id) = &plan.certificate.source else {
        return Err(StoreError::Corrupt(
            "a plan's certificate must be registered first".to_owned(),
        ));
    };
    // 1. The claim may register devices.
    if let Some((claim, _)) = apply.claim {
        check_claim(sql, claim, apply)?;
    }
    // 2. The token is good, or was spent by this very request.
    if let Some(token) = &apply.token
        && let Some(answer) = token::judge(sql, token, id, apply.now)?
    {
        return token::replayed(sql, plan, id, answer);
    }
    // 3. The certificate may be registered.
    let certificate = certificates::require(sql, id).map_err(as_failure)?;
    if apply.pending_only && certificate.status != CertificateStatus::PendingActivation {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!("Certificate {id} is {} by now.", certificate.status.as_str()),
        ));
    }
    let registrar = if apply.token.is_some() { Registrar::Device } else { Registrar::Operator };
    let status = registry::meet_certificate(certificate.status, &plan.certificate, registrar)?;
    // 4. The thing is made, or met by the rules of its overrides.
    let thing = plan.thing.as_ref().map(|thing| thing::meet(sql, thing, apply)).transpose()?;
    // 5. The policies exist, or are made, and are attached.
    for policy in &plan.policies {
        let row = find_or_make(sql, plan, policy, apply.now)?;
        attachments::attach_to_certificate(sql, row, certificate.row).map_err(as_failure)?;
    }
    // 6. The certificate is the thing's, and gets its status.
    if let Some((row, _)) = thing {
        principals::attach(sql, certificate.row, row, plan.certificate.exclusive)
            .map_err(as_failure)?;
    }
    certificates::set_status(sql, id, &certificate, status, apply.now)?;
    sql.changed(Change::Certificate(*id));
    // 7. The token is spent and the device counted.
    if let Some(token) = &apply.token {
        token::spend(sql, token, &certificate)?;
    }
    let created = thing.is_some_and(|(_, created)| created);
    if let Some((claim, limit)) = apply.claim
        && (created || thing.is_none())
    {
        claims::count_device(sql, claim, limit)?;
    }
    let thing = plan.thing.as_ref().map(|thing| thing.name.clone());
    Ok(Registered { created, thing, status, replay: None })
}

fn find_or_make(
    sql: &Sql<'_>,
    plan: &ProvisioningPlan,
    policy: &PolicyPlan,
    now: Timestamp,
) -> Result<PolicyRow, StoreError> {
    match policy {
        PolicyPlan::Existing { name, .. } => policies::require(sql, name).map_err(as_failure),
        PolicyPlan::FromDocument { name, document, .. } => match policies::policy(sql, name)? {
            None => {
                plan.may(PossibleChange::CreatePolicy(name.clone()))?;
                policies::insert(sql, name, document, now)
            }
            Some(found) if found.document == *document => Ok(found.row),
            Some(_) => Err(Refusal::new(
                ErrorCode::ResourceConflicts,
                format!(
                    "Policy {name} exists already with another document than the template's; \
                     rename or restore it."
                ),
            )
            .into()),
        },
    }
}

/// What the plan names is missing or full: the registration fails, whatever the code elsewhere.
fn as_failure(error: StoreError) -> StoreError {
    match error {
        StoreError::Refused(mut refusal) => {
            refusal.code = ErrorCode::ResourceRegistrationFailure;
            StoreError::Refused(refusal)
        }
        error => error,
    }
}
