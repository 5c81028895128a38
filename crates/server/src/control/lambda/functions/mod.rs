//! Functions.

mod code;
mod concurrency;
mod create_function;
mod delete_function;
mod delete_function_concurrency;
mod get_function;
mod get_function_code_signing_config;
mod get_function_concurrency;
mod get_function_configuration;
mod list_functions;
mod put_function_concurrency;
mod update_function_code;
mod update_function_configuration;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_function),
    operation!(delete_function),
    operation!(delete_function_concurrency),
    operation!(get_function),
    operation!(get_function_code_signing_config),
    operation!(get_function_concurrency),
    operation!(get_function_configuration),
    operation!(list_functions),
    operation!(put_function_concurrency),
    operation!(update_function_code),
    operation!(update_function_configuration),
];
