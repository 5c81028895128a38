//! `GET /greengrass/discover/thing/{thing}`: there are no Greengrass groups here, which devices are
//! told in the form that their SDKs read.

use fleetwright_core::authorization::authorize_device;
use fleetwright_core::names::ThingName;
use fleetwright_core::policy::Request;

use super::refused::Refused;
use super::request::{Client, decoded};
use super::{HttpsDevice, HttpsResponse};

/// Refuses discovery: 403 unless the device's policies allow to ask, else 404.
pub(super) fn answer(
    client: &Client,
    device: &HttpsDevice,
    thing: &str,
) -> Result<HttpsResponse, Refused> {
    let thing = decoded(thing).and_then(|thing| ThingName::parse(&thing).ok());
    let thing = thing.ok_or_else(|| Refused::not_found("There is no such thing"))?;
    let resource = client.gateway.policies.arn("thing", thing.as_str());
    let needed = Request { action: "greengrass:Discover", resource: &resource };
    authorize_device((), &[needed], &device.policies, &device.context(None))
        .map_err(|_| Refused::forbidden())?;
    Err(Refused::not_found(
        "Greengrass discovery is not offered by this server: there are no Greengrass groups",
    ))
}
