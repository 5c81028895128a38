//! The devices: two that join, one that may not, one that lives.

use fleetwright_device::{
    Connection, ConnectionConfig, ConnectionError, Credentials, Identity, IdentityStore, KeyType,
    Method, ProvisionConfig, ProvisionError, Provisioner, QoS,
};

use super::fleet::TEMPLATE;
use super::server::Server;
use super::steps::{QuickstartError, Steps};

/// A device that keeps its key to itself.
pub(super) async fn join_by_csr(
    server: &Server,
    claim: &Credentials,
    steps: &Steps,
) -> Result<Identity, QuickstartError> {
    steps.heading("Devices join with the claim certificate");
    let step = steps.begin("SN-0001 sends a CSR");
    let method = Method::Csr { key_type: KeyType::P256 };
    let identity = join(server, claim, "SN-0001", method)
        .await
        .map_err(|error| QuickstartError::new("SN-0001 could not join by CSR", error))?;
    step.done(&format!(
        "SN-0001 joined by CSR as {}; its key never left the device",
        identity.thing_name.as_deref().unwrap_or_default()
    ));
    for (key, value) in &identity.device_configuration {
        steps.say(&format!("its configuration: {key} = {value}"));
    }
    Ok(identity)
}

/// A device that lets the server make its key.
pub(super) async fn join_by_keys(
    server: &Server,
    claim: &Credentials,
    steps: &Steps,
) -> Result<(), QuickstartError> {
    let step = steps.begin("SN-0002 asks for a key and a certificate");
    let identity = join(server, claim, "SN-0002", Method::Keys)
        .await
        .map_err(|error| QuickstartError::new("SN-0002 could not join by keys", error))?;
    let thing = identity.thing_name.as_deref().unwrap_or_default();
    step.done(&format!("SN-0002 joined by keys as {thing}"));
    Ok(())
}

/// A device whose serial number the hook does not know.
pub(super) async fn unknown_serial_is_refused(
    server: &Server,
    claim: &Credentials,
    steps: &Steps,
) -> Result<(), QuickstartError> {
    let step = steps.begin("SN-9999, which nobody knows, tries");
    let method = Method::Csr { key_type: KeyType::P256 };
    match join(server, claim, "SN-9999", method).await {
        Err(error @ ProvisionError::Refused { .. }) => {
            step.done("SN-9999 was refused, as it should be:");
            steps.say(&error.to_string());
            Ok(())
        }
        Err(error) => {
            Err(QuickstartError::new("SN-9999 failed for another reason than the hook", error))
        }
        Ok(_) => Err(QuickstartError::new("SN-9999 joined", "the hook should have refused it")),
    }
}

/// Connects as the device, publishes where it may, is stopped where it may not.
pub(super) async fn live(
    server: &Server,
    identity: &Identity,
    steps: &Steps,
) -> Result<(), QuickstartError> {
    let thing = identity.thing_name.as_deref().unwrap_or_default();
    steps.heading(&format!("{thing} as itself"));
    let step = steps.begin("connecting with its own certificate");
    let connection = Connection::open(&ConnectionConfig::of_identity(identity))
        .await
        .map_err(|error| QuickstartError::new("the device could not connect as itself", error))?;
    step.done("connected with its own certificate");

    let step = steps.begin("publishing where its policy allows");
    let topic = format!("fleet/{thing}/telemetry");
    let lost = |error: ConnectionError| QuickstartError::new("a message did not come back", error);
    connection.subscribe(&topic, QoS::AtLeastOnce).await.map_err(lost)?;
    connection
        .publish(&topic, r#"{"celsius":21.5}"#, QoS::AtLeastOnce, false)
        .await
        .map_err(lost)?;
    let message = connection.next_message().await.map_err(lost)?;
    step.done(&format!(
        "published to {topic} and heard {}",
        String::from_utf8_lossy(&message.payload)
    ));

    let step = steps.begin("publishing where its policy does not allow");
    let forbidden = "fleet/everyone/orders";
    match connection.publish(forbidden, "stop", QoS::AtLeastOnce, false).await {
        Ok(()) => {
            return Err(QuickstartError::new("a forbidden publish went through", forbidden));
        }
        Err(_) => step.done(&format!("stopped at {forbidden}; the server's log says why:")),
    }
    let why = server.logged("AUTHORIZATION_FAILURE", "reason");
    steps.say(&why.ok_or_else(|| QuickstartError::new("the log does not say why", forbidden))?);
    Ok(())
}

async fn join(
    server: &Server,
    claim: &Credentials,
    serial: &str,
    method: Method,
) -> Result<Identity, ProvisionError> {
    let setup = |error: QuickstartError| ProvisionError::Settings(error.to_string());
    let endpoint = server.endpoint().map_err(setup)?;
    let ca = server.root_ca().map_err(setup)?;
    let config = ProvisionConfig::new(endpoint, ca, claim.clone(), TEMPLATE)
        .parameter("SerialNumber", serial)
        .parameter("DeviceLocation", "Berlin")
        .method(method);
    let store = IdentityStore::open(server.path(serial)).map_err(ProvisionError::Store)?;
    Provisioner::new(config).provision(&store, |_| {}).await
}
