//! The device side of fleet provisioning: claim to certificate to thing.
//!
//! A small async API for firmware, and the command line `fleetwright-device` on top of it
//! (feature `cli`, on by default). It speaks to Fleetwright and to any server with the same
//! interface, over MQTT 3.1.1 and mutual TLS.
//!
//! ```no_run
//! use fleetwright_device::{
//!     Connection, ConnectionConfig, Credentials, IdentityStore, KeyType, Method, ProvisionConfig,
//!     Provisioner, QoS,
//! };
//!
//! # async fn firmware() -> Result<(), Box<dyn std::error::Error>> {
//! let ca_pem = std::fs::read_to_string("root-ca.pem")?;
//! let claim = Credentials::new(
//!     std::fs::read_to_string("claim.cert.pem")?,
//!     std::fs::read_to_string("claim.key")?,
//! );
//! let config = ProvisionConfig::new("iot.example.com:8883".parse()?, ca_pem, claim, "Sensors")
//!     .parameter("SerialNumber", "A-1001")
//!     .method(Method::Csr { key_type: KeyType::P256 });
//!
//! // Survives a cut at any step: call it again and it goes on from where it was.
//! let store = IdentityStore::open("/var/lib/sensor/identity")?;
//! let identity = Provisioner::new(config).provision(&store, |event| println!("{event}")).await?;
//!
//! let connection = Connection::open(&ConnectionConfig::of_identity(&identity)).await?;
//! connection.publish("sensors/A-1001/hello", "world", QoS::AtLeastOnce, false).await?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod backoff;
#[cfg(feature = "cli")]
pub mod cli;
mod connection;
mod endpoint;
mod identity;
mod key;
mod provision;
mod random;
mod secret;
mod tls;

pub use backoff::RetryPolicy;
pub use connection::{Connection, ConnectionConfig, ConnectionError, Credentials, Message, QoS};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use identity::{Identity, IdentityStore, StoreError};
pub use key::{KeyError, KeyType};
pub use provision::{
    Method, Operation, ProvisionConfig, ProvisionError, ProvisionEvent, Provisioner, Rejection,
};
pub use secret::SecretPem;
