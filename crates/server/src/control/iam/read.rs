//! Parameters that many operations of IAM share.

use fleetwright_core::limits::{MANAGED_POLICY_CHARS, TRUST_POLICY_CHARS};
use fleetwright_core::names::{IamPath, PolicyName};
use fleetwright_core::policy::Document;
use fleetwright_store::{ManagedPolicy, PolicyKey};
use http::StatusCode;

use crate::control::error::Failure;
use crate::control::query::{Call, Form, invalid};

/// Characters of a policy document as sent. AWS: shape `policyDocumentType`.
const DOCUMENT_CHARS: usize = 131_072;

/// `Path`, or `/`.
pub(super) fn path(form: &Form) -> Result<IamPath, Failure> {
    Ok(form.maybe_parsed("Path", IamPath::parse)?.unwrap_or_default())
}

/// `PathPrefix`, or `/`.
pub(super) fn prefix(form: &Form) -> Result<String, Failure> {
    let prefix = form.text("PathPrefix", 1..=512)?.unwrap_or("/");
    match prefix.starts_with('/') {
        true => Ok(prefix.to_owned()),
        false => Err(invalid("The parameter 'PathPrefix' must begin with '/'.")),
    }
}

/// `PolicyName`.
pub(super) fn policy_name(form: &Form) -> Result<PolicyName, Failure> {
    form.parsed("PolicyName", PolicyName::parse)
}

/// The policy of `PolicyArn`, which must be one that may be changed.
pub(super) fn own_policy(call: &Call) -> Result<ManagedPolicy, Failure> {
    match call.policy()? {
        PolicyKey::Own(policy) => Ok(policy.clone()),
        PolicyKey::Aws(policy) => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            format!("{} is managed by AWS and cannot be changed.", policy.arn()),
        )),
    }
}

/// No such managed policy.
pub(in crate::control) fn no_policy(arn: &str) -> Failure {
    let shown: String = arn.chars().take(256).collect();
    Failure::new(
        StatusCode::NOT_FOUND,
        "NoSuchEntity",
        format!("Policy {shown} does not exist or is not attachable."),
    )
}

/// `PolicyDocument` of an identity policy.
pub(super) fn document(form: &Form) -> Result<String, Failure> {
    identity_document(form, "PolicyDocument")
}

/// `PolicyDocument` of a managed policy.
pub(super) fn managed_document(form: &Form) -> Result<String, Failure> {
    let text = document(form)?;
    within(&text, MANAGED_POLICY_CHARS, "PolicySize")?;
    Ok(text)
}

/// An identity policy, checked.
pub(in crate::control) fn identity_document(form: &Form, name: &str) -> Result<String, Failure> {
    let text = required_text(form, name)?;
    Document::parse_identity(text).map_err(|error| malformed(&error))?;
    Ok(text.to_owned())
}

/// A trust policy, checked.
pub(super) fn trust(form: &Form, name: &str) -> Result<String, Failure> {
    let text = required_text(form, name)?;
    Document::parse_trust(text).map_err(|error| malformed(&error))?;
    within(text, TRUST_POLICY_CHARS, "ACLSizePerRole")?;
    Ok(text.to_owned())
}

fn required_text<'f>(form: &'f Form, name: &str) -> Result<&'f str, Failure> {
    form.required(name)?;
    Ok(form.text(name, 1..=DOCUMENT_CHARS)?.unwrap_or_default())
}

fn within(text: &str, max: usize, quota: &str) -> Result<(), Failure> {
    if text.chars().filter(|c| !c.is_whitespace()).count() <= max {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::CONFLICT,
        "LimitExceeded",
        format!("Cannot exceed quota for {quota}: {max}"),
    ))
}

fn malformed(error: &impl std::fmt::Display) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", error.to_string())
}
