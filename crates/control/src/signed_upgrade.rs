//! Callers who connect to the gateway: the signature of an upgrade to WebSocket, and what its caller is
//! granted from then on.

use std::borrow::Cow;
use std::sync::Arc;

use fleetwright_access::caller::Caller;
use fleetwright_access::credentials::KeyQuery;
use fleetwright_core::error::Refusal;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_core::time::Timestamp;
use http::request::Parts;

use crate::auth::{AuthError, Scope, Unverified};
use crate::authorize::{self, Peer};
use crate::error::ApiError;
use crate::plane::ControlPlane;

/// What an upgrade is signed for. AWS's SDKs sign for the first; the second is that of the data plane.
const SIGNING_NAMES: &[&str] = &["iotdevicegateway", "iotdata"];

/// A caller of IAM who signed an upgrade.
#[derive(Debug)]
pub struct SignedUpgrade {
    /// Who it is.
    pub caller: Arc<Caller>,
    /// When its credentials end, if they do.
    pub expires: Option<Timestamp>,
    /// Condition keys with their values.
    pub keys: Vec<(Cow<'static, str>, Vec<String>)>,
    query: KeyQuery,
}

/// Why an upgrade has no caller.
#[derive(Debug)]
pub enum NotSigned {
    /// No signature is presented.
    Missing,
    /// It is not accepted; the message is for the client.
    Refused(String),
    /// Who signed cannot be looked up.
    Unknown(Refusal),
}

/// What a caller is granted.
#[derive(Debug)]
pub struct GrantedPolicies {
    /// The policies of the user or role.
    pub identity: Box<[AttachedPolicy]>,
    /// Those of its session, which narrow them; `None` when it was opened without.
    pub session: Option<Box<[AttachedPolicy]>>,
}

/// Verifies the signature of an upgrade.
///
/// # Errors
/// There is none, it is not the holder's, or the registry cannot be read.
pub async fn verify_upgrade(
    control: &ControlPlane,
    parts: &Parts,
    peer: Peer,
) -> Result<SignedUpgrade, NotSigned> {
    let now = control.now();
    let region = control.scope.region.as_str();
    let scope = Scope { region, services: SIGNING_NAMES, global: &[], now };
    let unverified = Unverified::read_upgrade(parts, &scope).map_err(NotSigned::of)?;
    let query = unverified.key_query();
    let found = (control.credentials)(query.clone()).await.map_err(NotSigned::Unknown)?;
    unverified.verify_upgrade(parts, found.as_ref(), now).map_err(NotSigned::of)?;
    let credentials = found.ok_or(NotSigned::Missing)?;
    let caller = credentials.caller;
    let known = authorize::known(control, &caller).await.map_err(NotSigned::Unknown)?;
    let keys = authorize::keys(&caller, known.arn(), &control.scope, peer, now);
    Ok(SignedUpgrade { caller, expires: credentials.expires, keys, query })
}

impl NotSigned {
    fn of(error: AuthError) -> Self {
        if error == AuthError::Missing {
            return Self::Missing;
        }
        Self::Refused(ApiError::from(error).message)
    }
}

impl SignedUpgrade {
    /// What it is granted now; `None` when its key is no longer active, or its user or role is gone.
    ///
    /// # Errors
    /// When the registry cannot be read, or holds a policy that is none.
    pub async fn granted(
        &self,
        control: &ControlPlane,
    ) -> Result<Option<GrantedPolicies>, Refusal> {
        let found = (control.credentials)(self.query.clone()).await?;
        // A user made anew under the same name, or a key given to another, is another.
        if found.is_none_or(|found| found.caller.unique_id() != self.caller.unique_id()) {
            return Ok(None);
        }
        let known = authorize::known(control, &self.caller).await?;
        if !known.is(self.caller.unique_id()) {
            return Ok(None);
        }
        let session = authorize::session(control, &self.caller).await?;
        let session = session.map(Vec::into_boxed_slice);
        Ok(Some(GrantedPolicies { identity: known.policies.clone(), session }))
    }
}
