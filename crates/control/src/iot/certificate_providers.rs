//! Certificate providers: functions that sign.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::CertificateProviderName;
use fleetwright_store::CertificateProvider;
use serde_json::json;

use crate::Control;
use crate::iot::functions::{Named, function, required_function, with_function_lints};
use crate::operation::operation;
use crate::rest::members::{Members, invalid, text_item};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateCertificateProvider", create_certificate_provider),
    operation!("DescribeCertificateProvider", describe_certificate_provider),
    operation!("UpdateCertificateProvider", update_certificate_provider),
    operation!("DeleteCertificateProvider", delete_certificate_provider),
    operation!("ListCertificateProviders", list_certificate_providers),
];

/// The only operation that a provider can take over. AWS: `CertificateProviderOperation`.
const OPERATION: &str = "CreateCertificateFromCsr";

/// `accountDefaultForOperations`: exactly [`OPERATION`]; whether it is present.
fn operations(members: &Members<'_>) -> Result<bool, Refusal> {
    let found = members.list("accountDefaultForOperations", text_item)?;
    match found.as_deref() {
        None => Ok(false),
        Some([OPERATION]) => Ok(true),
        Some(_) => Err(invalid(format!(
            "The member 'accountDefaultForOperations' must be [\"{OPERATION}\"]."
        ))),
    }
}

/// The response of creation and update.
fn answer(control: &Control, name: &CertificateProviderName) -> Answer {
    Answer::json(json!({
        "certificateProviderName": name.as_str(),
        "certificateProviderArn": control.scope.arn("certificateprovider", name),
    }))
}

/// Characters of a client token. AWS: shape `ClientToken`.
const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 36..=64;

/// `CreateCertificateProvider`; an account has one.
async fn create_certificate_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let body = call.object()?;
    let members = body.members();
    check_token(&members)?;
    if !operations(&members)? {
        return Err(invalid("The member 'accountDefaultForOperations' is required.").into());
    }
    let now = control.now();
    let provider = CertificateProvider {
        name: name.clone(),
        function_arn: required_function(control, &members, "lambdaFunctionArn")?,
        created: now,
        modified: now,
    };
    let target = provider.function_arn.clone();
    control.store.create_certificate_provider(provider, tags::tags(&members)?).await?;
    let source = control.scope.arn("certificateprovider", &name);
    let named = Named { member: "lambdaFunctionArn", target: &target, source: &source };
    with_function_lints(control, answer(control, &name), &named).await
}

fn check_token(members: &Members<'_>) -> Result<(), Refusal> {
    let Some(token) = members.text("clientToken")? else { return Ok(()) };
    if TOKEN_CHARS.contains(&token.chars().count()) && !token.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(invalid("The member 'clientToken' must be 36 to 64 characters without white space."))
}

/// `DescribeCertificateProvider`.
async fn describe_certificate_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let found = control.store.certificate_provider(&name).await?;
    let found = found.ok_or_else(|| not_found("certificate provider", &name))?;
    Ok(Answer::json(json!({
        "certificateProviderName": found.name.as_str(),
        "certificateProviderArn": control.scope.arn("certificateprovider", &found.name),
        "lambdaFunctionArn": found.function_arn,
        "accountDefaultForOperations": [OPERATION],
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
    })))
}

/// `UpdateCertificateProvider`: the function, if present.
async fn update_certificate_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let body = call.object()?;
    let members = body.members();
    operations(&members)?;
    let function_arn = function(control, &members, "lambdaFunctionArn")?;
    let target = function_arn.clone().unwrap_or_default();
    let now = control.now();
    control.store.update_certificate_provider(name.clone(), function_arn, now).await?;
    let source = control.scope.arn("certificateprovider", &name);
    let named = Named { member: "lambdaFunctionArn", target: &target, source: &source };
    with_function_lints(control, answer(control, &name), &named).await
}

/// `DeleteCertificateProvider`: our own CA signs again.
async fn delete_certificate_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    control.store.delete_certificate_provider(name).await?;
    Ok(Answer::empty())
}

/// `ListCertificateProviders`: there is one at most, so one page holds them all.
async fn list_certificate_providers(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, CertificateProviderName::parse)?;
    call.query_flag("isAscendingOrder")?;
    let found = control.store.certificate_providers().await?;
    let items = found.iter().filter(|found| after.as_ref().is_none_or(|after| found.name > *after));
    let items = items.map(|found| {
        json!({
            "certificateProviderName": found.name.as_str(),
            "certificateProviderArn": control.scope.arn("certificateprovider", &found.name),
        })
    });
    Ok(Answer::list("certificateProviders", items, &NEXT_TOKEN, None))
}
