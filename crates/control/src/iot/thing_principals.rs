//! The certificates that things have as principals.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::ThingName;
use fleetwright_store::CertificateRow;
use serde_json::{Value, json};

use crate::Control;
use crate::iot::named::principal;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("AttachThingPrincipal", attach_thing_principal),
    operation!("DetachThingPrincipal", detach_thing_principal),
    operation!("ListThingPrincipals", list_thing_principals),
    operation!("ListThingPrincipalsV2", list_thing_principals_v2),
    operation!("ListPrincipalThings", list_principal_things),
    operation!("ListPrincipalThingsV2", list_principal_things_v2),
];

/// The header that names a principal.
const PRINCIPAL: &str = "x-amzn-principal";
const EXCLUSIVE: &str = "EXCLUSIVE_THING";
const SHARED: &str = "NON_EXCLUSIVE_THING";

/// The query parameter `thingPrincipalType`: whether it is `EXCLUSIVE_THING`.
fn exclusive(call: &Call) -> Result<Option<bool>, Refusal> {
    match call.query_text("thingPrincipalType")? {
        None => Ok(None),
        Some(EXCLUSIVE) => Ok(Some(true)),
        Some(SHARED) => Ok(Some(false)),
        Some(_) => Err(invalid(format!(
            "The query parameter 'thingPrincipalType' must be {EXCLUSIVE} or {SHARED}."
        ))),
    }
}

fn type_text(exclusive: bool) -> &'static str {
    if exclusive { EXCLUSIVE } else { SHARED }
}

/// `AttachThingPrincipal`: a certificate, shared unless `EXCLUSIVE_THING`.
async fn attach_thing_principal(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let id = principal(&control.scope, call.header_text(PRINCIPAL)?)?;
    let exclusive = exclusive(call)?.unwrap_or(false);
    control.store.attach_thing_principal(name, id, exclusive).await?;
    Ok(Answer::empty())
}

/// `DetachThingPrincipal`: at once; what is not attached is already detached.
async fn detach_thing_principal(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let id = principal(&control.scope, call.header_text(PRINCIPAL)?)?;
    control.store.detach_thing_principal(name, id).await?;
    Ok(Answer::empty())
}

/// `ListThingPrincipals`: the certificates of a thing, by ARN.
async fn list_thing_principals(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.row(&NEXT_TOKEN)?.map(CertificateRow);
    let found = control.store.thing_principals(&name, None, after, page.size).await?;
    let principals =
        found.items.iter().map(|item| Value::String(control.scope.arn("cert", item.certificate)));
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("principals", principals, &NEXT_TOKEN, next.as_deref()))
}

/// `ListThingPrincipalsV2`: the certificates of a thing, with how they are attached.
async fn list_thing_principals_v2(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let exclusive = exclusive(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.row(&NEXT_TOKEN)?.map(CertificateRow);
    let found = control.store.thing_principals(&name, exclusive, after, page.size).await?;
    let principals = found.items.iter().map(|item| {
        json!({
            "principal": control.scope.arn("cert", item.certificate),
            "thingPrincipalType": type_text(item.exclusive),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("thingPrincipalObjects", principals, &NEXT_TOKEN, next.as_deref()))
}

/// `ListPrincipalThings`: the things of a certificate, by name.
async fn list_principal_things(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = principal(&control.scope, call.header_text(PRINCIPAL)?)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.principal_things(id, None, after, page.size).await?;
    let things = found.items.iter().map(|item| item.thing.as_str().into());
    Ok(Answer::list("things", things, &NEXT_TOKEN, found.next.as_ref().map(ThingName::as_str)))
}

/// `ListPrincipalThingsV2`: the things of a certificate, with how it is attached.
async fn list_principal_things_v2(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = principal(&control.scope, call.header_text(PRINCIPAL)?)?;
    let exclusive = exclusive(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.principal_things(id, exclusive, after, page.size).await?;
    let things = found.items.iter().map(|item| {
        json!({
            "thingName": item.thing.as_str(),
            "thingPrincipalType": type_text(item.exclusive),
        })
    });
    let next = found.next.as_ref().map(ThingName::as_str);
    Ok(Answer::list("principalThingObjects", things, &NEXT_TOKEN, next))
}
