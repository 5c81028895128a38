//! `GetUser`: the named one, or who asks.

use crate::control::Control;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::{IdentityKind, Tagged};

pub(super) const NAME: &str = "GetUser";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let found = call.user_or_self()?;
    let tags = control.store.tags(&Tagged::Identity(found.clone())).await?;
    let user = shape::identity(control, IdentityKind::User, found);
    Ok(Element::new().nested("User", shape::with_tags(user, &tags)))
}
