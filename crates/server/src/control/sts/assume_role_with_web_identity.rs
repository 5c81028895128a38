//! `AssumeRoleWithWebIdentity`: a session of a role for whoever holds a token of an issuer that is
//! registered here and that the role trusts. The request is not signed: the token is the proof.

use fleetwright_core::limits::WEB_IDENTITY_TOKEN_CHARS;
use fleetwright_core::policy::Principal;
use fleetwright_core::web_identity::{Provider, TokenError, Unverified, WebIdentity};
use fleetwright_store::Role;
use http::StatusCode;

use super::credentials;
use super::role_session::{Asked, Opened, open, read, with_terms};
use super::trust::{Keys, trusts};
use crate::control::Control;
use crate::control::authorize::Peer;
use crate::control::caller::Federated;
use crate::control::error::Failure;
use crate::control::query::{Call, Element, Form, Outcome, invalid};
use crate::issuers::Unproven;

pub(in crate::control) const NAME: &str = "AssumeRoleWithWebIdentity";

/// What the role's trust policy must allow.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
/// Characters of a token. AWS: shape `clientTokenType`.
const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 4..=WEB_IDENTITY_TOKEN_CHARS;

/// For somebody who signs although nothing asks for it: the token alone decides.
pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    Proven::read(control, &call.form).await?.trusted(control, call.peer).await?.open(control)
}

/// What somebody asks for whose token is proven.
pub(in crate::control) struct Proven {
    asked: Asked,
    identity: WebIdentity,
}

impl Proven {
    /// Reads what is asked for, and whose token it is.
    pub(in crate::control) async fn read(control: &Control, form: &Form) -> Result<Self, Failure> {
        let mut asked = read(control, form)?;
        if form.get("ProviderId").is_some() {
            return Err(invalid(
                "ProviderId is for OAuth 2.0 access tokens of two providers that are not offered \
                 here; leave it out and send an OpenID Connect ID token.",
            ));
        }
        form.required("WebIdentityToken")?;
        let token = form.text("WebIdentityToken", TOKEN_CHARS)?.unwrap_or_default();
        let identity = prove(control, token).await?;
        asked.tags.clone_from(&identity.tags);
        asked.source_identity.clone_from(&identity.source_identity);
        Ok(Self { asked, identity })
    }

    /// Whose token it is: `ISSUER:AUDIENCE:SUBJECT`.
    pub(in crate::control) fn principal(&self) -> String {
        let WebIdentity { issuer, audience, subject, .. } = &self.identity;
        format!("{issuer}:{audience}:{subject}")
    }

    /// Whether the role lets the token's bearer in.
    pub(in crate::control) async fn trusted(
        self,
        control: &Control,
        peer: Option<Peer>,
    ) -> Result<Trusted, Failure> {
        let Self { asked, identity } = self;
        let WebIdentity { issuer, subject, .. } = &identity;
        let provider = format!("arn:aws:iam::{}:oidc-provider/{issuer}", control.home.account);
        let denied = |cause: String| {
            let message = format!("Not authorized to perform {ACTION}");
            let mut failure = Failure::new(StatusCode::FORBIDDEN, "AccessDenied", message);
            failure.cause = Some(format!("{} for {issuer}:{subject}: {cause}", asked.role_arn));
            failure
        };
        let found = control.store.role_of_arn(&control.home, &asked.role_arn).await?;
        let role = with_terms(control, found).await?;
        let role = role.ok_or_else(|| denied("no such role".into()))?;
        let keys = keys(&asked, peer, &provider, &identity);
        let principals = [Principal { kind: "Federated", id: &provider }];
        trusts(control, &role, &asked, ACTION, &principals, &keys).map_err(denied)?;
        Ok(Trusted { asked, identity, provider, role })
    }
}

/// What somebody asks for whom the role lets in.
pub(in crate::control) struct Trusted {
    asked: Asked,
    identity: WebIdentity,
    /// ARN of the issuer's provider.
    provider: String,
    role: Role,
}

impl Trusted {
    /// Opens the session.
    pub(in crate::control) fn open(self, control: &Control) -> Outcome {
        let Self { asked, identity, provider, role } = self;
        let federated = Federated {
            provider: provider.clone(),
            issuer: identity.issuer,
            audience: identity.audience.clone(),
            subject: identity.subject.clone(),
        };
        let Opened { made, user, packed } = open(control, &role, asked, Some(federated))?;
        Ok(Element::new()
            .nested("Credentials", credentials(&made))
            .text("SubjectFromWebIdentityToken", &identity.subject)
            .nested("AssumedRoleUser", user)
            .optional("PackedPolicySize", packed.as_deref())
            .text("Provider", &provider)
            .text("Audience", &identity.audience)
            .optional("SourceIdentity", identity.source_identity.as_deref()))
    }
}

/// What conditions may ask about: the issuer's facts come last, so that none of them can stand in
/// for one of ours.
fn keys(asked: &Asked, peer: Option<Peer>, provider: &str, identity: &WebIdentity) -> Keys {
    let mut keys = Keys::of(asked, peer);
    keys.add("aws:FederatedProvider", [provider]);
    for (key, values) in &identity.keys {
        keys.add(key, values.iter().map(String::as_str));
    }
    keys
}

/// What the token proves: of a registered issuer, for one of its client ids, in its time, signed.
async fn prove(control: &Control, token: &str) -> Result<WebIdentity, Failure> {
    let token = Unverified::read(token).map_err(refuse)?;
    let unknown = |issuer: &str| {
        let shown: String = issuer.chars().take(255).collect();
        refuse(TokenError::Invalid(format!(
            "No OpenIDConnect provider found in your account for {shown}"
        )))
    };
    let (_, url) = token.issuer().split_once("://").ok_or_else(|| unknown(token.issuer()))?;
    let registered = control.store.oidc_provider(url.trim_end_matches('/')).await?;
    let registered = registered.ok_or_else(|| unknown(token.issuer()))?;
    let provider = Provider {
        scheme: &registered.scheme,
        url: &registered.url,
        client_ids: &registered.client_ids,
    };
    let fitting = token.fits(&provider, (control.clock)()).map_err(refuse)?;
    let issuer = format!("{}://{}", registered.scheme, registered.url);
    control.issuers.prove(&issuer, &fitting).await.map_err(|unproven| match unproven {
        Unproven::Token(error) => refuse(error),
        Unproven::Refused(cause) => because(
            StatusCode::FORBIDDEN,
            "IDPRejectedClaim",
            format!("The identity provider {issuer} refused to give its verification keys"),
            cause,
        ),
        Unproven::Unusable(cause) => because(
            StatusCode::BAD_REQUEST,
            "InvalidIdentityToken",
            format!("Couldn't retrieve verification key from your identity provider {issuer}"),
            cause,
        ),
        Unproven::Unreachable(cause) => because(
            StatusCode::BAD_REQUEST,
            "IDPCommunicationError",
            format!("The identity provider {issuer} could not be reached; try again"),
            cause,
        ),
    })
}

fn because(status: StatusCode, name: &'static str, message: String, cause: String) -> Failure {
    let mut failure = Failure::new(status, name, message);
    failure.cause = Some(cause);
    failure
}

fn refuse(error: TokenError) -> Failure {
    let name = match &error {
        TokenError::Expired { .. } => "ExpiredWebIdentity",
        TokenError::Invalid(_) | TokenError::UnknownKey(_) => "InvalidIdentityToken",
    };
    Failure::new(StatusCode::BAD_REQUEST, name, error.to_string())
}
