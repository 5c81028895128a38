//! `ListDomainConfigurations`, by name; of one service type, if asked.

use fleetwright_core::names::DomainConfigurationName;
use serde_json::json;

use super::{SERVICE, arn};
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListDomainConfigurations";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, DomainConfigurationName::parse)?;
    match call.query_text("serviceType")? {
        None | Some(SERVICE) => {}
        // None but DATA is kept.
        Some("CREDENTIAL_PROVIDER" | "JOBS") => {
            return Ok(Answer::list("domainConfigurations", std::iter::empty(), &MARKER, None));
        }
        Some(_) => {
            let rule =
                "The query parameter 'serviceType' must be DATA, CREDENTIAL_PROVIDER or JOBS.";
            return Err(invalid(rule).into());
        }
    }
    let found = control.store.list_domain_configurations(after, page.size).await?;
    let items = found.items.iter().map(|found| {
        json!({
            "domainConfigurationName": found.name.as_str(),
            "domainConfigurationArn": arn(control, found),
            "serviceType": SERVICE,
        })
    });
    let next = found.next.as_ref().map(DomainConfigurationName::as_str);
    Ok(Answer::list("domainConfigurations", items, &MARKER, next))
}
