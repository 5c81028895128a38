//! `GetUser`: the named one, or who asks.

use crate::control::Control;
use crate::control::iam::{absent, read, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::{IdentityKind, IdentityName, Tagged};

pub(super) const NAME: &str = "GetUser";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = IdentityName::User(read::user_or_self(call)?);
    let found = control.store.identity(&name).await?.ok_or_else(|| absent(&name))?;
    let tags = control.store.tags(&Tagged::Identity(name)).await?;
    let user = shape::identity(control, IdentityKind::User, &found);
    Ok(Element::new().nested("User", shape::with_tags(user, &tags)))
}
