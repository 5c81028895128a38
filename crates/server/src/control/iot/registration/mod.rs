//! Registration by the operator: one thing at once, or a file of them.

mod describe_thing_registration_task;
mod list_thing_registration_task_reports;
mod list_thing_registration_tasks;
mod members;
mod register_thing;
mod start_thing_registration_task;
mod stop_thing_registration_task;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(describe_thing_registration_task),
    operation!(list_thing_registration_task_reports),
    operation!(list_thing_registration_tasks),
    operation!(register_thing),
    operation!(start_thing_registration_task),
    operation!(stop_thing_registration_task),
];
