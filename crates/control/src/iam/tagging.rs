//! Tags of users, roles, managed policies and OpenID Connect providers.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits;
use fleetwright_store::IdentityKind::{Role, User};
use fleetwright_store::{IdentityKind, PolicyKey, Tagged};

use crate::Control;
use crate::error::ApiError;
use crate::iam::page::end;
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("TagUser", tag, Of::Identity(User)),
    operation!("UntagUser", untag, Of::Identity(User)),
    operation!("ListUserTags", list, Of::Identity(User)),
    operation!("TagRole", tag, Of::Identity(Role)),
    operation!("UntagRole", untag, Of::Identity(Role)),
    operation!("ListRoleTags", list, Of::Identity(Role)),
    operation!("TagPolicy", tag, Of::Policy),
    operation!("UntagPolicy", untag, Of::Policy),
    operation!("ListPolicyTags", list, Of::Policy),
    operation!("TagOpenIDConnectProvider", tag, Of::Provider),
    operation!("UntagOpenIDConnectProvider", untag, Of::Provider),
    operation!("ListOpenIDConnectProviderTags", list, Of::Provider),
];

/// Whose tags.
#[derive(Clone, Copy)]
enum Of {
    Identity(IdentityKind),
    Policy,
    Provider,
}

impl Of {
    /// The resource of a request, to be changed.
    fn named(self, call: &Call) -> Result<Tagged, ApiError> {
        Ok(match self {
            Self::Identity(kind) => Tagged::Identity(call.identity(kind)?.clone()),
            Self::Policy => Tagged::ManagedPolicy(read::own_policy(call)?),
            Self::Provider => Tagged::OidcProvider(call.provider()?.clone()),
        })
    }
}

/// `Tag…`.
async fn tag(control: &Control, call: &Authorized<Call>, of: Of) -> Outcome {
    control.store.tag(of.named(call)?, call.form.tags()?).await?;
    Ok(Element::nothing())
}

/// `Untag…`; a key that does not exist is no error.
async fn untag(control: &Control, call: &Authorized<Call>, of: Of) -> Outcome {
    let keys = call.form.list("TagKeys", limits::TAGS)?;
    let keys = keys.into_iter().map(str::to_owned).collect();
    control.store.untag(of.named(call)?, keys).await?;
    Ok(Element::nothing())
}

/// `List…Tags`: all of them, one page. Policies of AWS have none.
async fn list(control: &Control, call: &Authorized<Call>, of: Of) -> Outcome {
    let tags = match of {
        Of::Policy if matches!(call.policy()?, PolicyKey::Aws(_)) => BTreeMap::new(),
        _ => control.store.tags(&of.named(call)?).await?,
    };
    Ok(end(shape::tag_list(Element::new(), &tags), None))
}
