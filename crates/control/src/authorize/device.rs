//! A device that calls with its certificate.

use std::net::IpAddr;

use fleetwright_core::certificate::{CertificateFacts, CertificateId};
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_store::CertificateRow;

/// A device, proven by the certificate that it presented, which is ACTIVE.
#[derive(Debug, Clone)]
pub struct DeviceCaller {
    /// Its certificate.
    pub certificate: CertificateId,
    /// Its row.
    pub row: CertificateRow,
    /// What policies may ask of it.
    pub facts: CertificateFacts,
    /// The policies in force.
    pub policies: Box<[AttachedPolicy]>,
    /// Where the request comes from.
    pub source_ip: IpAddr,
    /// The server's name, as the device named it.
    pub domain_name: Option<String>,
    /// The id of the request.
    pub request_id: String,
}
