//! The administrator: a user with every right, and an access key written where `aws` reads it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fleetwright_access::access_keys::{fresh_id, fresh_secret, sealed_key};
use fleetwright_core::credentials_file::{self, ProfileEndpoint};
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, UserName};
use fleetwright_host::data_dir::{DATABASE, DataDir};
use fleetwright_host::sealing::Sealing;
use fleetwright_host::{StartError, clock};
use fleetwright_store::{
    Change, Founding, Identity, IdentityKind, IdentityName, InstallationId, NewIdentity, PolicyKey,
    Recording, Store,
};
use zeroize::Zeroizing;

use crate::audit;
use crate::backup::any_scope;
use crate::parts::{self, Admitted, State};

const FILE: &str = "admin.credentials";
const USER: &str = "admin";
const POLICY: &str = "AdministratorAccess";

/// Records the installation in the registry and makes the administrator, in one transaction, unless
/// that was done before. An administrator who was deleted later stays deleted.
///
/// # Errors
/// When the registry or the data directory cannot be written.
pub async fn found(
    admitted: &Admitted,
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
) -> Result<InstallationId, StartError> {
    if let State::Whole(id) = admitted.state {
        return Ok(id);
    }
    let founding = match admitted.state {
        State::WithoutId { is_unused: false, .. } => Founding::KeepAdministrator,
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

/// Writes into `admin.credentials`, where the data directory has one, how clients reach the control
/// plane, so that they need nothing beside the file. Without success that is a warning.
pub fn write_endpoint(dir: &DataDir, endpoint: &ProfileEndpoint) {
    let written = match std::fs::read_to_string(dir.join(FILE)) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            let text = Zeroizing::new(credentials_file::with_endpoint(&text, endpoint));
            dir.write_if_other(FILE, 0o600, text.as_bytes()).map_err(|error| error.to_string())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = written {
        let url = &endpoint.url;
        tracing::warn!(error, "{FILE} does not say that the control plane is at {url}");
    }
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
    let file = Zeroizing::new(credentials_file::write(&id, &secret));
    // The file comes first: a start that is cut in between makes a new key, never one that nobody
    // can read.
    dir.write(FILE, 0o600, file.as_bytes()).map_err(StartError::new)?;
    let key = sealed_key(sealing, id, &secret, &name, clock::now()).map_err(StartError::new)?;
    let user = user(name)?;
    Ok(Founding::MakeAdministrator { user: Box::new(user), policy, key })
}

fn user(name: UserName) -> Result<NewIdentity, StartError> {
    Ok(NewIdentity {
        name: IdentityName::User(name),
        path: IamPath::default(),
        unique_id: fresh_id("AIDA").map_err(StartError::new)?,
        role: None,
        tags: std::collections::BTreeMap::new(),
    })
}

/// What became of the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetCredentials {
    /// Where the new key is written.
    pub file: PathBuf,
    /// The new key's id.
    pub access_key_id: String,
    /// Whether the user had been deleted, and was made again.
    pub made_user: bool,
    /// Whether the user has every right. Rights that were taken away are not given back.
    pub has_every_right: bool,
}

/// Gives the administrator a new access key in place of all earlier ones and writes it to
/// `admin.credentials`; recorded in the audit trail. For a data directory whose server is stopped.
///
/// # Errors
/// When a server runs on it, its parts do not fit, or the disk refuses.
pub async fn reset_credentials(data_dir: &Path) -> Result<ResetCredentials, StartError> {
    if !data_dir.join(DATABASE).is_file() {
        return Err(StartError::new(format_args!(
            "{} is no data directory of a server: it has no {DATABASE}",
            data_dir.display()
        )));
    }
    let scope = any_scope().map_err(StartError::new)?;
    let mut dir = DataDir::open(data_dir).map_err(StartError::new)?;
    let admitted = match parts::admit(&dir, &scope) {
        Ok(admitted) => admitted,
        Err(error) => {
            dir.leave();
            return Err(StartError::new(error));
        }
    };
    if !matches!(admitted.state, State::Whole(_) | State::WithoutId { .. }) {
        dir.leave();
        return Err(StartError::new("its first start came to no end: start the server once more"));
    }
    dir.take().map_err(StartError::new)?;
    let sealing = Sealing::open_or_make(&dir).map_err(StartError::new)?;
    let url = dir.join(DATABASE);
    let store = Store::open(&url.to_string_lossy(), scope, Arc::new(|_: &Change| {}))
        .map_err(StartError::new)?;
    reset(&dir, &store, &sealing).await
}

async fn reset(
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
) -> Result<ResetCredentials, StartError> {
    let policy = AwsPolicy::find(POLICY).ok_or_else(|| StartError::new("no such policy"))?;
    let name = UserName::parse(USER).map_err(StartError::new)?;
    let identity = IdentityName::User(name.clone());
    let known = store.identity(&identity).await.map_err(StartError::new)?;
    let made_user = known.is_none();
    let known = match known {
        Some(known) => known,
        None => make_user(store, name.clone(), policy).await?,
    };
    let attached = store.attached_managed_policies(&known).await.map_err(StartError::new)?;
    let has_every_right = attached.contains(&PolicyKey::Aws(policy));
    let id = fresh_id("AKIA").map_err(StartError::new)?;
    let secret = fresh_secret().map_err(StartError::new)?;
    let key =
        sealed_key(sealing, id.clone(), &secret, &name, clock::now()).map_err(StartError::new)?;
    let record = audit::of_server("fleetwright:ResetCredentials", Some(USER.to_owned()));
    store
        .recording(&audit::recording(record))
        .replace_access_keys(key)
        .await
        .map_err(StartError::new)?;
    // Cut before this, the key is nobody's, and the command is run again.
    dir.write(FILE, 0o600, Zeroizing::new(credentials_file::write(&id, &secret)).as_bytes())
        .map_err(StartError::new)?;
    Ok(ResetCredentials { file: dir.join(FILE), access_key_id: id, made_user, has_every_right })
}

/// Makes the administrator that was deleted, with every right.
async fn make_user(
    store: &Store,
    name: UserName,
    policy: &'static AwsPolicy,
) -> Result<Identity, StartError> {
    let recorded = |operation| {
        let record = audit::of_server(operation, Some(USER.to_owned()));
        store.recording(&audit::recording(record))
    };
    let made = recorded("iam:CreateUser")
        .create_identity(user(name)?, clock::now())
        .await
        .map_err(StartError::new)?;
    recorded("iam:AttachUserPolicy")
        .attach_managed_policy(made.clone(), PolicyKey::Aws(policy))
        .await
        .map_err(StartError::new)?;
    Ok(made)
}
