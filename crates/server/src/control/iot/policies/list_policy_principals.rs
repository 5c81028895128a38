//! `ListPolicyPrincipals`: the certificates of a policy; newest first unless `isAscendingOrder`.

use fleetwright_core::names::PolicyName;
use fleetwright_store::CertificateRow;

use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::MARKER;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPolicyPrincipals";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = PolicyName::parse(call.header_text("x-amzn-iot-policy")?);
    let name = name.map_err(|rule| invalid(sentence(&rule)))?;
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.policy_principals(&name, after, page.size, ascending).await?;
    let principals = found.items.iter().map(|id| control.home.arn("cert", id).into());
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("principals", principals, &MARKER, next.as_deref()))
}
