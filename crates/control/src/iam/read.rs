//! Parameters that many operations of IAM share.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits::{MANAGED_POLICY_CHARS, TRUST_POLICY_CHARS};
use fleetwright_core::names::{IamPath, PolicyName};
use fleetwright_core::policy::{Document, Lint};
use fleetwright_store::{ManagedPolicy, PolicyKey};

use crate::error::{ApiError, ErrorKind};
use crate::query::{Call, Form, invalid};

/// Characters of a policy document as sent. AWS: shape `policyDocumentType`.
const DOCUMENT_CHARS: usize = 131_072;

/// `Path`, or `/`.
pub(super) fn path(form: &Form) -> Result<IamPath, ApiError> {
    Ok(form.maybe_parsed("Path", IamPath::parse)?.unwrap_or_default())
}

/// `PathPrefix`, or `/`.
pub(super) fn prefix(form: &Form) -> Result<String, ApiError> {
    let prefix = form.text("PathPrefix", 1..=512)?.unwrap_or("/");
    match prefix.starts_with('/') {
        true => Ok(prefix.to_owned()),
        false => Err(invalid("The parameter 'PathPrefix' must begin with '/'.")),
    }
}

/// `PolicyName`.
pub(super) fn policy_name(form: &Form) -> Result<PolicyName, ApiError> {
    form.parsed("PolicyName", PolicyName::parse)
}

/// The policy of `PolicyArn`, which must be one that may be changed.
pub(super) fn own_policy(call: &Call) -> Result<ManagedPolicy, ApiError> {
    match call.policy()? {
        PolicyKey::Own(policy) => Ok(policy.clone()),
        PolicyKey::Aws(policy) => Err(ApiError::new(
            ErrorKind::AccessDenied,
            format!("{} is managed by AWS and cannot be changed.", policy.arn()),
        )),
    }
}

/// A document as it was sent, with its lints.
pub(super) type Linted = (String, Vec<Lint>);

/// `PolicyDocument` of an identity policy.
pub(super) fn document(form: &Form, scope: &AccountScope) -> Result<Linted, ApiError> {
    let text = required_text(form, "PolicyDocument")?;
    let document = Document::parse_kept_identity(text).map_err(|error| malformed(&error))?;
    Ok((text.to_owned(), document.lint_identity(Some(scope))))
}

/// `PolicyDocument` of a managed policy.
pub(super) fn managed_document(form: &Form, scope: &AccountScope) -> Result<Linted, ApiError> {
    let text = required_text(form, "PolicyDocument")?;
    let document = Document::parse_managed(text).map_err(|error| malformed(&error))?;
    within(text, MANAGED_POLICY_CHARS, "PolicySize")?;
    Ok((text.to_owned(), document.lint_identity(Some(scope))))
}

/// A trust policy, checked.
pub(super) fn trust(form: &Form, name: &str, scope: &AccountScope) -> Result<Linted, ApiError> {
    let text = required_text(form, name)?;
    let document = Document::parse_trust(text).map_err(|error| malformed(&error))?;
    within(text, TRUST_POLICY_CHARS, "ACLSizePerRole")?;
    Ok((text.to_owned(), document.lint_identity(Some(scope))))
}

fn required_text<'f>(form: &'f Form, name: &str) -> Result<&'f str, ApiError> {
    form.required(name)?;
    Ok(form.text(name, 1..=DOCUMENT_CHARS)?.unwrap_or_default())
}

fn within(text: &str, max: usize, quota: &str) -> Result<(), ApiError> {
    if text.chars().filter(|c| !c.is_whitespace()).count() <= max {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::LimitExceeded, format!("Cannot exceed quota for {quota}: {max}")))
}

fn malformed(error: &impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::MalformedPolicy, error.to_string())
}
