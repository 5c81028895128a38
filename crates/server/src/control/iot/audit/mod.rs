//! The audit trail. Not of AWS: `GET /fleetwright/audit`, action `fleetwright:ReadAudit`.

mod read_audit;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(read_audit)];
