//! Device certificates that are registered.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::text::shown;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{CertificateRow, CertificateSummary, Origin, Page, Transfer};
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DescribeCertificate", describe_certificate),
    operation!("ListCertificates", list_certificates),
    operation!("ListCertificatesByCA", list_certificates_by_ca),
    operation!("UpdateCertificate", update_certificate),
    operation!("DeleteCertificate", delete_certificate),
];

/// `DescribeCertificate`.
async fn describe_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let found = control.store.certificate(id).await?;
    let found = found.filter(|found| found.origin != Origin::Claim).ok_or_else(|| {
        Refusal::new(
            ErrorCode::ResourceNotFound,
            format!("The certificate given does not exist: {id}"),
        )
    })?;
    let mut description = json!({
        "certificateArn": control.scope.arn("cert", id),
        "certificateId": id.to_string(),
        "status": found.status.as_str(),
        "certificatePem": fleetwright_ca::pem(&found.der),
        "ownedBy": control.scope.account.as_str(),
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "customerVersion": found.version,
        "transferData": transfer_data(found.transfer.as_ref()),
        "generationId": found.generation.to_string(),
        "validity": {
            "notBefore": found.not_before.epoch_seconds(),
            "notAfter": found.not_after.epoch_seconds(),
        },
        "certificateMode": found.mode.as_str(),
    });
    if let Some(members) = description.as_object_mut() {
        if let Some(ca) = found.ca {
            members.insert("caCertificateId".into(), ca.to_string().into());
        }
        if found.transfer.is_some_and(|transfer| transfer.accepted.is_some()) {
            let owner = control.scope.account.as_str();
            members.insert("previousOwnedBy".into(), owner.into());
        }
    }
    Ok(Answer::json(json!({ "certificateDescription": description })))
}

fn transfer_data(transfer: Option<&Transfer>) -> Value {
    let Some(transfer) = transfer else { return json!({}) };
    let mut data = json!({
        "transferMessage": transfer.message,
        "rejectReason": transfer.reject_reason,
        "transferDate": transfer.created.epoch_seconds(),
        "acceptDate": transfer.accepted.map(Timestamp::epoch_seconds),
        "rejectDate": transfer.rejected.map(Timestamp::epoch_seconds),
    });
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    data
}

/// `ListCertificates`: newest first unless `isAscendingOrder`.
async fn list_certificates(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_certificates(after, page.size, ascending).await?;
    Ok(answer(control, &found))
}

/// A page of certificates.
pub(super) fn answer(
    control: &Control,
    found: &Page<CertificateSummary, CertificateRow>,
) -> Answer {
    let certificates = found.items.iter().map(|item| {
        json!({
            "certificateArn": control.scope.arn("cert", item.id),
            "certificateId": item.id.to_string(),
            "status": item.status.as_str(),
            "certificateMode": item.mode.as_str(),
            "creationDate": item.created.epoch_seconds(),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Answer::list("certificates", certificates, &MARKER, next.as_deref())
}

/// `ListCertificatesByCA`: those that a registered CA signed; none of an unknown one.
async fn list_certificates_by_ca(control: &Control, call: &Authorized<Call>) -> Outcome {
    let ca = call.label("caCertificateId", CertificateId::parse)?;
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_certificates_by_ca(ca, after, page.size, ascending).await?;
    Ok(answer(control, &found))
}

/// `UpdateCertificate`: sets the status. Gateways hear of it by the registry's change notice.
async fn update_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let wanted = call.query_text("newStatus")?;
    let wanted = wanted.ok_or_else(|| invalid("The query parameter 'newStatus' is required."))?;
    let status = CertificateStatus::parse(wanted).ok_or_else(|| {
        let wanted = shown(wanted);
        invalid(format!(
            "Certificate status '{wanted}' is not valid: use ACTIVE, INACTIVE or REVOKED."
        ))
    })?;
    control.store.update_certificate_status(id, status, control.now()).await?;
    Ok(Answer::empty())
}

/// `DeleteCertificate`: never an active one, never one with a thing; one with policies by
/// `forceDelete` only.
async fn delete_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let force = call.query_flag("forceDelete")?;
    control.store.delete_certificate(id, force).await?;
    Ok(Answer::empty())
}
