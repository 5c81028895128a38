//! What functions logged. Not of AWS: `GET /fleetwright/functions/{functionName}/logs`, action
//! `fleetwright:ReadFunctionLogs` on the function.

mod read_function_logs;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(read_function_logs)];
