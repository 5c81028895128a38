//! `DeleteDomainConfiguration`: one that is `DISABLED`.

use fleetwright_core::names::DomainConfigurationName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteDomainConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("domainConfigurationName", DomainConfigurationName::parse)?;
    control.store.delete_domain_configuration(name).await?;
    Ok(Answer::empty())
}
