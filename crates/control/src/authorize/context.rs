//! A request as authorization sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetwright_access::caller::Caller;
use fleetwright_core::authorization::{Member, Tags};

use super::device::DeviceCaller;
use super::facts::Peer;
use super::found::Found;
use crate::service::Service;

/// A verified request, apart from its members.
#[derive(Clone)]
pub(crate) struct RequestContext {
    pub(crate) request_id: String,
    pub(crate) service: Service,
    /// AWS's name of the operation.
    pub(crate) operation: &'static str,
    /// Who signed it.
    pub(crate) caller: Arc<Caller>,
    /// The device that presented its certificate instead; its policies decide.
    pub(crate) device: Option<Arc<DeviceCaller>>,
    /// Where it came from; `None` when that is not known.
    pub(crate) peer: Option<Peer>,
}

/// The members of a request as permissions and condition keys name them.
pub(crate) trait RequestMembers {
    /// The request that has them.
    fn context(&self) -> &RequestContext;
    /// What a member holds: nothing, one value, or those of a list.
    fn values(&self, member: Member) -> Vec<String>;
    /// The tags of the body; keys without values when they are to be removed.
    fn tags(&self, tags: Tags) -> BTreeMap<String, Option<String>>;
    /// Keeps what its request names, for the operation.
    fn keep(&mut self, found: Found);
}
