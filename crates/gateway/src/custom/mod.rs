//! Clients that an authorizer lets in. They have neither a certificate nor a signature: a function says
//! who they are and what they may, and is asked again from time to time. AWS: guide, "Custom
//! authentication and authorization".

mod evidence;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
pub(crate) use evidence::Evidence;
use fleetwright_core::authorizer::{AuthorizerRequest, MqttData, Parameters};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::AuthorizerName;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_mqtt::ConnectRequest;
use fleetwright_provisioning::authorizers::{Authorizers, LetIn, NotLetIn, PresentedTo};
use parking_lot::Mutex;

use crate::principal::{Term, TermOf};

/// How long after it is due a refresh waits for the client to do something, milliseconds. AWS: an idle
/// connection may be refreshed up to five minutes late.
const IDLE_MILLIS: i64 = 5 * 60 * 1000;

/// A client that an authorizer let in.
pub struct AuthorizedClient {
    authorizers: Arc<Authorizers>,
    authorizer: AuthorizerName,
    id: Arc<str>,
    request: AuthorizerRequest,
    until: Timestamp,
    granted: Mutex<Granted>,
}

/// What its last answer grants.
struct Granted {
    policies: Box<[AttachedPolicy]>,
    /// When the authorizer is to be asked again.
    refresh_at: Option<Timestamp>,
}

impl fmt::Debug for AuthorizedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizedClient({}, {})", self.authorizer, self.id)
    }
}

impl AuthorizedClient {
    fn new(authorizers: &Arc<Authorizers>, let_in: LetIn) -> Arc<Self> {
        let granted = Granted::of(&let_in);
        let LetIn { authorizer, principal, disconnect_after, request, .. } = let_in;
        Arc::new(Self {
            authorizers: Arc::clone(authorizers),
            authorizer,
            id: principal.into(),
            request,
            until: after(disconnect_after),
            granted: Mutex::new(granted),
        })
    }

    /// Who the authorizer said that it is.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// When its connection ends.
    pub(crate) fn term(&self) -> Term {
        Term { until: self.until, of: TermOf::Authorizer }
    }

    /// The policies in force.
    pub(crate) fn policies(&self) -> Box<[AttachedPolicy]> {
        self.granted.lock().policies.clone()
    }

    /// Whether the authorizer is to be asked again at the client's next step.
    pub(crate) fn is_due(&self) -> bool {
        self.granted.lock().refresh_at.is_some_and(|at| clock::now() >= at)
    }

    /// When it is asked again at the latest.
    pub(crate) fn due_idle(&self) -> Option<Timestamp> {
        let at = self.granted.lock().refresh_at?;
        Some(Timestamp(at.0.saturating_add(IDLE_MILLIS)))
    }

    /// Asks the authorizer again, with what it was asked before; false when it no longer lets the
    /// client in.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub(crate) async fn refresh(&self) -> Result<bool, Refusal> {
        let asked = self.authorizers.ask_again(&self.authorizer, self.request.clone()).await;
        match asked {
            Ok(let_in) if let_in.principal == *self.id => {
                *self.granted.lock() = Granted::of(&let_in);
                Ok(true)
            }
            Ok(let_in) => {
                let (was, is) = (&self.id, let_in.principal);
                tracing::warn!("an authorizer said of {was} that it is {is}: its connection ends");
                Ok(false)
            }
            Err(NotLetIn::Registry(refusal)) => Err(refusal),
            Err(why) => {
                tracing::warn!(principal = %self.id, "no longer let in: {why}");
                Ok(false)
            }
        }
    }
}

impl Granted {
    fn of(let_in: &LetIn) -> Self {
        Self { policies: let_in.policies.clone(), refresh_at: let_in.refresh_after.map(after) }
    }
}

fn after(seconds: u64) -> Timestamp {
    let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    Timestamp(clock::now().0.saturating_add(millis))
}

/// Asks the authorizer of a client that has sent its CONNECT.
///
/// # Errors
/// It does not let it in.
pub(crate) async fn at_connect(
    authorizers: &Arc<Authorizers>,
    evidence: Evidence,
    request: &ConnectRequest,
) -> Result<Arc<AuthorizedClient>, NotLetIn> {
    let mqtt = MqttData {
        username: request.username.clone(),
        password: request.password.as_ref().map(|password| STANDARD.encode(password)),
        client_id: request.client_id.clone(),
    };
    let user_name = request.username.as_deref().map(Parameters::of_user_name).unwrap_or_default();
    ask(authorizers, evidence, user_name, Some(mqtt)).await
}

/// Asks the authorizer that the request of an upgrade names.
///
/// # Errors
/// It does not let it in.
pub(crate) async fn at_upgrade(
    authorizers: &Arc<Authorizers>,
    evidence: Evidence,
) -> Result<Arc<AuthorizedClient>, NotLetIn> {
    ask(authorizers, evidence, Parameters::default(), None).await
}

async fn ask(
    authorizers: &Arc<Authorizers>,
    evidence: Evidence,
    user_name: Parameters,
    mqtt: Option<MqttData>,
) -> Result<Arc<AuthorizedClient>, NotLetIn> {
    let (protocols, data) = evidence.protocols(mqtt);
    let Evidence { headers, query, endpoint, .. } = evidence;
    let presented = PresentedTo { headers, query, user_name, endpoint: &endpoint };
    let let_in = authorizers.ask(&presented, protocols, data).await?;
    Ok(AuthorizedClient::new(authorizers, let_in))
}
