//! Applying a provisioning plan: one transaction, whole or not at all, harmless twice.

use fleetwright_core::certificate::{CertificateId, CertificateStatus, Instant};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::ThingName;
use fleetwright_core::ownership::{self, Judgement, Ownership, RequestDigest, TokenDigest};
use fleetwright_core::plan::{CertificateSource, PolicyPlan, ProvisioningPlan, ThingPlan};
use fleetwright_core::registry::{self, ExistingThing, ThingChange};

use crate::certificates::CertificateState;
use crate::sql::{Sql, args};
use crate::thing_groups::Entry;
use crate::{
    CertificateRow, Change, NewThing, PolicyRow, Store, StoreError, ThingRow, Uuid, attachments,
    certificates, claims, policies, principals, thing_groups, things, tokens,
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
    pub now: Instant,
}

/// A device that registers its own thing with a new certificate, as it was before the template's
/// hook was asked. AWS's rotation sample switches the caller's certificate to `INACTIVE` in the hook,
/// and the registration still goes through. So of a certificate that is `INACTIVE` now, and has
/// changed once since, this one registration is accepted, for one of the things that were its own;
/// a `REVOKED`, deleted or transferred one registers nothing, and neither does a claim, which has no
/// thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// `customerVersion` of the certificate, which was `ACTIVE`.
    pub version: i64,
    /// The things that it was attached to, at most ten.
    pub things: Vec<ThingName>,
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

    /// What a connection's certificate is now, if it could renew itself: `ACTIVE`, and attached to
    /// a thing.
    pub async fn renewal(&self, row: CertificateRow) -> Result<Option<Renewal>, StoreError> {
        self.snapshot(move |sql| {
            let found = sql.one(
                "SELECT version FROM certificates WHERE row_id = $1 AND status = $2",
                args![row, CertificateStatus::Active],
                |row| row.get(0),
            )?;
            let Some(version) = found else { return Ok(None) };
            let things: Vec<ThingName> = sql.all(
                "SELECT t.name FROM thing_principals p JOIN things t ON t.row_id = p.thing_row \
                 WHERE p.certificate_row = $1 ORDER BY t.row_id LIMIT $2",
                args![row, RENEWED_THINGS],
                |row| row.get(0),
            )?;
            Ok((!things.is_empty()).then_some(Renewal { version, things }))
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
            "SELECT 1 FROM certificates WHERE row_id = $1 AND status = $2 AND version = $3",
            args![claim, CertificateStatus::Inactive, renewal.version + 1],
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
        && let Some(answer) = judge(sql, token, id, apply.now)?
    {
        return replayed(sql, plan, id, answer);
    }
    // 3. The certificate may be registered.
    let certificate = certificates::require(sql, id).map_err(as_failure)?;
    if apply.pending_only && certificate.status != CertificateStatus::PendingActivation {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!("Certificate {id} is {} by now.", certificate.status.as_str()),
        ));
    }
    let status = registry::meet_certificate(certificate.status, &plan.certificate)?;
    // 4. The thing is made, or met by the rules of its overrides.
    let thing = plan.thing.as_ref().map(|thing| meet(sql, thing, apply)).transpose()?;
    // 5. The policies exist, or are made, and are attached.
    for policy in &plan.policies {
        let row = find_or_make(sql, policy, apply.now)?;
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
        spend(sql, token, &certificate)?;
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

/// The stored answer, if the same request spent the token; `None` if it is good.
fn judge(
    sql: &Sql<'_>,
    token: &SpendToken,
    id: &CertificateId,
    now: Instant,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = sql.one(
        "SELECT c.id, t.until, t.request_digest, t.answer FROM ownership_tokens t \
         JOIN certificates c ON c.row_id = t.certificate_row WHERE t.digest = $1",
        args![&token.digest.0],
        |row| {
            let owned: CertificateId = row.get(0)?;
            let until = row.get(1)?;
            let ownership = match tokens::spent(row, 2)? {
                None => Ownership::Unspent { until },
                Some(spent) => Ownership::Spent {
                    request: RequestDigest(spent.request_digest),
                    answer: spent.answer,
                    until,
                },
            };
            Ok((owned, ownership))
        },
    )?;
    let foreign = found.as_ref().is_some_and(|(owned, _)| owned != id);
    match ownership::judge(found.map(|(_, ownership)| ownership), now, token.request)? {
        Judgement::Replay(answer) => Ok(Some(answer)),
        Judgement::Proceed if foreign => Err(StoreError::refused(
            ErrorCode::InvalidToken,
            format!(
                "The certificate ownership token does not belong to certificate {id}, which the \
                 template registers."
            ),
        )),
        Judgement::Proceed => Ok(None),
    }
}

fn replayed(
    sql: &Sql<'_>,
    plan: &ProvisioningPlan,
    id: &CertificateId,
    answer: Vec<u8>,
) -> Result<Registered, StoreError> {
    let status = certificates::require(sql, id)?.status;
    let thing = plan.thing.as_ref().map(|thing| thing.name.clone());
    Ok(Registered { created: false, thing, status, replay: Some(answer) })
}

fn spend(
    sql: &Sql<'_>,
    token: &SpendToken,
    certificate: &CertificateState,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE ownership_tokens SET request_digest = $1, answer = $2 WHERE certificate_row = $3",
        args![&token.request.0, &token.answer, certificate.row],
    )?;
    Ok(())
}

/// The thing's row, and whether it is new.
fn meet(
    sql: &Sql<'_>,
    plan: &ThingPlan,
    apply: &ApplyRegistration,
) -> Result<(ThingRow, bool), StoreError> {
    let found = things::find(sql, &plan.name)?;
    let existing = match &found {
        None => None,
        Some(thing) => Some(ExistingThing {
            attributes: thing.attributes.clone(),
            type_name: thing.type_name.clone(),
            groups: thing_groups::static_of_thing(sql, thing.row)?.into_iter().collect(),
            billing_group: thing.billing_group.clone(),
        }),
    };
    match (registry::meet(existing.as_ref(), plan)?, found) {
        (ThingChange::Unchanged, Some(thing)) => Ok((thing.row, false)),
        (ThingChange::Update(update), Some(thing)) => {
            // A group is left before one of the same hierarchy is entered.
            for group in &update.groups_to_remove {
                thing_groups::leave(sql, thing.row, group).map_err(as_failure)?;
            }
            enter_all(sql, thing.row, &update.groups_to_add)?;
            let (kind, billing) = (update.type_name.as_ref(), update.billing_group.as_ref());
            things::set(sql, &thing, kind, billing, &update.attributes).map_err(as_failure)?;
            Ok((thing.row, false))
        }
        (ThingChange::Create(thing), None) => {
            let groups: Vec<_> = thing.groups.into_iter().collect();
            let new = NewThing {
                name: plan.name.clone(),
                id: apply.thing_id,
                type_name: thing.type_name,
                billing_group: thing.billing_group,
                attributes: thing.attributes,
            };
            let row = things::insert(sql, &new, apply.now).map_err(as_failure)?;
            enter_all(sql, row, &groups)?;
            Ok((row, true))
        }
        (change, _) => Err(StoreError::Corrupt(format!("a plan met no thing with {change:?}"))),
    }
}

fn enter_all(
    sql: &Sql<'_>,
    thing: ThingRow,
    groups: &[fleetwright_core::names::ThingGroupName],
) -> Result<(), StoreError> {
    groups.iter().try_for_each(|group| {
        // A device is not kept out by the dynamic groups that it happens to be in.
        let code = ErrorCode::ResourceRegistrationFailure;
        thing_groups::enter(sql, thing, group, Entry { code, over_dynamic: true })
            .map_err(as_failure)
    })
}

fn find_or_make(sql: &Sql<'_>, plan: &PolicyPlan, now: Instant) -> Result<PolicyRow, StoreError> {
    match plan {
        PolicyPlan::Existing { name, .. } => policies::require(sql, name).map_err(as_failure),
        PolicyPlan::FromDocument { name, document, .. } => match policies::policy(sql, name)? {
            None => policies::insert(sql, name, document, now),
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
