//! `[endpoints]`: the names of the endpoints that devices ask `DescribeEndpoint` for, and addresses
//! of their own.

use std::net::SocketAddr;

use fleetwright_core::configuration::{Conflict, Key, Takes};
use fleetwright_gateway::EndpointNames;
use serde::{Deserialize, Serialize};

use super::listen::{ADDRESSES, address, address_rule, hostname};

/// The section as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Endpoints {
    data: Option<String>,
    credentials: Option<String>,
    jobs: Option<String>,
    https_listen: Option<Vec<String>>,
    credentials_listen: Option<Vec<String>>,
    jobs_listen: Option<Vec<String>>,
}

/// Where HTTPS with a client certificate is listened for, beside the gateway's own addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpsListen {
    /// For everything; `None` when nothing was said: 8443 beside the gateway's default ports.
    pub https: Option<Vec<SocketAddr>>,
    /// For the credentials provider alone.
    pub credentials: Vec<SocketAddr>,
    /// For the jobs endpoint alone.
    pub jobs: Vec<SocketAddr>,
}

impl Endpoints {
    /// The keys of its section.
    pub(super) const KEYS: &[Key] = &[
        Key::new("data", Takes::Text(hostname)),
        Key::new("credentials", Takes::Text(hostname)),
        Key::new("jobs", Takes::Text(hostname)),
        Key::new("https-listen", Takes::List(1, ADDRESSES, &Takes::Text(address_rule))),
        Key::new("credentials-listen", Takes::List(1, ADDRESSES, &Takes::Text(address_rule))),
        Key::new("jobs-listen", Takes::List(1, ADDRESSES, &Takes::Text(address_rule))),
    ];

    /// The names; one that was not given is that of the data endpoint, which is the server's first.
    pub(super) fn names(&self, hostnames: &[String]) -> EndpointNames {
        let first = hostnames.first().map_or("localhost", String::as_str);
        let data = self.data.clone().unwrap_or_else(|| first.to_owned());
        EndpointNames {
            credentials: self.credentials.clone().unwrap_or_else(|| data.clone()),
            jobs: self.jobs.clone().unwrap_or_else(|| data.clone()),
            data,
        }
    }

    /// The addresses.
    pub(super) fn listen(&self) -> HttpsListen {
        let read = |given: &Option<Vec<String>>| {
            let given = given.as_deref();
            given.map(|given| given.iter().filter_map(|text| address(text)).collect())
        };
        HttpsListen {
            https: read(&self.https_listen),
            credentials: read(&self.credentials_listen).unwrap_or_default(),
            jobs: read(&self.jobs_listen).unwrap_or_default(),
        }
    }

    /// What cannot be used together.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        let HttpsListen { https, credentials, jobs } = self.listen();
        let https = https.unwrap_or_default();
        let all: Vec<SocketAddr> =
            https.into_iter().chain(credentials).chain(jobs).filter(|at| at.port() != 0).collect();
        let twice =
            all.iter().enumerate().find(|(at, one)| all.iter().skip(at + 1).any(|it| it == *one));
        twice.map(|(_, address)| Conflict {
            key: "endpoints",
            why: format!("{address} is named twice: each address is for one endpoint"),
        })
    }
}
