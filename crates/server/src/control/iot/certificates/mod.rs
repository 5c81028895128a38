//! Device certificates.

mod create_certificate_from_csr;
mod create_keys_and_certificate;
mod delete_certificate;
mod describe_certificate;
mod list_certificates;
mod list_certificates_by_ca;
mod register_certificate;
mod register_certificate_without_ca;
mod update_certificate;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_certificate_from_csr),
    operation!(create_keys_and_certificate),
    operation!(delete_certificate),
    operation!(describe_certificate),
    operation!(list_certificates),
    operation!(list_certificates_by_ca),
    operation!(register_certificate),
    operation!(register_certificate_without_ca),
    operation!(update_certificate),
];
