//! What no user, role or account has here: passwords, MFA devices, public keys, instance profiles
//! and the like. Tools ask for them before they delete or describe what there is; the answer is
//! "none", or that it cannot be found.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::text::cut;
use fleetwright_store::IdentityKind;

use crate::Control;
use crate::error::ApiError;
use crate::iam::page::{Page, end};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("ListMFADevices", none_of_user, "MFADevices"),
    operation!("ListSSHPublicKeys", none_of_user, "SSHPublicKeys"),
    operation!("ListSigningCertificates", none_of_user, "Certificates"),
    operation!("ListServiceSpecificCredentials", none_of_user, "ServiceSpecificCredentials"),
    operation!("ListInstanceProfilesForRole", none_of_role, "InstanceProfiles"),
    operation!("ListInstanceProfiles", none, "InstanceProfiles"),
    operation!("ListVirtualMFADevices", none, "VirtualMFADevices"),
    operation!("ListServerCertificates", none, "ServerCertificateMetadataList"),
    operation!("ListAccountAliases", none, "AccountAliases"),
    operation!("ListSAMLProviders", no_saml_providers),
    operation!("GetLoginProfile", no_login_profile),
    operation!("DeleteLoginProfile", no_login_profile),
    operation!("GetInstanceProfile", unknown, INSTANCE_PROFILE),
    operation!("ListInstanceProfileTags", unknown, INSTANCE_PROFILE),
    operation!("DeleteInstanceProfile", unknown, INSTANCE_PROFILE),
    operation!("GetMFADevice", unknown, ("SerialNumber", "MFA device with serial number")),
    operation!("GetSSHPublicKey", unknown, ("SSHPublicKeyId", "SSH public key with id")),
    operation!("GetServerCertificate", unknown, SERVER_CERTIFICATE),
    operation!("ListServerCertificateTags", unknown, SERVER_CERTIFICATE),
    operation!("GetSAMLProvider", unknown, SAML_PROVIDER),
    operation!("ListSAMLProviderTags", unknown, SAML_PROVIDER),
    operation!("GetAccountPasswordPolicy", no_password_policy),
];

/// The parameter that names it, and how a refusal calls it.
type Named = (&'static str, &'static str);

const INSTANCE_PROFILE: Named = ("InstanceProfileName", "Instance Profile");
const SERVER_CERTIFICATE: Named = ("ServerCertificateName", "Server Certificate with name");
const SAML_PROVIDER: Named = ("SAMLProviderArn", "SAML provider with arn");

/// A list of nothing.
async fn none(_control: &Control, call: &Authorized<Call>, list: &str) -> Outcome {
    Page::read(&call.form)?;
    Ok(end(Element::new().nested(list, Element::new()), None))
}

/// A list of nothing, of the named user or the caller.
async fn none_of_user(control: &Control, call: &Authorized<Call>, list: &str) -> Outcome {
    call.user_or_self()?;
    none(control, call, list).await
}

/// A list of nothing, of a role.
async fn none_of_role(control: &Control, call: &Authorized<Call>, list: &str) -> Outcome {
    call.identity(IdentityKind::Role)?;
    none(control, call, list).await
}

/// `ListSAMLProviders`: a list without pages.
async fn no_saml_providers(_control: &Control, _call: &Authorized<Call>) -> Outcome {
    Ok(Element::new().nested("SAMLProviderList", Element::new()))
}

/// `GetLoginProfile`, `DeleteLoginProfile`: no user has a password, as there is no console.
async fn no_login_profile(_control: &Control, call: &Authorized<Call>) -> Outcome {
    let user = call.user_or_self()?;
    Err(absent(format!("Login Profile for User {} cannot be found.", user.name)))
}

/// What a parameter names, which nothing can.
async fn unknown(_control: &Control, call: &Authorized<Call>, (member, kind): Named) -> Outcome {
    let name = cut(call.form.required(member)?, 256);
    Err(absent(format!("{kind} {name} cannot be found.")))
}

/// `GetAccountPasswordPolicy`.
async fn no_password_policy(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let account = &control.scope.account;
    Err(absent(format!("The Password Policy with domain name {account} cannot be found.")))
}

fn absent(message: String) -> ApiError {
    ApiError::new(ErrorCode::ResourceNotFound, message)
}
