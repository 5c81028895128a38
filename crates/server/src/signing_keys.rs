//! Signing keys of permanent access keys: derived once for a day, region and service, forgotten
//! when any access key or identity changes. No secret is kept in the clear.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::control::{AskedKey, Credentials, SigningScope};

/// Keys kept; at the bound all are forgotten and derived again as needed. (ours)
const KEPT: usize = 1000;

/// Derived keys by access key id and scope.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys {
    kept: Mutex<HashMap<(String, SigningScope), Credentials>>,
    changes: AtomicU64,
}

impl SigningKeys {
    /// What is kept of a key; never anything of one with a session token.
    pub(crate) fn get(&self, asked: &AskedKey) -> Option<Credentials> {
        let name = (asked.id.clone(), asked.scope.clone());
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }

    /// To be asked before the registry is, and given to [`Self::keep`].
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Keeps a key that was read after so many changes: what was read before a change must not be
    /// kept after it.
    pub(crate) fn keep(&self, asked: AskedKey, found: Credentials, changes: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if changes != self.changes() || found.session_token.is_some() {
            return;
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert((asked.id, asked.scope), found);
    }

    /// An access key or an identity changed.
    pub(crate) fn changed(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fleetwright_core::arn::Home;
    use fleetwright_core::names::{AccountId, IamPath, Region, UserName};

    use super::*;
    use crate::control::{Caller, SigningKey};

    fn asked(id: &str, service: &str) -> AskedKey {
        let (date, region) = ("20260131".to_owned(), "us-east-1".to_owned());
        let scope = SigningScope { date, region, service: service.to_owned() };
        AskedKey { id: id.to_owned(), token: None, scope }
    }

    fn found(asked: &AskedKey) -> Credentials {
        let home = Home {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let name = UserName::parse("admin").unwrap();
        Credentials {
            access_key_id: asked.id.clone(),
            key: SigningKey::derive("secret", &asked.scope),
            session_token: None,
            expires: None,
            caller: Arc::new(Caller::user(&home, name, &IamPath::default(), "AIDA1".into())),
        }
    }

    #[test]
    fn a_key_is_kept_for_its_scope_until_something_changes() {
        let (keys, iot) = (SigningKeys::default(), asked("AKIA1", "iot"));
        keys.keep(iot.clone(), found(&iot), keys.changes());
        assert!(keys.get(&iot).is_some());
        assert!(keys.get(&asked("AKIA1", "iam")).is_none());
        assert!(keys.get(&asked("AKIA2", "iot")).is_none());
        keys.changed();
        assert!(keys.get(&iot).is_none());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (keys, iot) = (SigningKeys::default(), asked("AKIA1", "iot"));
        let changes = keys.changes();
        keys.changed();
        keys.keep(iot.clone(), found(&iot), changes);
        assert!(keys.get(&iot).is_none());
    }

    #[test]
    fn no_more_keys_are_kept_than_the_bound_says() {
        let keys = SigningKeys::default();
        for number in 0..=KEPT {
            let asked = asked(&format!("AKIA{number}"), "iot");
            keys.keep(asked.clone(), found(&asked), keys.changes());
        }
        assert_eq!(keys.kept.lock().unwrap().len(), 1);
    }
}
