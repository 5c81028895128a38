//! What is known of a client before it says CONNECT.

use std::collections::BTreeMap;

use fleetwright_core::authorizer::{HttpData, MqttData, Parameters, ProtocolData, TlsData};
use fleetwright_provisioning::authorizers::Endpoint;
use http::HeaderMap;
use http::request::Parts;

/// What is known of a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    /// Where it came over TLS.
    pub(crate) tls: Option<TlsData>,
    pub(crate) headers: Parameters,
    pub(crate) query: Parameters,
    /// Which authorizers its endpoint has.
    pub(crate) endpoint: Endpoint,
    http: Option<HttpData>,
}

impl Evidence {
    /// Of a connection over TLS.
    pub(crate) fn of_tls(tls: TlsData, endpoint: Endpoint) -> Self {
        Self { tls: Some(tls), endpoint, ..Self::default() }
    }

    /// Of the request of an upgrade; over TLS, where that is `Some`.
    pub(crate) fn of_request(parts: &Parts, tls: Option<TlsData>, endpoint: Endpoint) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let query_string = if query.is_empty() { String::new() } else { format!("?{query}") };
        let texts = parts.headers.iter();
        let texts = texts.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        Self {
            tls,
            headers: Parameters::of_headers(texts),
            query: Parameters::of_query(query),
            http: Some(HttpData { headers: joined(&parts.headers), query_string }),
            endpoint,
        }
    }

    /// Whether it is for an authorizer, as far as it is known.
    pub(crate) fn names_an_authorizer(&self) -> bool {
        self.headers.are_of_an_authorizer() || self.query.are_of_an_authorizer()
    }

    /// The protocols that it came by, and what they tell.
    pub(super) fn protocols(&self, mqtt: Option<MqttData>) -> (Vec<&'static str>, ProtocolData) {
        let mut protocols = Vec::new();
        protocols.extend(self.tls.is_some().then_some("tls"));
        protocols.extend(self.http.is_some().then_some("http"));
        protocols.extend(mqtt.is_some().then_some("mqtt"));
        let data = ProtocolData { tls: self.tls.clone(), http: self.http.clone(), mqtt };
        (protocols, data)
    }
}

/// Headers by their names in lower case; several of one name are joined.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|before| *before = format!("{before},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    joined
}
