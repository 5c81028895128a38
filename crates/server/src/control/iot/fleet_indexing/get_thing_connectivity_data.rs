//! `GetThingConnectivityData`: whether the client named like a thing is connected.

use fleetwright_core::names::ThingName;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::call::put;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetThingConnectivityData";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let body = call.object()?;
    let asked = body.members().flag("includeSocketInformation")?.unwrap_or(false);
    let found = control.store.presence(&name).await?;
    // Addresses are told where both the configuration and the request ask for them.
    let with_sockets =
        asked && control.store.indexing_configuration().await?.things.socket_information;
    let mut shown = json!({ "thingName": name.as_str(), "connected": false });
    let Some(found) = found else {
        put(&mut shown, "disconnectReason", Some("UNKNOWN"));
        return Ok(Answer::json(shown));
    };
    put(&mut shown, "connected", Some(found.connected));
    put(&mut shown, "timestamp", Some(found.since.epoch_seconds()));
    put(&mut shown, "disconnectReason", found.reason.or_else(|| Some("NONE".to_owned())));
    put(&mut shown, "clientId", Some(name.as_str()));
    if let Some(connection) = found.connection {
        put(&mut shown, "keepAliveDuration", Some(connection.keep_alive));
        // No session outlives its connection here.
        put(&mut shown, "cleanSession", Some(true));
        put(&mut shown, "sessionExpiry", Some(Value::from(0)));
        if with_sockets {
            let (address, port) = connection.source;
            put(&mut shown, "sourceIp", Some(address));
            put(&mut shown, "sourcePort", Some(port));
            if let Some((address, port)) = connection.target {
                put(&mut shown, "targetIp", Some(address));
                put(&mut shown, "targetPort", Some(port));
            }
        }
    }
    Ok(Answer::json(shown))
}
