//! `ListCertificateProviders`: there is one at most, so one page holds them all.

use fleetwright_core::names::CertificateProviderName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListCertificateProviders";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, CertificateProviderName::parse)?;
    call.query_flag("isAscendingOrder")?;
    let found = control.store.certificate_providers().await?;
    let items = found.iter().filter(|found| after.as_ref().is_none_or(|after| found.name > *after));
    let items = items.map(|found| {
        json!({
            "certificateProviderName": found.name.as_str(),
            "certificateProviderArn": control.home.arn("certificateprovider", &found.name),
        })
    });
    Ok(Answer::list("certificateProviders", items, &NEXT_TOKEN, None))
}
