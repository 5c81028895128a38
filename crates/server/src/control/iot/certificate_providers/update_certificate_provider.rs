//! `UpdateCertificateProvider`: the function, if given.

use fleetwright_core::names::CertificateProviderName;

use super::{answer, operations};
use crate::control::Control;
use crate::control::iot::functions::{Named, function, lints};
use crate::control::iot::lint::with_lints;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "UpdateCertificateProvider";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let body = call.object()?;
    let members = body.members();
    operations(&members)?;
    let function_arn = function(control, &members, "lambdaFunctionArn")?;
    let target = function_arn.clone().unwrap_or_default();
    let now = (control.clock)();
    control.store.update_certificate_provider(name.clone(), function_arn, now).await?;
    let source = control.home.arn("certificateprovider", &name);
    let named = Named { member: "lambdaFunctionArn", target: &target, source: &source };
    Ok(with_lints(answer(control, &name), lints(control, &named).await?))
}
