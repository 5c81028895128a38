//! The administrator: a user with every right, and an access key written where `aws` reads it.

use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, UserName};
use fleetwright_store::{IdentityKind, IdentityName, NewIdentity, PolicyKey, Store};
use zeroize::Zeroizing;

use crate::app::StartError;
use crate::clock;
use crate::credentials::{fresh_id, fresh_secret, sealed_key};
use crate::data_dir::DataDir;
use crate::sealing::Sealing;

/// AWS's shared-credentials format.
const FILE: &str = "admin.credentials";
const USER: &str = "admin";
const POLICY: &str = "AdministratorAccess";

/// Makes the administrator on the first start: while there is no user at all. A user who was
/// deleted later stays deleted.
pub(crate) async fn ensure(
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
) -> Result<(), StartError> {
    let users = store.list_identities(IdentityKind::User, "/".into(), None, 1).await;
    if !users.map_err(StartError::new)?.items.is_empty() {
        return Ok(());
    }
    // The user comes last: a start that is cut in between begins anew.
    let name = UserName::parse(USER).map_err(StartError::new)?;
    ensure_key(dir, store, sealing, &name).await?;
    let unique_id = fresh_id("AIDA").map_err(StartError::new)?;
    let new = NewIdentity {
        name: IdentityName::User(name.clone()),
        path: IamPath::default(),
        unique_id,
        role: None,
        tags: std::collections::BTreeMap::new(),
    };
    store.create_identity(new, clock::now()).await.map_err(StartError::new)?;
    let policy = AwsPolicy::find(POLICY).ok_or_else(|| StartError::new("no such policy"))?;
    let attached =
        store.attach_managed_policy(IdentityName::User(name), PolicyKey::Aws(policy)).await;
    attached.map_err(StartError::new)
}

/// Makes the administrator's key unless there is one. The file comes first: a start that is cut
/// in between makes a new key, never one that nobody can read.
async fn ensure_key(
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
    user: &UserName,
) -> Result<(), StartError> {
    if !store.access_keys_of(USER).await.map_err(StartError::new)?.is_empty() {
        return Ok(());
    }
    let id = fresh_id("AKIA").map_err(StartError::new)?;
    let secret = fresh_secret().map_err(StartError::new)?;
    let file = Zeroizing::new(format!(
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {}\n",
        *secret
    ));
    dir.write(FILE, 0o600, file.as_bytes()).map_err(StartError::new)?;
    let key = sealed_key(sealing, id, &secret, user, clock::now()).map_err(StartError::new)?;
    store.put_access_key(key).await.map_err(StartError::new)
}
