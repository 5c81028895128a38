//! What a policy may ask about a request: the action, the resource, and the facts around them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::certificate::{CertificateFacts, CertificateId};
use crate::names::{ThingName, ThingTypeName};
use crate::time::Timestamp;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The action with its service prefix, such as `iot:Publish`. Compared without case.
    pub action: &'a str,
    /// The full ARN of the resource, or `*` for actions without one. Compared with case. A topic
    /// stands in it as raw UTF-8, never URL-encoded.
    pub resource: &'a str,
}

/// The thing that a connection is bound to. Binding is the caller's rule (AWS: guide, "Thing
/// policy variables"): the thing that the principal is attached to exclusively, else the thing
/// named like the client id that the principal is attached to, else none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundThing {
    /// Its name.
    pub name: ThingName,
    /// Its type, if it has one.
    pub type_name: Option<ThingTypeName>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
}

/// The facts of a request. A fact that is `None` does not exist for this request: a variable that
/// names it is unresolved and a condition on it sees an absent key. Build one per connection and
/// change what differs per request; the struct is `Copy` and borrows everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The MQTT client id. None over HTTPS.
    pub client_id: Option<&'a str>,
    /// The peer's address.
    pub source_ip: Option<IpAddr>,
    /// The endpoint's host name, from SNI or `Host`.
    pub domain_name: Option<&'a str>,
    /// The certificate that the principal presented.
    pub certificate_id: Option<&'a CertificateId>,
    /// What that certificate says.
    pub certificate: Option<&'a CertificateFacts>,
    /// The thing that the connection is bound to. None over HTTPS.
    pub thing: Option<&'a BoundThing>,
    /// Whether the principal is attached to the thing of the connection. None over HTTPS;
    /// always `Some` over MQTT.
    pub is_attached: Option<bool>,
    /// The features that a CONNECT asks for: of `PersistentConnect` and `LastWill`. `Some(&[])`
    /// for a plain clean CONNECT; None for any other action.
    pub connect_attributes: Option<&'a [&'a str]>,
    /// The topic **ARN** of the will that a CONNECT carries.
    pub last_will_topic: Option<&'a str>,
    /// The present time, for `aws:CurrentTime` and `aws:EpochTime`.
    pub now: Option<Timestamp>,
    /// Further keys and their values, for identity policies (`aws:username`,
    /// `aws:PrincipalTag/team` …). Keys compare without case.
    pub extra: &'a [(&'a str, &'a [&'a str])],
    /// Who asks, in every form by which a trust policy's `Principal` may name them.
    pub principals: &'a [Principal<'a>],
}

/// One form of naming a caller in a trust policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal<'a> {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub kind: &'a str,
    /// For instance `iot.amazonaws.com`, an account id or the ARN of a role.
    pub id: &'a str,
}
