//! Transfers of certificates between accounts. There is one account here: a transfer to it can be
//! accepted or rejected, one to another account waits until it is cancelled.

mod accept_certificate_transfer;
mod cancel_certificate_transfer;
mod list_outgoing_certificates;
mod reject_certificate_transfer;
mod transfer_certificate;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(accept_certificate_transfer),
    operation!(cancel_certificate_transfer),
    operation!(list_outgoing_certificates),
    operation!(reject_certificate_transfer),
    operation!(transfer_certificate),
];
