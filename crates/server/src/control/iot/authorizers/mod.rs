//! Authorizers: functions that say who a client is and what it may do.

mod clear_default_authorizer;
mod create_authorizer;
mod delete_authorizer;
mod describe_authorizer;
mod describe_default_authorizer;
mod list_authorizers;
mod members;
mod set_default_authorizer;
mod test_invoke_authorizer;
mod token;
mod update_authorizer;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(clear_default_authorizer),
    operation!(create_authorizer),
    operation!(delete_authorizer),
    operation!(describe_authorizer),
    operation!(describe_default_authorizer),
    operation!(list_authorizers),
    operation!(set_default_authorizer),
    operation!(test_invoke_authorizer),
    operation!(update_authorizer),
];
