//! The authority that was replaced by one of another root, while that root is still trusted: devices
//! that know no other go on to connect, for it signs the server's certificate.

use std::path::Path;

use fleetwright_core::time::{Timestamp, last_moment_of};

use crate::authority_chain::AuthorityChain;
use crate::chain::{read_one, subject};
use crate::directory::{self, ISSUING_KEY, ISSUING_PEM, ROOT_PEM};
use crate::error::AuthorityError;
use crate::files;
use crate::issuer::Issuer;

/// Its directory in the authority's.
pub(crate) const PREVIOUS: &str = "previous";
/// Its last day; without the file it is trusted until a command ends it.
pub(crate) const UNTIL: &str = "until";

pub(crate) struct Previous {
    pub(crate) issuer: Issuer,
    pub(crate) chain: AuthorityChain,
    /// From when on it is no longer trusted.
    pub(crate) until: Option<Timestamp>,
}

impl Previous {
    /// The one whose root is trusted now, if there is one: its day has not passed, nor its end.
    pub(crate) fn read(dir: &Path, now: Timestamp) -> Result<Option<Self>, AuthorityError> {
        let dir = dir.join(PREVIOUS);
        let parts = (
            directory::read_key(&dir, ISSUING_KEY)?,
            directory::read_chain(&dir, ISSUING_PEM)?,
            directory::read_certificate(&dir, ROOT_PEM)?,
        );
        // One that is being made, or ended, is none.
        let (Some(key), Some(below_root), Some(root)) = parts else { return Ok(None) };
        let damaged = |reason| AuthorityError::Damaged {
            path: dir.join(ISSUING_PEM),
            reason: format!(
                "{reason}; restore it from a backup, or end it: `fleetwright ca retire`"
            ),
        };
        let chain = AuthorityChain::check(below_root, root).map_err(damaged)?;
        let issuer = Issuer::of_certificate(key, chain.issuing()).map_err(damaged)?;
        let previous = Self { issuer: issuer.ending(chain.ends), chain, until: until(&dir)? };
        Ok(Some(previous).filter(|it| it.is_trusted(now)))
    }

    /// Whether it is still trusted.
    pub(crate) fn is_trusted(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until) && now < self.chain.ends
    }

    /// For people.
    pub(crate) fn root_subject(&self) -> String {
        read_one(&self.chain.root).map(|it| subject(&it)).unwrap_or_default()
    }
}

/// The end of its last day, if it has one.
pub(crate) fn until(dir: &Path) -> Result<Option<Timestamp>, AuthorityError> {
    let Some(content) = files::read(&dir.join(UNTIL))? else { return Ok(None) };
    let day = std::str::from_utf8(&content).ok().and_then(|text| last_moment_of(text.trim()));
    day.map(Some).ok_or_else(|| AuthorityError::Damaged {
        path: dir.join(UNTIL),
        reason: "it does not hold a day such as 2027-01-31".into(),
    })
}
