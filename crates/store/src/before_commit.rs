//! What the registry does in every transaction before it is committed, whichever database it is
//! on: dynamic groups follow, events are written, audit records are chained.

use std::sync::Arc;

use crate::audit::ChainWriter;
use crate::sql::{BeforeCommit, Sql};
use crate::{Change, StoreError, fleet_index, registry_events};

/// The steps, and what they keep from one transaction to the next.
#[derive(Default)]
pub(crate) struct CommitSteps {
    queries: fleet_index::Queries,
    chain: ChainWriter,
    /// The chain as it is once the transaction is committed.
    next_chain: ChainWriter,
}

impl BeforeCommit for CommitSteps {
    fn run(&mut self, sql: &Sql<'_>, writes: usize) -> Result<Vec<Change>, StoreError> {
        // After a transaction that failed another chain begins.
        let chain = std::mem::take(&mut self.chain);
        fleet_index::follow(sql, &mut self.queries, writes)?;
        let events = registry_events::take(sql)?;
        let (mut changes, records) = sql.take_noted();
        self.next_chain = chain.append(sql, &records)?;
        changes.extend(events.into_iter().map(|event| Change::Registry(Arc::new(event))));
        Ok(changes)
    }

    fn committed(&mut self) {
        self.chain = std::mem::take(&mut self.next_chain);
    }
}
