//! `provision`.

use super::{
    args::ProvisionArgs,
    output::{Failure, identity_json, identity_text, progress, result},
};
use crate::{Credentials, IdentityStore, ProvisionConfig, ProvisionEvent, Provisioner};
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

pub(super) async fn provision(args: ProvisionArgs) -> Result<(), Failure> {
    let config = config(&args)?;
    let store = IdentityStore::open(&args.identity)?;
    let mut already = false;
    let identity = Provisioner::new(config)
        .provision(&store, |event| {
            already |= *event == ProvisionEvent::AlreadyProvisioned;
            progress(&event.to_string());
        })
        .await?;
    let mut json = identity_json(&identity, store.path());
    if let Some(members) = json.as_object_mut() {
        members.insert("alreadyProvisioned".to_owned(), already.into());
    }
    result(args.output, &identity_text(&identity, store.path()), &json)
}

fn config(args: &ProvisionArgs) -> Result<ProvisionConfig, Failure> {
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

pub(super) fn parameters(args: &ProvisionArgs) -> Result<BTreeMap<String, String>, Failure> {
    let mut parameters = match &args.parameters_file {
        None => BTreeMap::new(),
        Some(path) => {
            serde_json::from_str(&read("--parameters-file", path)?).map_err(|cause| {
                Failure::usage(format!(
                    "--parameters-file {}: {cause}. It must be a JSON object of strings, for example {{\"SerialNumber\": \"A-1001\"}}",
                    path.display()
                ))
            })?
        }
    };
    parameters.extend(args.parameters.iter().cloned());
    Ok(parameters)
}

pub(super) fn read(option: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|cause| Failure::other(format!("{option} {}: {cause}", path.display())))
}
