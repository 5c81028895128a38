//! `ListInstanceProfilesForRole`: none, for there are no instances here. Terraform asks for them
//! before it deletes a role.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::iam::{absent, read};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::RoleName;

pub(super) const NAME: &str = "ListInstanceProfilesForRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.form.parsed("RoleName", RoleName::parse)?;
    if control.store.role(&name).await?.is_none() {
        return Err(absent(&read::role(&call.form)?));
    }
    Ok(end(Element::new().nested("InstanceProfiles", Element::new()), None))
}
