//! `provision`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::args::ProvisionArgs;
use super::output::{CommandError, identity_json, identity_text, progress, result};
use crate::{
    Connection, ConnectionConfig, Credentials, Identity, IdentityStore, ProvisionConfig,
    ProvisionEvent, Provisioner, random,
};

pub(super) async fn provision(args: ProvisionArgs) -> Result<(), CommandError> {
    let config = config(&args)?;
    let store = IdentityStore::open(&args.identity)?;
    let mut already = false;
    let identity = Provisioner::new(config)
        .provision(&store, |event| {
            already |= *event == ProvisionEvent::AlreadyProvisioned;
            progress(&event.to_string());
        })
        .await?;
    if already {
        check_known(&identity).await?;
    }
    let mut json = identity_json(&identity, store.path());
    if let Some(members) = json.as_object_mut() {
        members.insert("alreadyProvisioned".to_owned(), already.into());
    }
    result(args.output, &identity_text(&identity, store.path()), &json)
}

/// An identity that an earlier call saved may be unknown to the server since: it was restored from
/// a backup that is older, or the certificate was revoked. A server that cannot be reached says
/// nothing about that. The client id is nobody's, so that a device at work keeps its connection.
async fn check_known(identity: &Identity) -> Result<(), CommandError> {
    for attempt in 1..=ATTEMPTS {
        let mut config = ConnectionConfig::of_identity(identity);
        config.client_id = random::client_id("check");
        config.timeout = RESPONSE_TIMEOUT;
        match Connection::open(&config).await {
            Ok(connection) => {
                connection.close().await;
                return Ok(());
            }
            // A server that stops closes too.
            Err(error) if error.is_of_the_certificate() && attempt == ATTEMPTS => {
                return Err(CommandError::not_authorized(
                    format!(
                        "this device has an identity, and {} does not accept its certificate {}",
                        identity.endpoint, identity.certificate_id
                    ),
                    STRANDED,
                ));
            }
            Err(error) if error.is_of_the_certificate() => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                progress(&format!("whether the server still knows it cannot be told: {error}"));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Attempts to be let in with an identity that is there already.
const ATTEMPTS: u32 = 2;
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait for a response to each.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const STRANDED: &str = "\
Either the certificate was revoked or deleted, or the server was restored from a backup that is \
older than this device. To get a new certificate with the claim, run the same command with --force.";

fn config(args: &ProvisionArgs) -> Result<ProvisionConfig, CommandError> {
    let claim = Credentials::new(
        read("--claim-cert", &args.claim_cert)?,
        read("--claim-key", &args.claim_key)?,
    );
    let ca = read("--ca", &args.ca)?;
    let template = args.template.as_str();
    let mut config = ProvisionConfig::new(args.endpoint.clone(), ca, claim, template)
        .method(args.chosen_method())
        .force(args.force);
    config.parameters = parameters(args)?;
    if let Some(client_id) = &args.client_id {
        config.client_id.clone_from(client_id);
    }
    config.retry.max_attempts = args.max_attempts;
    config.retry.deadline = (args.timeout != 0).then(|| Duration::from_secs(args.timeout));
    Ok(config)
}

pub(super) fn parameters(args: &ProvisionArgs) -> Result<BTreeMap<String, String>, CommandError> {
    let mut parameters = match &args.parameters_file {
        None => BTreeMap::new(),
        Some(path) => {
            serde_json::from_str(&read("--parameters-file", path)?).map_err(|cause| {
                CommandError::usage(format!(
                    "--parameters-file {}: {cause}. It must be a JSON object of strings, for example {{\"SerialNumber\": \"A-1001\"}}",
                    path.display()
                ))
            })?
        }
    };
    parameters.extend(args.parameters.iter().cloned());
    Ok(parameters)
}

pub(super) fn read(option: &str, path: &Path) -> Result<String, CommandError> {
    fs::read_to_string(path)
        .map_err(|cause| CommandError::other(format!("{option} {}: {cause}", path.display())))
}
