//! Reports of a task: parts of bounded size behind links that need no credentials for an hour.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fleetwright_core::error::Refusal;
use fleetwright_host::clock;
use fleetwright_store::{RegistrationTask, TaskRow, Uuid};
use serde::{Deserialize, Serialize};

use super::Bulk;

/// Life of a link. (ours)
const LINK_SECONDS: i64 = 3600;
/// Lines of one part of a report. (ours)
const PART_LINES: usize = 1000;
/// Bytes of a link's token that are looked at.
const TOKEN_BYTES: usize = 512;
const PURPOSE: &str = "link to a report of a registration task";

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// What was registered.
    Results,
    /// What was not, and why.
    Errors,
}

/// What a link says; sealed, so that nobody makes one.
#[derive(Serialize, Deserialize)]
struct Link {
    task: [u8; 16],
    succeeded: bool,
    part: usize,
    until: i64,
}

impl Bulk {
    /// How many parts a report of a task has.
    #[must_use]
    pub fn parts(task: &RegistrationTask, report: Report) -> usize {
        let lines = match report {
            Report::Results => task.succeeded,
            Report::Errors => task.failed,
        };
        usize::try_from(lines).unwrap_or(usize::MAX).div_ceil(PART_LINES)
    }

    /// The token of the link to a part.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn link(&self, task: Uuid, report: Report, part: usize) -> Result<String, Refusal> {
        let until = clock::now().plus_millis(LINK_SECONDS * 1000).0;
        let link = Link { task: task.0, succeeded: report == Report::Results, part, until };
        let link = serde_json::to_vec(&link).map_err(Refusal::internal)?;
        let sealed = self.sealing.seal(PURPOSE, &link).map_err(Refusal::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The part behind a link, a line each; `None` when the link is not one of ours, is too old,
    /// or its task is gone.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn part(&self, token: &str) -> Result<Option<String>, Refusal> {
        let Some(link) = self.open_link(token) else { return Ok(None) };
        let Some(task) = self.store.registration_task(Uuid(link.task)).await? else {
            return Ok(None);
        };
        let row: TaskRow = task.row;
        let skip = link.part.saturating_mul(PART_LINES);
        let lines = self.store.registration_report(row, link.succeeded, skip, PART_LINES).await?;
        let mut text = lines.join("\n");
        text.push('\n');
        Ok(Some(text))
    }

    fn open_link(&self, token: &str) -> Option<Link> {
        let sealed = (token.len() <= TOKEN_BYTES).then(|| URL_SAFE_NO_PAD.decode(token).ok())??;
        let opened = self.sealing.open_sealed(PURPOSE, &sealed).ok()?;
        let link: Link = serde_json::from_slice(&opened).ok()?;
        (clock::now().0 < link.until).then_some(link)
    }
}
