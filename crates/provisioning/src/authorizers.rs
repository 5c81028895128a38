//! Custom authorizers: a function says who a client is and what it may do. AWS: guide, "Custom
//! authentication and authorization".

mod token;

use std::fmt;
use std::sync::Arc;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorizer::{
    AUTHORIZER_NAME, AuthorizerAnswer, AuthorizerRequest, ConnectionMetadata, Parameters,
    ProtocolData, TOKEN_SIGNATURE,
};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{AuthorizerName, PolicyName};
use fleetwright_core::policy::{AttachedPolicy, Document};
use fleetwright_functions::hooks::Hooks;
use fleetwright_host::random;
use fleetwright_store::{Authorizer, Store, StoreError};
pub use token::{is_public_key, is_signed};

/// What the log calls the policies of an authorizer's answer. (ours)
const POLICY: &str = "AuthorizerPolicy";

/// Asks authorizers.
pub struct Authorizers {
    scope: AccountScope,
    store: Store,
    hooks: Arc<Hooks>,
}

/// What a client presents, in the order in which it is looked at.
pub struct PresentedTo<'a> {
    /// The headers of its request.
    pub headers: Parameters,
    /// The query of its request.
    pub query: Parameters,
    /// The query of its user name.
    pub user_name: Parameters,
    /// Which authorizers its endpoint has.
    pub endpoint: &'a Endpoint,
}

/// Which authorizers an endpoint has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The one for clients that name none; the account's where it is `None`.
    pub default: Option<AuthorizerName>,
    /// Whether clients may not name another.
    pub is_fixed: bool,
}

/// A client that an authorizer let in.
#[derive(Debug)]
pub struct LetIn {
    /// The authorizer.
    pub authorizer: AuthorizerName,
    /// Who it is.
    pub principal: String,
    /// What it may.
    pub policies: Box<[AttachedPolicy]>,
    /// Seconds after which the authorizer is to be asked again; `None` for never.
    pub refresh_after: Option<u64>,
    /// Seconds after which the connection ends.
    pub disconnect_after: u64,
    /// What was asked.
    pub request: AuthorizerRequest,
}

/// Why a client is not let in; `Display` is for the log.
#[derive(Debug)]
pub enum NotLetIn {
    /// No authorizer is named, and none is the default.
    None,
    /// It is not to be asked; the function was not called.
    NotAsked(String),
    /// It said no, or nothing that can be understood.
    Refused(String),
    /// The registry cannot be asked.
    Registry(Refusal),
}

impl fmt::Display for NotLetIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("it names no authorizer, and there is no default"),
            Self::NotAsked(why) | Self::Refused(why) => f.write_str(why),
            Self::Registry(refusal) => refusal.fmt(f),
        }
    }
}

impl From<StoreError> for NotLetIn {
    fn from(error: StoreError) -> Self {
        Self::Registry(error.into())
    }
}

impl Authorizers {
    pub(crate) fn new(scope: AccountScope, store: Store, hooks: Arc<Hooks>) -> Arc<Self> {
        Arc::new(Self { scope, store, hooks })
    }

    /// Whether a client that presents nothing may be let in by an authorizer.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn are_there(&self) -> Result<bool, StoreError> {
        Ok(!self.store.list_authorizers(Some(true), None, 1, true).await?.items.is_empty())
    }

    /// Asks the authorizer that a client means.
    ///
    /// # Errors
    /// [`NotLetIn`].
    pub async fn ask(
        &self,
        presented: &PresentedTo<'_>,
        protocols: Vec<&'static str>,
        protocol_data: ProtocolData,
    ) -> Result<LetIn, NotLetIn> {
        let authorizer = self.chosen(presented).await?;
        let (token, signature_verified) = checked(&authorizer, presented)?;
        let id = random::uuid().map_err(NotLetIn::Registry)?.to_string();
        let request = AuthorizerRequest {
            token,
            signature_verified,
            protocols,
            protocol_data,
            connection_metadata: ConnectionMetadata { id },
        };
        self.answered(&authorizer, request).await
    }

    /// Asks again what was asked before. `request` is that of [`LetIn`].
    ///
    /// # Errors
    /// [`NotLetIn`]; also when there is no such authorizer any more, or it is not `ACTIVE`.
    pub async fn ask_again(
        &self,
        authorizer: &AuthorizerName,
        request: AuthorizerRequest,
    ) -> Result<LetIn, NotLetIn> {
        let authorizer = self.active(authorizer).await?;
        self.answered(&authorizer, request).await
    }

    /// What the function of an authorizer answers, without judging it.
    ///
    /// # Errors
    /// It gave no answer.
    pub async fn invoke(
        &self,
        authorizer: &Authorizer,
        request: &AuthorizerRequest,
    ) -> Result<Vec<u8>, String> {
        let source = self.scope.arn("authorizer", &authorizer.name);
        let answered = self.hooks.call(&authorizer.function_arn, &source, request).await;
        answered.map_err(|failure| {
            let Authorizer { name, function_arn, .. } = authorizer;
            format!("authorizer {name}, function {function_arn}: {failure}")
        })
    }

    async fn chosen(&self, presented: &PresentedTo<'_>) -> Result<Authorizer, NotLetIn> {
        let PresentedTo { headers, query, user_name, endpoint } = presented;
        let named = headers
            .header(AUTHORIZER_NAME)
            .or_else(|| query.get(AUTHORIZER_NAME))
            .or_else(|| user_name.get(AUTHORIZER_NAME));
        let named = named.map(AuthorizerName::parse).transpose();
        let named = named.map_err(|_| not_asked("the name of the authorizer is none"))?;
        match (named, &endpoint.default) {
            (Some(named), Some(fixed)) if endpoint.is_fixed && named != *fixed => {
                Err(not_asked(&format!("this endpoint lets no other authorizer than {fixed}")))
            }
            (Some(name), _) => self.active(&name).await,
            (None, Some(name)) => self.active(name).await,
            (None, None) => match self.store.default_authorizer().await? {
                Some(found) => active(found),
                None => Err(NotLetIn::None),
            },
        }
    }

    async fn active(&self, name: &AuthorizerName) -> Result<Authorizer, NotLetIn> {
        let found = self.store.authorizer(name).await?;
        active(found.ok_or_else(|| not_asked(&format!("there is no authorizer {name}")))?)
    }

    async fn answered(
        &self,
        authorizer: &Authorizer,
        request: AuthorizerRequest,
    ) -> Result<LetIn, NotLetIn> {
        let name = &authorizer.name;
        let refused = |why: String| NotLetIn::Refused(format!("authorizer {name}: {why}"));
        let bytes = self.invoke(authorizer, &request).await.map_err(NotLetIn::Refused)?;
        let certificate =
            request.protocol_data.tls.as_ref().and_then(|tls| tls.principal_id.as_deref());
        let answer = AuthorizerAnswer::parse(&bytes, certificate.is_some())
            .map_err(|error| refused(error.to_string()))?;
        let Some(principal) = answer.principal_id.clone().filter(|_| answer.is_authenticated)
        else {
            return Err(refused("it answered isAuthenticated false".into()));
        };
        if certificate.is_some_and(|certificate| certificate != principal) {
            return Err(refused("principalId must be the certificate's id".into()));
        }
        let policies = answer.policy_documents.iter().map(|text| compiled(text));
        Ok(LetIn {
            authorizer: name.clone(),
            principal,
            policies: policies.collect::<Result<_, _>>().map_err(NotLetIn::Registry)?,
            refresh_after: answer.refresh_in_force(),
            disconnect_after: answer.disconnect_in_force(),
            request,
        })
    }
}

fn not_asked(why: &str) -> NotLetIn {
    NotLetIn::NotAsked(why.to_owned())
}

fn active(found: Authorizer) -> Result<Authorizer, NotLetIn> {
    match found.active {
        true => Ok(found),
        false => Err(not_asked(&format!("authorizer {} is INACTIVE", found.name))),
    }
}

fn compiled(text: &str) -> Result<AttachedPolicy, Refusal> {
    let document = Document::parse(text).map_err(Refusal::internal)?;
    let name = PolicyName::parse(POLICY).map_err(Refusal::internal)?;
    Ok(AttachedPolicy { name, version: 1, document: Arc::new(document) })
}

/// The token that a client presents, and whether its signature is verified. Where tokens are signed,
/// one that is not goes no further.
fn checked(
    authorizer: &Authorizer,
    presented: &PresentedTo<'_>,
) -> Result<(Option<String>, bool), NotLetIn> {
    let PresentedTo { headers, query, user_name, .. } = presented;
    let of = |name: &str| {
        let found = headers.header(name).or_else(|| query.get(name));
        found.or_else(|| user_name.get(name))
    };
    let token = authorizer.token_key_name.as_deref().and_then(of);
    if authorizer.signing_disabled {
        return Ok((token.map(str::to_owned), false));
    }
    let name = &authorizer.name;
    let signature = of(TOKEN_SIGNATURE);
    let (Some(token), Some(signature)) = (token, signature) else {
        return Err(not_asked(&format!(
            "authorizer {name} takes signed tokens: the client sends no '{}', or no {TOKEN_SIGNATURE}",
            authorizer.token_key_name.as_deref().unwrap_or_default()
        )));
    };
    match is_signed(token, signature, authorizer.signing_keys.values().map(String::as_str)) {
        true => Ok((Some(token.to_owned()), true)),
        false => Err(not_asked(&format!(
            "no key of authorizer {name} made the token's signature: it must be RSA PKCS#1 v1.5 \
             with SHA-256 over the token, in Base64 and percent-encoded"
        ))),
    }
}
