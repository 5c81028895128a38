//! Session tokens: what a temporary access key stands for, sealed and held by its bearer. Nothing
//! of a session is stored; a token opens for its own access key only.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{RoleName, UserName};
use fleetwright_core::time::Timestamp;
use fleetwright_host::sealing::Sealing;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::access_keys::{fresh_id, fresh_secret};
use crate::caller::{Caller, CallerKind, Device, Federated, Session};
use crate::credentials::{Credentials, KeyQuery, TEMPORARY};
use crate::signing_key::SigningKey;

/// Characters of a token that are opened, at most. (ours)
const TOKEN_CHARS: usize = 64 * 1024;

/// Temporary security credentials of AWS STS, returned once.
pub struct TemporaryCredentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// 40 characters of Base64.
    pub secret: Zeroizing<String>,
    /// The sealed session, Base64.
    pub token: String,
    /// When all three end.
    pub expires: Timestamp,
}

/// The inside of a token.
#[derive(Serialize, Deserialize)]
struct Sealed {
    secret: String,
    account: String,
    arn: String,
    principal_arn: String,
    user_id: String,
    #[serde(rename = "who")]
    principal: SealedPrincipal,
    issued: i64,
    expires: i64,
    policies: Vec<String>,
    policy_arns: Vec<String>,
    tags: BTreeMap<String, String>,
    source_identity: Option<String>,
    #[serde(default)]
    federated: Option<SealedFederated>,
    #[serde(default)]
    device: Option<SealedDevice>,
}

#[derive(Serialize, Deserialize)]
struct SealedDevice {
    certificate: String,
    thing: Option<String>,
    thing_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SealedFederated {
    provider: String,
    issuer: String,
    audience: String,
    subject: String,
}

#[derive(Serialize, Deserialize)]
enum SealedPrincipal {
    User(UserName),
    Role { name: RoleName, id: String, session: String },
}

/// Makes temporary credentials for a caller whose session is given.
///
/// # Errors
/// When the system gives no random bytes.
pub fn make(
    sealing: &Sealing,
    caller: Caller,
    session: Session,
) -> Result<TemporaryCredentials, Refusal> {
    let (access_key_id, secret) = (fresh_id(TEMPORARY)?, fresh_secret()?);
    let expires = session.expires;
    let principal = match caller.kind {
        CallerKind::User { name } => SealedPrincipal::User(name),
        CallerKind::AssumedRole { role, role_id, session } => {
            SealedPrincipal::Role { name: role, id: role_id, session }
        }
        CallerKind::Certificate => {
            return Err(Refusal::internal("a certificate has no session of its own"));
        }
    };
    let inside = Sealed {
        secret: (*secret).clone(),
        account: caller.account,
        arn: caller.arn,
        principal_arn: caller.principal_arn,
        user_id: caller.user_id,
        principal,
        issued: session.issued.0,
        expires: session.expires.0,
        policies: session.policies,
        policy_arns: session.policy_arns,
        tags: session.tags,
        source_identity: session.source_identity,
        federated: session.federated.map(|Federated { provider, issuer, audience, subject }| {
            SealedFederated { provider, issuer, audience, subject }
        }),
        device: session.device.map(|Device { certificate, thing, thing_type }| SealedDevice {
            certificate,
            thing,
            thing_type,
        }),
    };
    let inside = Zeroizing::new(serde_json::to_vec(&inside).map_err(Refusal::internal)?);
    let sealed = sealing.seal(&purpose(&access_key_id), &inside).map_err(Refusal::internal)?;
    Ok(TemporaryCredentials { token: STANDARD.encode(sealed), access_key_id, secret, expires })
}

/// Opens the token of a temporary access key; `None` when this server did not make it for that
/// key, or for another account. Whether it has ended is the verifier's to judge.
pub(crate) fn open(
    sealing: &Sealing,
    account_scope: &AccountScope,
    query: &KeyQuery,
) -> Option<Credentials> {
    let (access_key_id, token) = (query.id.as_str(), query.token.as_deref()?);
    let sealed = (token.len() <= TOKEN_CHARS).then(|| STANDARD.decode(token).ok()).flatten()?;
    let inside = Zeroizing::new(sealing.open_sealed(&purpose(access_key_id), &sealed).ok()?);
    let inside: Sealed = serde_json::from_slice(&inside).ok()?;
    if inside.account != account_scope.account.as_str() {
        return None;
    }
    let kind = match inside.principal {
        SealedPrincipal::User(name) => CallerKind::User { name },
        SealedPrincipal::Role { name, id, session } => {
            CallerKind::AssumedRole { role: name, role_id: id, session }
        }
    };
    let expires = Timestamp(inside.expires);
    let session = Session {
        issued: Timestamp(inside.issued),
        expires,
        policies: inside.policies,
        policy_arns: inside.policy_arns,
        tags: inside.tags,
        source_identity: inside.source_identity,
        federated: inside.federated.map(
            |SealedFederated { provider, issuer, audience, subject }| Federated {
                provider,
                issuer,
                audience,
                subject,
            },
        ),
        device: inside.device.map(|SealedDevice { certificate, thing, thing_type }| Device {
            certificate,
            thing,
            thing_type,
        }),
    };
    Some(Credentials {
        access_key_id: access_key_id.to_owned(),
        key: SigningKey::derive(&Zeroizing::new(inside.secret), &query.scope),
        session_token: Some(Zeroizing::new(token.to_owned())),
        expires: Some(expires),
        caller: Arc::new(Caller {
            arn: inside.arn,
            account: inside.account,
            user_id: inside.user_id,
            principal_arn: inside.principal_arn,
            kind,
            session: Some(session),
        }),
    })
}

fn purpose(id: &str) -> String {
    format!("session of access key {id}")
}
