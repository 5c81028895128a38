//! CA certificates of one's own, and the code that proves whose they are.

mod delete_ca_certificate;
mod delete_registration_code;
mod describe_ca_certificate;
mod get_registration_code;
mod list_ca_certificates;
mod members;
mod register_ca_certificate;
mod update_ca_certificate;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(delete_ca_certificate),
    operation!(delete_registration_code),
    operation!(describe_ca_certificate),
    operation!(get_registration_code),
    operation!(list_ca_certificates),
    operation!(register_ca_certificate),
    operation!(update_ca_certificate),
];
