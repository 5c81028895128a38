//! Warnings about policies that are legal and most likely not what their author meant.

use std::collections::BTreeSet;
use std::fmt;

use super::Document;
use super::statement::Statement;
use crate::arn::AccountScope;

mod rules;
mod scope;

use rules::Lints;
pub use rules::is_device_action;
pub(super) use rules::{ACTIONS, may_be};

/// One warning about a document. `Display` names the statement and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Which warning.
    pub kind: LintKind,
    /// The statement's place in the document, from 0; `None` for the document itself.
    pub statement: Option<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $code:literal,)*) => {
        /// The kinds of warnings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum LintKind { $($(#[$doc])* $kind,)* }

        impl LintKind {
            /// A stable code for machines, such as `connect-tautology`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }
        }
    };
}

kinds! {
    /// `client/${iot:ClientId}` for Connect allows every client id.
    ConnectTautology "connect-tautology",
    /// An action whose resource type none of the statement's resources has.
    ResourceType "resource-type",
    /// `+` or `#` in a resource, where it is a plain character.
    MqttWildcard "mqtt-wildcard",
    /// A Deny that does not apply when its variable has no value.
    DenyWithVariable "deny-with-variable",
    /// A variable or condition key that no request has.
    UnknownVariable "unknown-variable",
    /// `iot:Thing.ThingName`, which AWS's lists do not have.
    ThingNameAlias "thing-name-alias",
    /// A `.List` variable in a resource never has a value.
    ListInResource "list-in-resource",
    /// `${…}` in a document without version 2012-10-17 is plain text.
    OldVersion "old-version",
    /// `$(*)` is plain text; the escape is `${*}`.
    Parentheses "parentheses",
    /// An `iot:` action that AWS does not know.
    UnknownAction "unknown-action",
    /// Every action on every resource.
    Everything "everything",
    /// Allow with `NotAction` or `NotResource` grants more than is written.
    AllowNot "allow-not",
    /// An Allow with `ForAllValues` grants when the key is absent.
    ForAllValuesGrants "for-all-values-grants",
    /// A Deny of Subscribe does not stop a broader filter.
    DenySubscribe "deny-subscribe",
    /// A client id with wildcards or slashes widens this filter.
    ClientIdInFilter "client-id-in-filter",
    /// Two statements have the same `Sid`.
    DuplicateSid "duplicate-sid",
    /// An ARN, or a condition's value, of another account, region or partition.
    OtherScope "other-scope",
    /// A placeholder of a sample was left in.
    Placeholder "placeholder",
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.statement {
            Some(index) => write!(f, "Statement[{index}]: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Document {
    /// Warnings about a device policy in the order of the statements; empty for a document without
    /// surprises. Without a scope, other accounts' ARNs pass.
    pub fn lint(&self, scope: Option<&AccountScope>) -> Vec<Lint> {
        self.each(scope, |lints, statement| {
            lints.actions(statement);
            lints.resources(statement, self.language);
            lints.variables(statement);
            lints.conditions(statement);
            lints.reach(statement, self);
        })
    }

    /// Warnings about the policy of an identity, or about a role's trust policy. Actions and keys
    /// are not looked at: AWS has thousands, of services that are not here.
    pub fn lint_identity(&self, scope: Option<&AccountScope>) -> Vec<Lint> {
        self.each(scope, |lints, statement| {
            lints.resources(statement, self.language);
            lints.open_quantifiers(statement);
        })
    }

    fn each(
        &self,
        scope: Option<&AccountScope>,
        mut look: impl FnMut(&mut Lints, &Statement),
    ) -> Vec<Lint> {
        let mut lints = Lints::default();
        let mut sids = BTreeSet::new();
        for (index, statement) in self.statements.iter().enumerate() {
            lints.statement = Some(index);
            look(&mut lints, statement);
            lints.scope(statement, scope);
            if let Some(sid) = statement.sid.as_deref()
                && !sids.insert(sid)
            {
                lints.add(LintKind::DuplicateSid, format!("Sid '{sid}' stands there before."));
            }
        }
        lints.found
    }
}
