//! The certificate ownership token of a registration: good, spent by this very request, or refused.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::ownership::{self, Judgement, Ownership, RequestDigest};
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::time::Timestamp;

use super::{Registered, SpendToken};
use crate::certificates::CertificateState;
use crate::sql::{Sql, args};
use crate::{StoreError, certificates, tokens};

/// The stored answer, if the same request spent the token; `None` if it is good.
pub(super) fn judge(
    sql: &Sql<'_>,
    token: &SpendToken,
    id: &CertificateId,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = sql.one(
        "SELECT c.id, t.until, t.request_digest, t.answer FROM ownership_tokens t \
         JOIN certificates c ON c.row_id = t.certificate_row WHERE t.digest = $1",
        args![&token.digest.0],
        |row| {
            let owned: CertificateId = row.get("id")?;
            let until = row.get("until")?;
            let ownership = match tokens::spent(row)? {
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

pub(super) fn replayed(
    sql: &Sql<'_>,
    plan: &ProvisioningPlan,
    id: &CertificateId,
    answer: Vec<u8>,
) -> Result<Registered, StoreError> {
    let status = certificates::require(sql, id)?.status;
    let thing = plan.thing.as_ref().map(|thing| thing.name.clone());
    Ok(Registered { created: false, thing, status, replay: Some(answer) })
}

pub(super) fn spend(
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
