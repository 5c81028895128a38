//! What must be allowed.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The service to which AWS IoT's roles are passed.
pub(super) const IOT_SERVICE: &str = "iot.amazonaws.com";

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// With its service prefix, such as `iot:CreateThing`.
    pub action: Cow<'static, str>,
    /// The action's older name, which allows and denies it as well; `None` where it has none.
    pub formerly: Option<&'static str>,
    /// The full ARN, or `*`.
    pub resource: String,
    /// What a refusal shows instead of the ARN, as the request wrote it; `None` when the ARN may
    /// be shown.
    pub shown: Option<String>,
    /// `iam:PassedToService`, when a role is passed.
    pub passed_to: Option<&'static str>,
    /// The resource's tags, for `aws:ResourceTag/…`; empty unless somebody looked them up.
    pub tags: BTreeMap<String, String>,
}

impl Need {
    /// An action on a resource. Certificate ids are put in lower case, as they stand in ARNs, so
    /// that no spelling of an id walks past a Deny.
    pub fn new(action: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            formerly: None,
            resource: canonical(resource.into()),
            shown: None,
            passed_to: None,
            tags: BTreeMap::new(),
        }
    }

    /// The same, allowed by an older name of the action as well.
    #[must_use]
    pub(crate) fn or_formerly(mut self, action: &'static str) -> Self {
        self.formerly = Some(action);
        self
    }
}

/// What is asked before a value is authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredPermissions {
    /// Nothing: the operation is for everybody who has signed.
    Nothing,
    /// Every one of these must be allowed; an empty list is refused.
    All(Vec<Need>),
    /// None of these may be explicitly denied: a trust policy decides the rest.
    NoDeny(Vec<Need>),
}

impl RequiredPermissions {
    /// The needs, to be completed with their tags.
    pub fn needs_mut(&mut self) -> &mut [Need] {
        match self {
            Self::Nothing => &mut [],
            Self::All(needs) | Self::NoDeny(needs) => needs,
        }
    }
}

fn canonical(resource: String) -> String {
    let kind = [":cert/", ":cacert/"].iter().find_map(|kind| {
        let at = resource.find(kind)?;
        Some(at + kind.len())
    });
    match kind.and_then(|at| resource.split_at_checked(at)) {
        Some((kind, id)) if id.bytes().any(|b| b.is_ascii_uppercase()) => {
            format!("{kind}{}", id.to_ascii_lowercase())
        }
        _ => resource,
    }
}
