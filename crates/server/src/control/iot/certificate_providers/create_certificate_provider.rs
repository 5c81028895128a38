//! `CreateCertificateProvider`; an account has one.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::CertificateProviderName;
use fleetwright_store::CertificateProvider;

use super::{answer, operations};
use crate::control::Control;
use crate::control::iot::functions::{Named, lints, required_function};
use crate::control::iot::lint::with_lints;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Call, Outcome, tags};

pub(super) const NAME: &str = "CreateCertificateProvider";

/// Characters of a client token. AWS: shape `ClientToken`.
const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 36..=64;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let body = call.object()?;
    let members = body.members();
    check_token(&members)?;
    if !operations(&members)? {
        return Err(invalid("The member 'accountDefaultForOperations' is required.").into());
    }
    let now = (control.clock)();
    let provider = CertificateProvider {
        name: name.clone(),
        function_arn: required_function(control, &members, "lambdaFunctionArn")?,
        created: now,
        modified: now,
    };
    let target = provider.function_arn.clone();
    control.store.create_certificate_provider(provider, tags::tags(&members)?).await?;
    let source = control.home.arn("certificateprovider", &name);
    let named = Named { member: "lambdaFunctionArn", target: &target, source: &source };
    Ok(with_lints(answer(control, &name), lints(control, &named).await?))
}

fn check_token(members: &Members<'_>) -> Result<(), Refusal> {
    let Some(token) = members.text("clientToken")? else { return Ok(()) };
    if TOKEN_CHARS.contains(&token.chars().count()) && !token.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(invalid("The member 'clientToken' must be 36 to 64 characters without white space."))
}
