//! Users.

use fleetwright_access::access_keys::fresh_id;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::names::UserName;
use fleetwright_store::{IdentityKind, IdentityName, NewIdentity, Tagged};

use crate::Control;
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!("CreateUser", create_user), operation!("GetUser", get_user)];

/// `CreateUser`.
async fn create_user(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let tags = form.tags()?;
    let new = NewIdentity {
        name: form.parsed("UserName", UserName::parse).map(IdentityName::User)?,
        path: read::path(form)?,
        unique_id: fresh_id("AIDA")?,
        role: None,
        tags: tags.clone(),
    };
    let made = control.store.create_identity(new, control.now()).await?;
    let user = shape::identity(control, IdentityKind::User, &made);
    Ok(Element::new().nested("User", shape::with_tags(user, &tags)))
}

/// `GetUser`: the named one, or the caller.
async fn get_user(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = call.user_or_self()?;
    let tags = control.store.tags(&Tagged::Identity(found.clone())).await?;
    let user = shape::identity(control, IdentityKind::User, found);
    Ok(Element::new().nested("User", shape::with_tags(user, &tags)))
}
