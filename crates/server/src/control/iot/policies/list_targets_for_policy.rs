//! `ListTargetsForPolicy`: certificates, then thing groups, by ARN.

use fleetwright_core::arn::Home;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_store::{CertificateRow, GroupRow, PolicyTarget, TargetKey};

use crate::control::iot::page::{MARKER, Page};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListTargetsForPolicy";

/// How a page's key begins that is a certificate's.
const CERTIFICATES: &str = "c";
/// How a page's key begins that is a thing group's.
const GROUPS: &str = "g";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let page = MARKER.read(call)?;
    let after = key(&page)?;
    let found = control.store.policy_targets(&name, after, page.size).await?;
    let targets = found.items.iter().map(|target| arn(&control.home, target).into());
    let next = found.next.map(|key| match key {
        TargetKey::Certificate(row) => format!("{CERTIFICATES}{}", row.0),
        TargetKey::ThingGroup(row) => format!("{GROUPS}{}", row.0),
    });
    Ok(Answer::list("targets", targets, &MARKER, next.as_deref()))
}

fn key(page: &Page) -> Result<Option<TargetKey>, Refusal> {
    let Some(text) = page.after.as_deref() else { return Ok(None) };
    let row = |start| text.strip_prefix(start).and_then(|row| row.parse().ok());
    let certificate = row(CERTIFICATES).map(|row| TargetKey::Certificate(CertificateRow(row)));
    let group = || row(GROUPS).map(|row| TargetKey::ThingGroup(GroupRow(row)));
    match certificate.or_else(group) {
        Some(key) => Ok(Some(key)),
        None => Err(MARKER.foreign_token()),
    }
}

fn arn(home: &Home, target: &PolicyTarget) -> String {
    match target {
        PolicyTarget::Certificate(id) => home.arn("cert", id),
        PolicyTarget::ThingGroup(name) => home.arn("thinggroup", name),
    }
}
