//! `AssumeRoleWithWebIdentity`: a session of a role for the bearer of a token whose issuer is
//! registered here and trusted by the role. The request is not signed: the token is the proof.

use fleetwright_access::caller::Federated;
use fleetwright_access::issuers::WebIdentityError;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits::WEB_IDENTITY_TOKEN_CHARS;
use fleetwright_core::policy::Principal;
use fleetwright_core::text::cut;
use fleetwright_core::web_identity::{Provider, TokenError, Unverified, WebIdentity};
use fleetwright_store::Role;

use super::credentials;
use super::role_session::{Opened, SessionSpec, open, read, with_terms};
use super::trust::{ConditionKeys, trusts};
use crate::Control;
use crate::authorize::Peer;
use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::query::{Call, Element, Form, Operation, Outcome, invalid};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!("AssumeRoleWithWebIdentity", assume_role_with_web_identity)];

pub(crate) const NAME: &str = "AssumeRoleWithWebIdentity";

/// What the role's trust policy must allow.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
/// Characters of a token. AWS: shape `clientTokenType`.
const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 4..=WEB_IDENTITY_TOKEN_CHARS;

/// A request that is signed although it need not be: the token alone decides.
async fn assume_role_with_web_identity(control: &Control, call: &Authorized<Call>) -> Outcome {
    Proven::read(control, &call.form)
        .await?
        .trusted(control, call.context.peer)
        .await?
        .open(control)
}

/// A request whose token is verified.
pub(crate) struct Proven {
    spec: SessionSpec,
    identity: WebIdentity,
}

impl Proven {
    /// Reads the request and verifies its token.
    pub(crate) async fn read(control: &Control, form: &Form) -> Result<Self, ApiError> {
        let mut spec = read(control, form)?;
        if form.get("ProviderId").is_some() {
            return Err(invalid(
                "ProviderId is for OAuth 2.0 access tokens of two providers that are not offered \
                 here; leave it out and send an OpenID Connect ID token.",
            ));
        }
        form.required("WebIdentityToken")?;
        let token = form.text("WebIdentityToken", TOKEN_CHARS)?.unwrap_or_default();
        let identity = prove(control, token).await?;
        spec.tags.clone_from(&identity.tags);
        spec.source_identity.clone_from(&identity.source_identity);
        Ok(Self { spec, identity })
    }

    /// Whose token it is: `ISSUER:AUDIENCE:SUBJECT`.
    pub(crate) fn principal(&self) -> String {
        let WebIdentity { issuer, audience, subject, .. } = &self.identity;
        format!("{issuer}:{audience}:{subject}")
    }

    /// Checks that the role's trust policy allows the token's bearer.
    pub(crate) async fn trusted(
        self,
        control: &Control,
        peer: Option<Peer>,
    ) -> Result<Trusted, ApiError> {
        let Self { spec, identity } = self;
        let WebIdentity { issuer, subject, .. } = &identity;
        let provider = format!("arn:aws:iam::{}:oidc-provider/{issuer}", control.scope.account);
        let denied = |cause: String| {
            let message = format!("Not authorized to perform {ACTION}");
            let cause = format!("{} for {issuer}:{subject}: {cause}", spec.role_arn);
            ApiError::new(ErrorKind::AccessDenied, message).because(cause)
        };
        let found = control.store.role_of_arn(&control.scope, &spec.role_arn).await?;
        let role = with_terms(control, found).await?;
        let role = role.ok_or_else(|| denied("no such role".into()))?;
        let keys = keys(&spec, peer, &provider, &identity);
        let principals = [Principal { kind: "Federated", id: &provider }];
        trusts(control, &role, &spec, ACTION, &principals, &keys).map_err(denied)?;
        Ok(Trusted { spec, identity, provider, role })
    }
}

/// A request that the role's trust policy allows.
pub(crate) struct Trusted {
    spec: SessionSpec,
    identity: WebIdentity,
    /// ARN of the issuer's provider.
    provider: String,
    role: Role,
}

impl Trusted {
    /// Opens the session.
    pub(crate) fn open(self, control: &Control) -> Outcome {
        let Self { spec, identity, provider, role } = self;
        let federated = Federated {
            provider: provider.clone(),
            issuer: identity.issuer,
            audience: identity.audience.clone(),
            subject: identity.subject.clone(),
        };
        let Opened { made, user, packed } = open(control, &role, spec, Some(federated))?;
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

/// Condition keys: the issuer's facts come last, so that none of them can stand in
/// for one of ours.
fn keys(
    spec: &SessionSpec,
    peer: Option<Peer>,
    provider: &str,
    identity: &WebIdentity,
) -> ConditionKeys {
    let mut keys = ConditionKeys::of(spec, peer);
    keys.add("aws:FederatedProvider", [provider]);
    for (key, values) in &identity.keys {
        keys.add(key, values.iter().map(String::as_str));
    }
    keys
}

/// What the token proves: of a registered issuer, for one of its client ids, in its time, signed.
async fn prove(control: &Control, token: &str) -> Result<WebIdentity, ApiError> {
    let token = Unverified::read(token).map_err(refuse)?;
    let unknown = |issuer: &str| {
        let shown = cut(issuer, 255);
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
    let fitting = token.fits(&provider, control.now()).map_err(refuse)?;
    let issuer = format!("{}://{}", registered.scheme, registered.url);
    control.issuers.verify(&issuer, &fitting).await.map_err(|error| match error {
        WebIdentityError::Token(error) => refuse(error),
        WebIdentityError::Refused(cause) => ApiError::new(
            ErrorKind::IdpRejectedClaim,
            format!("The identity provider {issuer} refused to give its verification keys"),
        )
        .because(cause),
        WebIdentityError::Unusable(cause) => ApiError::new(
            ErrorKind::InvalidIdentityToken,
            format!("Couldn't retrieve verification key from your identity provider {issuer}"),
        )
        .because(cause),
        WebIdentityError::Unreachable(cause) => ApiError::new(
            ErrorKind::IdpCommunicationError,
            format!("The identity provider {issuer} could not be reached; try again"),
        )
        .because(cause),
    })
}

fn refuse(error: TokenError) -> ApiError {
    let kind = match &error {
        TokenError::Expired { .. } => ErrorKind::ExpiredIdentityToken,
        TokenError::Invalid(_) | TokenError::UnknownKey(_) => ErrorKind::InvalidIdentityToken,
    };
    ApiError::new(kind, error.to_string())
}
