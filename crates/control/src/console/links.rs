//! The links that are open: each good for a minute, and once. They are kept in memory, by hash: a
//! server that starts anew knows none.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fleetwright_access::caller::Caller;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;
use fleetwright_host::random;
use parking_lot::Mutex;

/// Life of a link, seconds. (ours)
pub(crate) const LINK_SECONDS: u32 = 60;
/// Links that are open at once. (ours)
const LINKS: usize = 1000;
/// Random bytes of a link's token. (ours)
const TOKEN_BYTES: usize = 32;

/// The links that are open.
#[derive(Default)]
pub struct Links {
    open: Mutex<HashMap<Vec<u8>, Link>>,
}

struct Link {
    caller: Arc<Caller>,
    expires: Timestamp,
}

impl Links {
    /// Opens a link for a caller; gives its token, and when it ends.
    ///
    /// # Errors
    /// `LimitExceeded` when as many are open as are kept; no random bytes.
    pub(crate) fn make(
        &self,
        caller: Arc<Caller>,
        now: Timestamp,
    ) -> Result<(String, Timestamp), Refusal> {
        let token = URL_SAFE_NO_PAD.encode(random::bytes::<TOKEN_BYTES>()?);
        let expires = now.plus_millis(i64::from(LINK_SECONDS) * 1000);
        let mut open = self.open.lock();
        open.retain(|_, link| link.expires > now);
        if open.len() >= LINKS {
            let message = format!(
                "{LINKS} links to the console are open, as many as there can be at once; each ends \
                 after {LINK_SECONDS} seconds."
            );
            return Err(Refusal::new(ErrorCode::LimitExceeded, message));
        }
        open.insert(hash(&token), Link { caller, expires });
        Ok((token, expires))
    }

    /// The caller whose link has this token; from now on nobody's has.
    pub(super) fn take(&self, token: &str, now: Timestamp) -> Option<Arc<Caller>> {
        let link = self.open.lock().remove(&hash(token))?;
        (link.expires > now).then_some(link.caller)
    }
}

fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use fleetwright_core::arn::AccountScope;
    use fleetwright_core::names::{AccountId, IamPath, Region, UserName};

    use super::*;

    fn caller() -> Arc<Caller> {
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let name = UserName::parse("ada").unwrap();
        Arc::new(Caller::user(&scope, name, &IamPath::default(), "AIDAEXAMPLE".into()))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn a_link_is_good_once() {
        let links = Links::default();
        let (token, expires) = links.make(caller(), at(100)).unwrap();
        assert_eq!(expires, at(160));
        assert!(links.take("another", at(101)).is_none());
        assert_eq!(links.take(&token, at(101)).unwrap().arn, caller().arn);
        assert!(links.take(&token, at(101)).is_none());
    }

    #[test]
    fn a_link_is_good_for_a_minute() {
        let links = Links::default();
        let token = || links.make(caller(), at(100)).unwrap().0;
        assert!(links.take(&token(), at(159)).is_some());
        assert!(links.take(&token(), at(160)).is_none());
    }

    #[test]
    fn so_many_are_open_at_once_and_those_that_ended_make_room() {
        let links = Links::default();
        for _ in 0..LINKS {
            links.make(caller(), at(100)).unwrap();
        }
        assert_eq!(links.make(caller(), at(120)).unwrap_err().code, ErrorCode::LimitExceeded);
        assert!(links.make(caller(), at(160)).is_ok());
        assert_eq!(links.open.lock().len(), 1);
    }
}
