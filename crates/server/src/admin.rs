//! The administrator: a user with every right, and an access key written where `aws` reads it.

use std::sync::Arc;

use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, UserName};
use fleetwright_store::{
    Founding, IdentityKind, IdentityName, InstallationId, NewIdentity, PolicyKey, Recording, Store,
};
use zeroize::Zeroizing;

use crate::app::StartError;
use crate::credentials::{fresh_id, fresh_secret, sealed_key};
use crate::data_dir::DataDir;
use crate::installation::{Admitted, Standing};
use crate::sealing::Sealing;
use crate::{audit, clock};

/// AWS's shared-credentials format.
const FILE: &str = "admin.credentials";
const USER: &str = "admin";
const POLICY: &str = "AdministratorAccess";

/// Founds the installation: tells the registry whose it is and makes the administrator, in one
/// transaction, unless that was done before. An administrator who was deleted later stays deleted.
pub(crate) async fn found(
    admitted: &Admitted,
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
) -> Result<InstallationId, StartError> {
    if let Standing::Whole(id) = admitted.standing {
        return Ok(id);
    }
    let founding = match admitted.standing {
        Standing::WithoutId { is_unused: false, .. } => Founding::KeepAdministrator,
        _ => founding(dir, store, sealing).await?,
    };
    let now = clock::now();
    let installation = admitted.record(sealing, now, now).map_err(StartError::new)?;
    let store = match recording(&founding) {
        Some(recording) => store.recording(&recording),
        None => store.clone(),
    };
    store.found_installation(installation, founding, now).await.map_err(StartError::new)?;
    Ok(admitted.id)
}

/// The record of what is done about the administrator; `None` when that is nothing.
fn recording(founding: &Founding) -> Option<Arc<Recording>> {
    let operation = match founding {
        Founding::MakeAdministrator { .. } => "iam:CreateUser",
        Founding::AttachPolicy { .. } => "iam:AttachUserPolicy",
        Founding::KeepAdministrator => return None,
    };
    Some(audit::recording(audit::of_server(operation, Some(USER.to_owned()))))
}

/// What a registry that was never used is still in need of.
async fn founding(dir: &DataDir, store: &Store, sealing: &Sealing) -> Result<Founding, StartError> {
    let policy = AwsPolicy::find(POLICY).ok_or_else(|| StartError::new("no such policy"))?;
    let policy = PolicyKey::Aws(policy);
    let users = store.list_identities(IdentityKind::User, "/".into(), None, 1).await;
    let name = UserName::parse(USER).map_err(StartError::new)?;
    if !users.map_err(StartError::new)?.items.is_empty() {
        // Earlier versions made the user and gave the policy in two transactions.
        return Ok(Founding::AttachPolicy { user: IdentityName::User(name), policy });
    }
    let id = fresh_id("AKIA").map_err(StartError::new)?;
    let secret = fresh_secret().map_err(StartError::new)?;
    let file = Zeroizing::new(format!(
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {}\n",
        *secret
    ));
    // The file comes first: a start that is cut in between makes a new key, never one that nobody
    // can read.
    dir.write(FILE, 0o600, file.as_bytes()).map_err(StartError::new)?;
    let key = sealed_key(sealing, id, &secret, &name, clock::now()).map_err(StartError::new)?;
    let user = NewIdentity {
        name: IdentityName::User(name),
        path: IamPath::default(),
        unique_id: fresh_id("AIDA").map_err(StartError::new)?,
        role: None,
        tags: std::collections::BTreeMap::new(),
    };
    Ok(Founding::MakeAdministrator { user: Box::new(user), policy, key })
}
