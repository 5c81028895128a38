//! `TransferCertificate`: to an account, which then accepts or rejects it.

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::limits::TRANSFER_MESSAGE_CHARS;
use fleetwright_core::names::AccountId;
use fleetwright_store::NewTransfer;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "TransferCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let target = call
        .query_text("targetAwsAccount")?
        .ok_or_else(|| invalid("The query parameter 'targetAwsAccount' is required."))?;
    let target = AccountId::parse(target).map_err(|rule| invalid(sentence(&rule)))?;
    let body = call.object()?;
    let message = body.members().bounded_text("transferMessage", TRANSFER_MESSAGE_CHARS)?;
    let there = Home { region: control.home.region.clone(), account: target.clone() };
    let message = message.map(str::to_owned);
    let transfer = NewTransfer { target, message };
    control.store.transfer_certificate(id, transfer, (control.clock)()).await?;
    Ok(Answer::json(json!({"transferredCertificateArn": there.arn("cert", id)})))
}
