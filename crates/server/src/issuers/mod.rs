//! Keys of OpenID Connect issuers: fetched when a token needs them, kept for a while, and fetched
//! anew when a token names a key that is not among them. An issuer that cannot be asked proves
//! nothing.

mod fetch;
mod signature;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fleetwright_core::limits;
use fleetwright_core::web_identity::{Fitting, KeySet, TokenError, WebIdentity};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Life of fetched keys. (ours)
const KEYS_LIFE: Duration = Duration::from_secs(3600);
/// Fetches from one issuer within [`FETCH_WINDOW`]: a stranger's tokens must not have this server
/// ask without end. (ours)
const FETCHES: usize = 10;
const FETCH_WINDOW: Duration = Duration::from_secs(60);
/// Time of one fetch, both documents. (ours)
const FETCH_TIME: Duration = Duration::from_secs(5);
/// Longest wait for keys, behind others who wait for the same. (ours)
const PATIENCE: Duration = Duration::from_secs(10);
/// Fetches under way at once, of all issuers. (ours)
const FETCHES_AT_ONCE: usize = 16;

/// Knows issuers' keys.
pub(crate) struct Issuers {
    tls: Arc<rustls::ClientConfig>,
    known: Mutex<HashMap<String, Arc<Issuer>>>,
    places: Semaphore,
}

#[derive(Default)]
struct Issuer {
    kept: Mutex<Option<Kept>>,
    /// Whoever holds it fetches; the times of the last fetches.
    fetching: tokio::sync::Mutex<VecDeque<Instant>>,
}

#[derive(Clone)]
struct Kept {
    keys: Arc<KeySet>,
    fetched: Instant,
}

/// A token is not proven.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unproven {
    /// By itself.
    Token(TokenError),
    /// The issuer does not let this server have its keys; the cause is for the log, as below.
    Refused(String),
    /// What the issuer answers cannot be used.
    Unusable(String),
    /// The issuer does not answer, or was asked too often.
    Unreachable(String),
}

impl Issuers {
    /// Knows none. `tls` tells whom to trust over HTTPS.
    pub(crate) fn new(tls: Arc<rustls::ClientConfig>) -> Self {
        Self { tls, known: Mutex::default(), places: Semaphore::new(FETCHES_AT_ONCE) }
    }

    /// What a token of an issuer proves; `issuer` is the URL of a registered one, with its scheme.
    pub(crate) async fn prove(
        &self,
        issuer: &str,
        fitting: &Fitting,
    ) -> Result<WebIdentity, Unproven> {
        let known = self.issuer(issuer);
        let before = known.fresh();
        match before.as_ref().map(|kept| fitting.verified(&kept.keys, signature::is_valid)) {
            Some(Ok(identity)) => return Ok(identity),
            Some(Err(TokenError::UnknownKey(_))) | None => {}
            Some(Err(error)) => return Err(Unproven::Token(error)),
        }
        let seen = before.map(|kept| kept.fetched);
        let keys = tokio::time::timeout(PATIENCE, self.newer(issuer, &known, seen)).await;
        let keys = keys.map_err(|_| {
            Unproven::Unreachable(format!("no keys within {} s", PATIENCE.as_secs()))
        })?;
        fitting.verified(&*keys?, signature::is_valid).map_err(Unproven::Token)
    }

    fn issuer(&self, url: &str) -> Arc<Issuer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // More than can be registered: those of providers that are gone.
        if known.len() >= limits::OIDC_PROVIDERS && !known.contains_key(url) {
            known.clear();
        }
        Arc::clone(known.entry(url.to_owned()).or_default())
    }

    /// Keys that were fetched after those that were seen; one asks, the others wait for it.
    async fn newer(
        &self,
        url: &str,
        issuer: &Issuer,
        seen: Option<Instant>,
    ) -> Result<Arc<KeySet>, Unproven> {
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
            return Err(Unproven::Unreachable(format!(
                "asked {FETCHES} times within {} s already",
                FETCH_WINDOW.as_secs()
            )));
        }
        times.push_back(now);
        let asked = async {
            let _place = self.places.acquire().await;
            fetch::keys(url, &self.tls).await
        };
        let fetched = tokio::time::timeout(FETCH_TIME, asked).await.map_err(|_| {
            Unproven::Unreachable(format!("no answer within {} s", FETCH_TIME.as_secs()))
        })?;
        let keys = Arc::new(fetched?);
        let kept = Kept { keys: Arc::clone(&keys), fetched: now };
        *issuer.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        tracing::info!(issuer = url, "fetched the keys of an issuer");
        Ok(keys)
    }
}

impl Issuer {
    /// The keys, while they may be used.
    fn fresh(&self) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|kept| kept.fetched.elapsed() < KEYS_LIFE)
    }
}
