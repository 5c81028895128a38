//! Device shadows: what devices ask by MQTT and callers over HTTP. The updates of one shadow, with what
//! they tell, come one after the other.

use fleetwright_core::configuration::{Key, Takes};
use fleetwright_core::error::Refusal;
use fleetwright_core::service_request::ServiceAnswer;
use fleetwright_core::shadow::{
    self, Said, ShadowError, ShadowId, ShadowLimits, ShadowOperation, ShadowRequest, Update,
    Updated,
};
use fleetwright_host::clock;
use fleetwright_host::turns::Turns;
use fleetwright_store::{ShadowUpdate, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::Services;
use crate::pace::Pace;

/// `[shadows]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Bytes of `desired` and `reported` together, 1 to 1,048,576.
    pub max_bytes: usize,
    /// Nested objects and arrays, the section itself counted, 1 to 30.
    pub max_depth: usize,
    /// Named shadows of one thing, 0 to 1,000,000.
    pub max_named: usize,
    /// Requests a second to one shadow, by MQTT and HTTP together; none by default. AWS: 20.
    pub requests_per_second: Option<u32>,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("max-bytes", Takes::Number(1, 1_048_576)),
        Key::new("max-depth", Takes::Number(1, 30)),
        Key::new("max-named", Takes::Number(0, 1_000_000)),
        Key::new("requests-per-second", Takes::Number(1, 1_000_000)),
    ];
}

impl Default for Settings {
    fn default() -> Self {
        let ShadowLimits { bytes, depth } = ShadowLimits::default();
        Self { max_bytes: bytes, max_depth: depth, max_named: 100, requests_per_second: None }
    }
}

/// What shadows share.
#[derive(Debug)]
pub(crate) struct Shadows {
    settings: Settings,
    /// Of those who change one shadow.
    turns: Turns,
    pace: Pace,
}

/// Why an HTTP request about a shadow is refused.
#[derive(Debug)]
pub enum ShadowRefusal {
    /// By the shadow's own rules.
    Refused(ShadowError),
    /// By the registry.
    Failed(Refusal),
}

impl From<StoreError> for ShadowRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Shadows {
    pub(crate) fn new(settings: Settings) -> Self {
        let pace = Pace::new(settings.requests_per_second);
        Self { settings, turns: Turns::default(), pace }
    }

    fn limits(&self) -> ShadowLimits {
        ShadowLimits { bytes: self.settings.max_bytes, depth: self.settings.max_depth }
    }

    fn admit(&self, shadow: &ShadowId) -> Result<(), ShadowRefusal> {
        match self.pace.admits(shadow) {
            true => Ok(()),
            false => Err(ShadowRefusal::Refused(ShadowError::too_many_requests())),
        }
    }
}

impl Services {
    /// Requests to shadows that were refused for their rate since the start.
    pub fn shadow_requests_refused(&self) -> u64 {
        self.shadows.pace.refused()
    }

    /// Carries a device's request out, and tells its answers to whoever subscribed.
    pub(crate) async fn answer_shadow(
        &self,
        store: &Store,
        request: &ShadowRequest,
        payload: &[u8],
    ) {
        let shadow = &request.shadow;
        let refused = match request.operation {
            _ if !self.shadows.pace.admits(shadow) => {
                let what = ShadowRefusal::Refused(ShadowError::too_many_requests());
                Said { what, token: shadow::read_lenient(payload).token }
            }
            ShadowOperation::Get => {
                let token = shadow::read_lenient(payload).token;
                match self.get(store, shadow, token.as_deref()).await {
                    Ok(document) => {
                        return self.tell(format!("{shadow}/get/accepted"), document).await;
                    }
                    Err(refusal) => Said { what: refusal, token },
                }
            }
            ShadowOperation::Update => match self.update(store, shadow, payload).await {
                Ok(_) => return,
                Err(refused) => refused,
            },
            ShadowOperation::Delete => match self.delete(store, shadow, payload).await {
                Ok(_) => return,
                Err(refused) => refused,
            },
        };
        let Said { what, token } = refused;
        let error = match what {
            ShadowRefusal::Refused(error) => error,
            ShadowRefusal::Failed(refusal) => {
                tracing::error!(%refusal, %shadow, "a request to a shadow failed");
                ShadowError::internal()
            }
        };
        tracing::info!(topic = request.topic(), %error, "a request to a shadow is refused");
        self.tell(format!("{}/rejected", request.topic()), error.payload(token.as_deref())).await;
    }

    /// The document of a shadow; nothing is told.
    ///
    /// # Errors
    /// 404, or the registry cannot be asked.
    pub async fn get_shadow(
        &self,
        store: &Store,
        shadow: &ShadowId,
    ) -> Result<Vec<u8>, ShadowRefusal> {
        self.shadows.admit(shadow)?;
        self.get(store, shadow, None).await
    }

    /// Makes an update, durable in `store` and told to subscribers when this returns; gives the
    /// accepted document. A refusal is not told to them.
    ///
    /// # Errors
    /// What the request breaks, or the registry cannot be written.
    pub async fn update_shadow(
        &self,
        store: &Store,
        shadow: &ShadowId,
        payload: &[u8],
    ) -> Result<Vec<u8>, ShadowRefusal> {
        self.shadows.admit(shadow)?;
        let updated = self.update(store, shadow, payload).await;
        updated.map(|updated| updated.accepted).map_err(|said| said.what)
    }

    /// Deletes a shadow, as [`Self::update_shadow`].
    ///
    /// # Errors
    /// 404, or the registry cannot be written.
    pub async fn delete_shadow(
        &self,
        store: &Store,
        shadow: &ShadowId,
    ) -> Result<Vec<u8>, ShadowRefusal> {
        self.shadows.admit(shadow)?;
        self.delete(store, shadow, b"").await.map_err(|said| said.what)
    }

    async fn get(
        &self,
        store: &Store,
        shadow: &ShadowId,
        token: Option<&str>,
    ) -> Result<Vec<u8>, ShadowRefusal> {
        match store.shadow(shadow).await? {
            Some(found) => Ok(shadow::got(&found, clock::now(), token)),
            None => Err(ShadowRefusal::Refused(ShadowError::absent(shadow))),
        }
    }

    async fn update(
        &self,
        store: &Store,
        shadow: &ShadowId,
        payload: &[u8],
    ) -> Result<Updated, Said<ShadowRefusal>> {
        let limits = self.shadows.limits();
        let update = Update::read(payload, &limits)
            .map_err(|Said { what, token }| Said { what: ShadowRefusal::Refused(what), token })?;
        let token = update.token().map(str::to_owned);
        let said = |what| Said { what, token: token.clone() };
        let named = self.shadows.settings.max_named;
        let asked = ShadowUpdate { shadow: shadow.clone(), update, limits, named };
        let _turn = self.shadows.turns.take(shadow).await;
        let updated = store.update_shadow(asked, clock::now()).await;
        let updated = updated
            .map_err(|error| said(error.into()))?
            .map_err(|error| said(ShadowRefusal::Refused(error)))?;
        self.tell(format!("{shadow}/update/accepted"), updated.accepted.clone()).await;
        if let Some(delta) = updated.delta.clone() {
            self.tell(format!("{shadow}/update/delta"), delta).await;
        }
        self.tell(format!("{shadow}/update/documents"), updated.documents.clone()).await;
        Ok(updated)
    }

    async fn delete(
        &self,
        store: &Store,
        shadow: &ShadowId,
        payload: &[u8],
    ) -> Result<Vec<u8>, Said<ShadowRefusal>> {
        let Said { what: version, token } = shadow::read_lenient(payload);
        let said = |what| Said { what, token: token.clone() };
        let _turn = self.shadows.turns.take(shadow).await;
        let now = clock::now();
        let deleted = store.delete_shadow(shadow.clone(), version, now).await;
        let version = deleted
            .map_err(|error| said(error.into()))?
            .map_err(|error| said(ShadowRefusal::Refused(error)))?;
        let told = shadow::deleted(version, now, token.as_deref());
        self.tell(format!("{shadow}/delete/accepted"), told.clone()).await;
        Ok(told)
    }

    async fn tell(&self, topic: String, payload: Vec<u8>) {
        self.broker.publish(ServiceAnswer { topic, payload }).await;
    }
}
