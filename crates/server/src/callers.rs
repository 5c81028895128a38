//! Callers of IAM for the gateway: `control` knows whose a signature is, and what it is granted.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use fleetwright_control::{ControlPlane, NotSigned, Peer, SignedUpgrade, verify_upgrade};
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use fleetwright_gateway::{Asked, Callers, Granted, NotVerified, SignedCaller};
use http::request::Parts;

/// The callers that the control plane knows.
pub(crate) struct OfControl(pub(crate) Arc<ControlPlane>);

struct Caller {
    control: Arc<ControlPlane>,
    signed: SignedUpgrade,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.signed.fmt(f)
    }
}

impl Callers for OfControl {
    fn verify<'a>(
        &'a self,
        parts: &'a Parts,
        from: IpAddr,
        tls: bool,
    ) -> Asked<'a, Result<Arc<dyn SignedCaller>, NotVerified>> {
        Box::pin(async move {
            let control = Arc::clone(&self.0);
            match verify_upgrade(&control, parts, Peer { address: from, tls }).await {
                Ok(signed) => Ok(Arc::new(Caller { control, signed }) as Arc<dyn SignedCaller>),
                Err(NotSigned::Missing) => Err(NotVerified::Unsigned),
                Err(NotSigned::Refused(message)) => Err(NotVerified::Refused(message)),
                Err(NotSigned::Unknown(refusal)) => Err(NotVerified::Unknown(refusal)),
            }
        })
    }
}

impl SignedCaller for Caller {
    fn id(&self) -> &str {
        &self.signed.caller.user_id
    }

    fn arn(&self) -> &str {
        &self.signed.caller.arn
    }

    fn expires(&self) -> Option<Timestamp> {
        self.signed.expires
    }

    fn keys(&self) -> &[(Cow<'static, str>, Vec<String>)] {
        &self.signed.keys
    }

    fn granted(&self) -> Asked<'_, Result<Option<Granted>, Refusal>> {
        Box::pin(async {
            let granted = self.signed.granted(&self.control).await?;
            Ok(granted.map(|it| Granted { policies: it.identity, session: it.session }))
        })
    }
}
