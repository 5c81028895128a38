//! Hints: the likely causes of a surprising decision, as sentences.

use std::fmt;

/// One likely cause of a decision; `Display` is a sentence for the operator or developer. The
/// variants stand in the order in which they are most telling. `at` names a policy's statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hint {
    /// No policy applies at all.
    NoPolicy {
        /// Whether a device asks, or a caller with a signature.
        is_device: bool,
    },
    /// The resource is listed with the type of another action.
    ResourceType {
        /// Where.
        at: String,
        /// What stands there, such as `topic/x`.
        found: String,
        /// What this action needs, such as `topicfilter/x`.
        wanted: String,
    },
    /// The statement of this action has no resource of the type that the action needs.
    NoSuchType {
        /// Where.
        at: String,
        /// The action.
        action: String,
        /// What it needs, such as `client/`.
        kind: &'static str,
    },
    /// An Allow with `NotResource` or `NotAction` leaves this very request out.
    LeftOut {
        /// Where.
        at: String,
        /// The action.
        action: String,
        /// The entry that leaves it out.
        found: String,
        /// `NotResource` or `NotAction`.
        list: &'static str,
    },
    /// A policy uses `+` or `#` as if they were wildcards.
    LiteralWildcard {
        /// Where.
        at: String,
        /// The resource as written.
        found: String,
        /// `+` or `#`.
        character: char,
    },
    /// The resource would match without its case.
    Case {
        /// Where.
        at: String,
        /// The resource as written.
        found: String,
    },
    /// The resource would match in another region or account.
    OtherHome {
        /// Where.
        at: String,
        /// The ARN as written.
        found: String,
        /// The start of the request's ARN.
        wanted: String,
    },
    /// A document without version 2012-10-17 holds `${…}`, which is plain text there.
    OldVersion {
        /// Where.
        at: String,
    },
    /// A variable of the bound thing has no value because no thing is bound.
    NotBound {
        /// Where.
        at: String,
        /// The variable.
        variable: String,
        /// The connection's client id.
        client_id: String,
    },
    /// A variable of the connection was asked for over HTTPS.
    NotOverHttps {
        /// Where.
        at: String,
        /// The variable.
        variable: String,
    },
    /// A certificate's value holds a character that forbids its substitution.
    CertificateValue {
        /// Where.
        at: String,
        /// The variable.
        variable: String,
        /// The certificate's value.
        value: String,
        /// The character.
        character: char,
    },
    /// A variable has no value.
    Unresolved {
        /// Where.
        at: String,
        /// The variable.
        variable: String,
    },
    /// Action and resource match, a condition does not.
    Condition {
        /// Where.
        at: String,
        /// The condition as written.
        condition: String,
        /// The request's values of its key.
        actual: Vec<String>,
    },
    /// RETAIN was asked for without `iot:RetainPublish`.
    Retain {
        /// Such as `topic/x`.
        resource: String,
    },
    /// Delivery was refused for want of `iot:Receive`.
    Receive {
        /// Such as `topic/x`.
        resource: String,
    },
    /// A Deny does not apply because a variable in it has no value.
    SilentDeny {
        /// Where.
        at: String,
        /// The variable.
        variable: String,
    },
    /// A Deny of narrower filters does not limit the filter that was allowed.
    NarrowDeny {
        /// Where.
        at: String,
        /// The denied resource, such as `topicfilter/a/restricted/*`.
        denied: String,
        /// The filter that was allowed.
        filter: String,
    },
    /// The Allow of this action whose resource is most like the request's.
    Closest {
        /// Where.
        at: String,
        /// The resource as written.
        found: String,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy { is_device: true } => f.write_str(
                "No policy is attached to the certificate or to the groups of its thing.",
            ),
            Self::NoPolicy { is_device: false } => {
                f.write_str("No policy is attached to the caller, its groups or its role.")
            }
            Self::ResourceType { at, found, wanted } => {
                write!(f, "The {at} has {found}; this action needs {wanted}.")
            }
            Self::NoSuchType { at, action, kind } => {
                write!(f, "{action} needs a resource {kind}…; the {at} has none.")
            }
            Self::LeftOut { at, action, found, list: list @ "NotAction" } => {
                write!(f, "The {at} allows all but {found} ({list}), which {action} is.")
            }
            Self::LeftOut { at, action, found, list } => write!(
                f,
                "The {at} allows {action} except on {found} ({list}), which this resource is."
            ),
            Self::LiteralWildcard { at, found, character } => {
                write!(f, "'{character}' in a policy is literal; use * (the {at} has {found}).")
            }
            Self::Case { at, found } => {
                write!(f, "The {at} has {found}, which differs in case; resources match exactly.")
            }
            Self::OtherHome { at, found, wanted } => {
                write!(f, "The {at} has {found}; the request's ARN starts with {wanted}.")
            }
            Self::OldVersion { at } => write!(
                f,
                "The {at} holds ${{…}}, but variables need \"Version\": \"2012-10-17\" in the \
                 document."
            ),
            Self::NotBound { at, variable, client_id } => write!(
                f,
                "Client id '{client_id}': no thing of that name is attached to this certificate, \
                 so ${{{variable}}} in the {at} has no value."
            ),
            Self::NotOverHttps { at, variable } => {
                write!(f, "Variable ${{{variable}}} in the {at} is undefined over HTTPS.")
            }
            Self::CertificateValue { at, variable, value, character } => write!(
                f,
                "{variable} '{value}' contains '{character}': the variable in the {at} is not \
                 substituted."
            ),
            Self::Unresolved { at, variable } => {
                write!(f, "Variable ${{{variable}}} in the {at} has no value here.")
            }
            Self::Condition { at, condition, actual } => write!(
                f,
                "The {at} matches but for its condition {condition}; the request has [{}].",
                actual.join(", ")
            ),
            Self::Retain { resource } => {
                write!(f, "RETAIN needs iot:RetainPublish on {resource}, besides iot:Publish.")
            }
            Self::Receive { resource } => write!(
                f,
                "Messages are withheld: no iot:Receive on {resource}; iot:Subscribe does not \
                 imply it."
            ),
            Self::SilentDeny { at, variable } => write!(
                f,
                "The {at} is a Deny that does not apply, because ${{{variable}}} has no value \
                 here."
            ),
            Self::NarrowDeny { at, denied, filter } => write!(
                f,
                "Deny on {denied} (the {at}) cannot limit filter {filter}; add a Deny of \
                 iot:Receive on {}.",
                denied.replacen("topicfilter/", "topic/", 1)
            ),
            Self::Closest { at, found } => write!(f, "Closest is {found} in the {at}."),
        }
    }
}
