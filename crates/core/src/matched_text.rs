//! Texts of errors that clients match on. They are AWS's, to the letter: a client that waits and
//! tries again, or takes a resource for gone, looks for a part of them. Each names who does.
//!
//! "Terraform" is the provider `hashicorp/aws`, "CloudFormation" the resource handlers of
//! `aws-cloudformation`, "moto" the tests of the library of that name.

use std::fmt::Display;

/// A thing type that was deprecated less than five minutes ago. Terraform (`aws_iot_thing_type`)
/// waits on "Please wait for 5 minutes after deprecation and then retry", CloudFormation
/// (`AWS::IoT::ThingType`) on "minutes after deprecation and then retry".
pub fn deprecated_lately(thing_type: &impl Display) -> String {
    format!(
        "Cannot delete thing type : {thing_type}. Please wait for 5 minutes after deprecation and \
         then retry"
    )
}

/// A thing group with groups below it. Terraform (`aws_iot_thing_group`) waits on "there are still
/// child groups attached". AWS: guide, "Static thing groups".
pub fn group_with_children(thing_group: &impl Display) -> String {
    format!(
        "Cannot delete thing group : {thing_group} when there are still child groups attached to it"
    )
}

/// A thing group below one that does not exist. ministack's tests.
pub fn group_below_none(parent: &impl Display) -> String {
    format!("Cannot create group using non-existing group as parent : {parent}")
}

/// A thing with principals. moto; scripts that detach and try again.
pub fn thing_with_principals(thing: &impl Display) -> String {
    format!("Cannot delete. Thing {thing} is still attached to one or more principals")
}

/// An ACTIVE certificate. moto.
pub fn active_certificate(id: &impl Display) -> String {
    format!("Certificate must be deactivated (not ACTIVE) before deletion. Id: {id}")
}

/// A policy of AWS IoT with principals. moto; hooks of Serverless.
pub fn policy_with_principals(policy: &impl Display) -> String {
    format!(
        "The policy cannot be deleted as the policy is attached to one or more principals \
         (name={policy})"
    )
}

/// A policy of AWS IoT with other versions. moto.
pub fn policy_with_versions(policy: &impl Display) -> String {
    format!(
        "Cannot delete the policy because it has one or more policy versions attached to it \
         (name={policy})"
    )
}

/// A function's role that does not exist yet, or does not trust Lambda. Terraform
/// (`aws_lambda_function`), Chalice and others wait on it for the role to be known everywhere.
pub const FUNCTION_ROLE_NOT_ASSUMED: &str =
    "The role defined for the function cannot be assumed by Lambda.";

/// A statement id of a function's policy that is taken. Terraform (`aws_lambda_function_url`) takes
/// "The statement id (…) provided already exists" for success.
pub fn statement_id_taken(id: &impl Display) -> String {
    format!(
        "The statement id ({id}) provided already exists. Please provide a new statement id, or \
         remove the existing statement."
    )
}

/// A managed policy that does not exist. Serverless components take it for deleted.
pub fn no_managed_policy(arn: &impl Display) -> String {
    format!("Policy {arn} does not exist or is not attachable.")
}

/// An access key that does not exist, or not with this session token. Clients ask for other
/// credentials.
pub const INVALID_TOKEN: &str = "The security token included in the request is invalid.";

/// A session that has ended. Clients ask for new credentials.
pub const EXPIRED_TOKEN: &str = "The security token included in the request is expired";

/// A signature that does not fit. Clients look for it to say that the secret is wrong.
pub const SIGNATURE_MISMATCH: &str = "The request signature we calculated does not match the \
    signature you provided. Check your AWS Secret Access Key and signing method.";

/// The beginning of why an action is not allowed; what decided follows. Chalice, and whoever shows
/// which permission is missing, take caller, action and resource from it.
pub fn not_authorized(caller: &str, action: &str, resource: &str) -> String {
    format!("User: {caller} is not authorized to perform: {action} on resource: {resource}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_what_clients_look_for() {
        let texts = [
            (
                deprecated_lately(&"bulb"),
                "Please wait for 5 minutes after deprecation and then retry",
            ),
            (group_with_children(&"lights"), "there are still child groups attached"),
            (thing_with_principals(&"t"), "Thing t is still attached to one or more principals"),
            (active_certificate(&"ab"), "must be deactivated (not ACTIVE) before deletion."),
            (
                policy_with_principals(&"p"),
                "The policy cannot be deleted as the policy is attached to one or more principals \
                 (name=p)",
            ),
            (policy_with_versions(&"p"), "one or more policy versions attached to it (name=p)"),
            (FUNCTION_ROLE_NOT_ASSUMED.to_owned(), "cannot be assumed by Lambda"),
            (statement_id_taken(&"s"), "The statement id (s) provided already exists"),
            (no_managed_policy(&"arn"), "does not exist or is not attachable"),
            (INVALID_TOKEN.to_owned(), "security token included in the request is invalid"),
            (EXPIRED_TOKEN.to_owned(), "security token included in the request is expired"),
            (SIGNATURE_MISMATCH.to_owned(), "request signature we calculated does not match"),
            (not_authorized("me", "iot:A", "*"), "me is not authorized to perform: iot:A on"),
        ];
        for (text, part) in texts {
            assert!(text.contains(part), "{text}");
        }
    }
}
