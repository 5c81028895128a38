//! Access keys: made, sealed, and opened for one verification.

use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::UserName;
use fleetwright_core::time::Timestamp;
use fleetwright_host::cache::Cache;
use fleetwright_host::sealing::{Sealing, SealingError};
use fleetwright_store::{AccessKey, AccessKeyStatus, IdentityName, Store};
use zeroize::Zeroizing;

use crate::caller::{Caller, CallerKind};
use crate::credentials::{Credentials, KeyQuery, TEMPORARY};
use crate::session_token;
use crate::signing_key::{SigningKey, SigningScope};

/// Signing keys that are kept at once. (ours)
const SIGNING_KEYS: usize = 1000;

/// What verifies signatures of permanent keys, by key id and scope: derived once a day, region and
/// service, forgotten when any access key or identity changes. No secret is kept in the clear.
pub type SigningKeys = Cache<(String, SigningScope), Credentials>;

/// No signing key is derived yet.
pub fn signing_keys() -> SigningKeys {
    Cache::new(SIGNING_KEYS)
}

/// Characters of an id after its four letters, as access keys have on AWS.
const ID_CHARS: usize = 16;
/// Bytes of a secret: 40 characters of Base64, as AWS's have.
const SECRET_BYTES: usize = 30;

/// A fresh id: four letters that tell its kind, then 80 random bits in base 32.
///
/// # Errors
/// When the system gives no random bytes.
pub fn fresh_id(kind: &str) -> Result<String, Refusal> {
    let random: [u8; ID_CHARS] = fleetwright_host::random::bytes()?;
    Ok(kind.chars().chain(random.iter().map(|byte| base32_digit(*byte))).collect())
}

/// A fresh secret access key.
///
/// # Errors
/// As [`fresh_id`].
pub fn fresh_secret() -> Result<Zeroizing<String>, Refusal> {
    let mut random = Zeroizing::new([0; SECRET_BYTES]);
    rand::fill(random.as_mut_slice()).map_err(Refusal::internal)?;
    Ok(Zeroizing::new(STANDARD.encode(random.as_slice())))
}

/// A key of a user, with its secret sealed.
pub fn sealed_key(
    sealing: &Sealing,
    id: String,
    secret: &str,
    user: &UserName,
    now: Timestamp,
) -> Result<AccessKey, SealingError> {
    Ok(AccessKey {
        secret_sealed: sealing.seal(&purpose(&id), secret.as_bytes())?,
        id,
        user: user.as_str().to_owned(),
        status: AccessKeyStatus::Active,
        created: now,
    })
}

/// What verifies a request that names an access key; `None` when no such key is active, or its
/// session token is not of this server.
///
/// # Errors
/// When the registry cannot be read, or a secret not be opened.
pub async fn find(
    store: &Store,
    sealing: &Sealing,
    scope: &AccountScope,
    keys: &SigningKeys,
    query: KeyQuery,
) -> Result<Option<Credentials>, Refusal> {
    if query.id.starts_with(TEMPORARY) {
        let opened = session_token::open(sealing, scope, &query);
        let Some(credentials) = opened else { return Ok(None) };
        return Ok(still_there(store, &credentials.caller).await?.then_some(credentials));
    }
    let name = (query.id.clone(), query.scope.clone());
    keys.get_or_load(name, permanent(store, sealing, scope, &query)).await
}

/// What verifies requests with a permanent key, if it is active and its user is there.
async fn permanent(
    store: &Store,
    sealing: &Sealing,
    scope: &AccountScope,
    query: &KeyQuery,
) -> Result<Option<Credentials>, Refusal> {
    let Some(key) = store.access_key(&query.id).await? else { return Ok(None) };
    if key.status != AccessKeyStatus::Active {
        return Ok(None);
    }
    let name = UserName::parse(&key.user).map_err(Refusal::internal)?;
    let Some(user) = store.identity(&IdentityName::User(name.clone())).await? else {
        return Ok(None);
    };
    Ok(Some(Credentials {
        key: SigningKey::derive(&open_secret(sealing, &key)?, &query.scope),
        access_key_id: key.id,
        session_token: None,
        expires: None,
        caller: Arc::new(Caller::user(scope, name, &user.path, user.unique_id)),
    }))
}

/// Whether the user or role of a session exists: one made anew under its name is another.
async fn still_there(store: &Store, caller: &Caller) -> Result<bool, Refusal> {
    let (name, id) = match &caller.kind {
        CallerKind::User { name } => (IdentityName::User(name.clone()), &caller.user_id),
        CallerKind::AssumedRole { role, role_id, .. } => {
            (IdentityName::Role(role.clone()), role_id)
        }
        CallerKind::Certificate => return Ok(false),
    };
    Ok(store.identity(&name).await?.is_some_and(|found| found.unique_id == *id))
}

/// Whether a sealing key is the one that a stored secret was sealed with.
pub fn opens(sealing: &Sealing, id: &str, sealed: &[u8]) -> Result<(), SealingError> {
    sealing.open_sealed(&purpose(id), sealed).map(|_| ())
}

fn open_secret(sealing: &Sealing, key: &AccessKey) -> Result<Zeroizing<String>, Refusal> {
    let secret = Zeroizing::new(
        sealing.open_sealed(&purpose(&key.id), &key.secret_sealed).map_err(Refusal::internal)?,
    );
    let text = std::str::from_utf8(&secret).map_err(Refusal::internal)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn purpose(id: &str) -> String {
    format!("secret of access key {id}")
}

fn base32_digit(byte: u8) -> char {
    const DIGITS: [char; 32] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R',
        'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7',
    ];
    DIGITS.get(usize::from(byte % 32)).copied().unwrap_or('A')
}
