//! Transfers of certificates to another account.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::limits::TRANSFER_MESSAGE_CHARS;
use fleetwright_core::names::AccountId;
use fleetwright_store::{CertificateRow, NewTransfer};
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{invalid, violation};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("TransferCertificate", transfer_certificate),
    operation!("AcceptCertificateTransfer", accept_certificate_transfer),
    operation!("RejectCertificateTransfer", reject_certificate_transfer),
    operation!("CancelCertificateTransfer", cancel_certificate_transfer),
    operation!("ListOutgoingCertificates", list_outgoing_certificates),
];

/// `TransferCertificate`: to an account, which then accepts or rejects it.
async fn transfer_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let target = call
        .query_text("targetAwsAccount")?
        .ok_or_else(|| invalid("The query parameter 'targetAwsAccount' is required."))?;
    let target = AccountId::parse(target).map_err(violation)?;
    let body = call.object()?;
    let message = body.members().bounded_text("transferMessage", TRANSFER_MESSAGE_CHARS)?;
    let there = AccountScope { region: control.scope.region.clone(), account: target.clone() };
    let message = message.map(str::to_owned);
    let transfer = NewTransfer { target, message };
    control.store.transfer_certificate(id, transfer, control.now()).await?;
    Ok(Answer::json(json!({"transferredCertificateArn": there.arn("cert", id)})))
}

/// `AcceptCertificateTransfer`: of a transfer to this account.
async fn accept_certificate_transfer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let active = call.query_flag("setAsActive")?;
    control.store.accept_certificate_transfer(id, active, control.now()).await?;
    Ok(Answer::empty())
}

/// `RejectCertificateTransfer`: of a transfer to this account.
async fn reject_certificate_transfer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let body = call.object()?;
    let reason = body.members().bounded_text("rejectReason", TRANSFER_MESSAGE_CHARS)?;
    let reason = reason.map(str::to_owned);
    control.store.reject_certificate_transfer(id, reason, control.now()).await?;
    Ok(Answer::empty())
}

/// `CancelCertificateTransfer`: the certificate is `INACTIVE` again.
async fn cancel_certificate_transfer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    control.store.cancel_certificate_transfer(id, control.now()).await?;
    Ok(Answer::empty())
}

/// `ListOutgoingCertificates`: those that are being transferred and not accepted yet.
async fn list_outgoing_certificates(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_outgoing_certificates(after, page.size, ascending).await?;
    let certificates = found.items.iter().map(|item| {
        let mut line = json!({
            "certificateArn": control.scope.arn("cert", item.id),
            "certificateId": item.id.to_string(),
            "transferredTo": item.transfer.target.as_str(),
            "transferDate": item.transfer.created.epoch_seconds(),
            "creationDate": item.created.epoch_seconds(),
        });
        if let (Some(message), Value::Object(members)) = (&item.transfer.message, &mut line) {
            members.insert("transferMessage".into(), message.as_str().into());
        }
        line
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("outgoingCertificates", certificates, &MARKER, next.as_deref()))
}
