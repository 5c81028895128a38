//! The facts around a request, as condition keys (AWS: "Global condition keys", IAM user guide).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use fleetwright_access::caller::{Caller, CallerKind, Device, Federated};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::policy::Context;
use fleetwright_core::time::Timestamp;

use super::device::DeviceCaller;

/// Where a request came from; an extension of every request that came over a socket.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The peer's address, or that of the proxy before it.
    pub address: IpAddr,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// Condition keys with their values; address and time have fields of their own in the context.
pub(crate) struct Facts {
    source_ip: Option<IpAddr>,
    now: Timestamp,
    keys: Vec<(Cow<'static, str>, Vec<String>)>,
    device: Option<Arc<DeviceCaller>>,
}

impl Facts {
    /// What is known of a request of a device: the variables of device policies over HTTPS.
    pub(crate) fn of_device(
        device: &Arc<DeviceCaller>,
        scope: &AccountScope,
        now: Timestamp,
    ) -> Self {
        let (source_ip, device) = (Some(device.source_ip), Some(Arc::clone(device)));
        let mut facts = Self { source_ip, now, keys: Vec::new(), device };
        facts.add("aws:RequestedRegion", vec![scope.region.to_string()]);
        facts.add("aws:SecureTransport", vec!["true".to_owned()]);
        facts
    }

    /// What is known of every request; `principal_arn` is that of the user or of the role itself.
    pub(crate) fn of(
        caller: &Caller,
        principal_arn: &str,
        scope: &AccountScope,
        peer: Option<Peer>,
        now: Timestamp,
    ) -> Self {
        let source_ip = peer.map(|peer| peer.address);
        let mut facts = Self { source_ip, now, keys: Vec::with_capacity(8), device: None };
        facts.add_caller(caller);
        facts.add("aws:PrincipalArn", vec![principal_arn.to_owned()]);
        facts.add("aws:RequestedRegion", vec![scope.region.to_string()]);
        let secure = peer.is_some_and(|peer| peer.tls);
        facts.add("aws:SecureTransport", vec![secure.to_string()]);
        facts
    }

    fn add_caller(&mut self, caller: &Caller) {
        self.add("aws:userid", vec![caller.user_id.clone()]);
        self.add("aws:PrincipalAccount", vec![caller.account.clone()]);
        match &caller.kind {
            CallerKind::User { name } => {
                self.add("aws:PrincipalType", vec!["User".to_owned()]);
                self.add("aws:username", vec![name.to_string()]);
            }
            CallerKind::AssumedRole { .. } => {
                self.add("aws:PrincipalType", vec!["AssumedRole".to_owned()]);
            }
            CallerKind::Certificate => {}
        }
        let Some(session) = &caller.session else { return };
        self.add("aws:TokenIssueTime", vec![session.issued.0.div_euclid(1000).to_string()]);
        self.add("aws:SourceIdentity", session.source_identity.iter().cloned().collect());
        for (key, value) in &session.tags {
            self.add(format!("aws:PrincipalTag/{key}"), vec![value.clone()]);
        }
        if let Some(Federated { provider, issuer, audience, subject }) = &session.federated {
            self.add("aws:FederatedProvider", vec![provider.clone()]);
            self.add(format!("{issuer}:aud"), vec![audience.clone()]);
            self.add(format!("{issuer}:sub"), vec![subject.clone()]);
        }
        if let Some(Device { certificate, thing, thing_type }) = &session.device {
            self.add("credentials-iot:AwsCertificateId", vec![certificate.clone()]);
            self.add("credentials-iot:ThingName", thing.iter().cloned().collect());
            self.add("credentials-iot:ThingTypeName", thing_type.iter().cloned().collect());
        }
    }

    /// One key more; without values it does not exist.
    pub(super) fn add(&mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) {
        if !values.is_empty() {
            self.keys.push((key.into(), values));
        }
    }

    /// The tags that a request adds or removes.
    pub(super) fn add_tags(&mut self, tags: BTreeMap<String, Option<String>>) {
        self.add("aws:TagKeys", tags.keys().cloned().collect());
        for (key, value) in tags {
            self.add(format!("aws:RequestTag/{key}"), value.into_iter().collect());
        }
    }

    /// The keys alone: address and time are not among them.
    pub(super) fn into_keys(self) -> Vec<(Cow<'static, str>, Vec<String>)> {
        self.keys
    }

    /// Gives the facts in the form that the engine reads.
    pub(super) fn with_context<R>(&self, read: impl FnOnce(&Context<'_>) -> R) -> R {
        let values: Vec<Vec<&str>> =
            self.keys.iter().map(|(_, all)| all.iter().map(String::as_str).collect()).collect();
        let extra: Vec<(&str, &[&str])> =
            self.keys.iter().zip(&values).map(|((key, _), all)| (&**key, all.as_slice())).collect();
        read(&Context {
            source_ip: self.source_ip,
            now: Some(self.now),
            extra: &extra,
            certificate_id: self.device.as_ref().map(|device| &device.certificate),
            certificate: self.device.as_ref().map(|device| &device.facts),
            domain_name: self.device.as_ref().and_then(|device| device.domain_name.as_deref()),
            ..Context::default()
        })
    }
}
