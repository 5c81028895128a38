use std::sync::Arc;

use fleetwright_core::names::{AccountId, Region};

use super::*;

/// The functions of a registry that has none.
pub(crate) fn none() -> Arc<Functions> {
    let directory = tempfile::tempdir().unwrap();
    let dir = DataDir::open(directory.path()).unwrap();
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    let sealing = Arc::new(Sealing::open_or_make(&dir).unwrap());
    let url = dir.join("registry.db").to_string_lossy().into_owned();
    let store = Store::open(&url, scope.clone(), Arc::new(|_: &_| {})).unwrap();
    let identities = Arc::new(Identities::new(Box::new(|_| Box::pin(async { Ok(None) }))));
    Functions::new(scope, &dir, store, sealing, identities, Settings::default()).unwrap()
}
