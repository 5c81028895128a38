//! `ListInstanceProfilesForRole`: none, for there are no instances here. Terraform asks for them
//! before it deletes a role.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "ListInstanceProfilesForRole";

pub(super) async fn run(_control: &Control, call: &Call) -> Outcome {
    call.role()?;
    Ok(end(Element::new().nested("InstanceProfiles", Element::new()), None))
}
