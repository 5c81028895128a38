//! `UpdateDomainConfiguration`: what is given; the rest stays.

use fleetwright_core::names::DomainConfigurationName;
use fleetwright_store::DomainConfigurationUpdate;

use super::answer;
use super::members::{authorizer_config, merge, settings, word};
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "UpdateDomainConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let name = call.label("domainConfigurationName", DomainConfigurationName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let status = word(&members, "domainConfigurationStatus", &["ENABLED", "DISABLED"])?;
    let named = settings(control, &members)?;
    let config = authorizer_config(&members)?;
    let remove = members.flag("removeAuthorizerConfig")?.unwrap_or(false);
    if remove && config.is_some() {
        return Err(invalid(
            "The members 'authorizerConfig' and 'removeAuthorizerConfig' exclude one another.",
        )
        .into());
    }
    // 2. Keep.
    let (authorizer, allow_override) = match config {
        Some((name, allow)) => (Some(name), Some(allow)),
        None => (remove.then_some(None), remove.then_some(None)),
    };
    let update = DomainConfigurationUpdate {
        enabled: status.map(|status| status == "ENABLED"),
        default_authorizer: authorizer,
        settings: Box::new(move |kept| {
            if let Some(allow) = allow_override {
                kept.allow_authorizer_override = allow;
            }
            merge(kept, named);
        }),
    };
    let now = (control.clock)();
    let found = control.store.update_domain_configuration(name, update, now).await?;
    // 3. Answer.
    Ok(answer(control, &found))
}
