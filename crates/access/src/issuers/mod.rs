//! Keys of OpenID Connect issuers: fetched when a token needs them, kept for a while, and fetched
//! anew when a token names a key that is not among them. Without an issuer's keys no token
//! is verified.

mod fetch;
mod settings;
mod signature;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use fleetwright_core::limits;
use fleetwright_core::web_identity::{Fitting, KeySet, TokenError, WebIdentity};
use parking_lot::Mutex;
pub use settings::Settings;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Life of fetched keys. (ours)
const KEYS_LIFE: Duration = Duration::from_secs(3600);
/// Fetches from one issuer within [`FETCH_WINDOW`]: unauthenticated tokens must not cause
/// unbounded requests. (ours)
const FETCHES: usize = 10;
const FETCH_WINDOW: Duration = Duration::from_secs(60);
/// Time of one fetch, both documents. (ours)
const FETCH_TIME: Duration = Duration::from_secs(5);
/// Longest wait for keys, behind others who wait for the same. (ours)
const PATIENCE: Duration = Duration::from_secs(10);
/// Fetches under way at once, of all issuers. (ours)
const FETCHES_AT_ONCE: usize = 16;

/// The keys of issuers.
pub struct Issuers {
    tls: ArcSwap<rustls::ClientConfig>,
    issuers: Mutex<HashMap<String, Arc<Issuer>>>,
    fetches: Semaphore,
}

#[derive(Default)]
struct Issuer {
    keys: Mutex<Option<FetchedKeys>>,
    /// The times of the last fetches; held while one is under way.
    fetching: tokio::sync::Mutex<VecDeque<Instant>>,
}

#[derive(Clone)]
struct FetchedKeys {
    keys: Arc<KeySet>,
    fetched: Instant,
}

/// A token is not verified.
#[derive(Debug, PartialEq, Eq)]
pub enum WebIdentityError {
    /// The token itself is invalid.
    Token(TokenError),
    /// The issuer refuses to serve its keys; the cause is for the log, as below.
    Refused(String),
    /// What the issuer answers cannot be used.
    Unusable(String),
    /// The issuer does not respond, or was queried too often.
    Unreachable(String),
}

impl Issuers {
    /// No keys are fetched yet. `tls` has the trusted roots for HTTPS.
    pub fn new(tls: Arc<rustls::ClientConfig>) -> Self {
        let fetches = Semaphore::new(FETCHES_AT_ONCE);
        Self { tls: ArcSwap::from(tls), issuers: Mutex::default(), fetches }
    }

    /// The trusted roots from now on.
    pub fn reload(&self, tls: Arc<rustls::ClientConfig>) {
        self.tls.store(tls);
    }

    /// Verifies a token of an issuer; `issuer` is the URL of a registered one, with its scheme.
    pub async fn verify(
        &self,
        issuer: &str,
        fitting: &Fitting,
    ) -> Result<WebIdentity, WebIdentityError> {
        let keys_of = self.issuer(issuer);
        let before = keys_of.fresh();
        match before.as_ref().map(|kept| fitting.verified(&kept.keys, signature::is_valid)) {
            Some(Ok(identity)) => return Ok(identity),
            Some(Err(TokenError::UnknownKey(_))) | None => {}
            Some(Err(error)) => return Err(WebIdentityError::Token(error)),
        }
        let seen = before.map(|kept| kept.fetched);
        let keys = tokio::time::timeout(PATIENCE, self.newer(issuer, &keys_of, seen)).await;
        let keys = keys.map_err(|_| {
            WebIdentityError::Unreachable(format!("no keys within {} s", PATIENCE.as_secs()))
        })?;
        fitting.verified(&*keys?, signature::is_valid).map_err(WebIdentityError::Token)
    }

    fn issuer(&self, url: &str) -> Arc<Issuer> {
        let mut issuers = self.issuers.lock();
        // More than can be registered: those of providers that are gone.
        if issuers.len() >= limits::OIDC_PROVIDERS && !issuers.contains_key(url) {
            issuers.clear();
        }
        Arc::clone(issuers.entry(url.to_owned()).or_default())
    }

    /// Keys that were fetched after those at `seen`: one caller fetches, the others wait for it.
    async fn newer(
        &self,
        url: &str,
        issuer: &Issuer,
        seen: Option<Instant>,
    ) -> Result<Arc<KeySet>, WebIdentityError> {
        let mut times = issuer.fetching.lock().await;
        let kept = issuer.fresh();
        if let Some(kept) = kept.filter(|kept| Some(kept.fetched) != seen) {
            return Ok(kept.keys);
        }
        let now = Instant::now();
        while times.front().is_some_and(|first| now.duration_since(*first) >= FETCH_WINDOW) {
            times.pop_front();
        }
        if times.len() >= FETCHES {
            return Err(WebIdentityError::Unreachable(format!(
                "asked {FETCHES} times within {} s already",
                FETCH_WINDOW.as_secs()
            )));
        }
        times.push_back(now);
        let fetch = async {
            let _permit = self.fetches.acquire().await;
            fetch::keys(url, &self.tls.load_full()).await
        };
        let fetched = tokio::time::timeout(FETCH_TIME, fetch).await.map_err(|_| {
            WebIdentityError::Unreachable(format!("no answer within {} s", FETCH_TIME.as_secs()))
        })?;
        let keys = Arc::new(fetched?);
        let kept = FetchedKeys { keys: Arc::clone(&keys), fetched: now };
        *issuer.keys.lock() = Some(kept);
        tracing::info!(issuer = url, "fetched the keys of an issuer");
        Ok(keys)
    }
}

impl Issuer {
    /// The keys, unless they are too old.
    fn fresh(&self) -> Option<FetchedKeys> {
        let kept = self.keys.lock().clone();
        kept.filter(|kept| kept.fetched.elapsed() < KEYS_LIFE)
    }
}
