//! `ListCertificatesByCA`: those that a registered CA signed; none of an unknown one.

use fleetwright_core::certificate::CertificateId;
use fleetwright_store::CertificateRow;

use super::list_certificates;
use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "ListCertificatesByCA";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let ca = call.label("caCertificateId", CertificateId::parse)?;
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_certificates_by_ca(ca, after, page.size, ascending).await?;
    Ok(list_certificates::answer(control, &found))
}
