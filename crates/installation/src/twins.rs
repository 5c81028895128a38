//! Certificates that were registered before the registry had the digests of their TBSCertificates:
//! read once, before a device may connect.

use fleetwright_core::certificate::{CertificateStatus, TbsDigest};
use fleetwright_host::{StartError, clock};
use fleetwright_store::{Store, TwinPair, WithoutTbs};

/// Certificates read and noted in one transaction. (ours)
const AT_ONCE: usize = 1000;

/// Notes the TBSCertificate of every certificate that has none yet, and logs those that are
/// registered twice.
///
/// # Errors
/// When the registry cannot be read or written. The next start goes on where this one stopped.
pub async fn find(store: &Store) -> Result<(), StartError> {
    let mut done = 0;
    loop {
        let unread = store.certificates_without_tbs(AT_ONCE).await.map_err(StartError::new)?;
        if unread.is_empty() {
            break;
        }
        done += unread.len();
        let read = unread.iter().map(|it| (it.row, tbs(it))).collect();
        let twins = store.note_tbs(read, clock::now()).await.map_err(StartError::new)?;
        twins.iter().for_each(tell);
        tracing::info!(certificates = done, "reading the certificates of an older registry");
    }
    Ok(())
}

/// One that cannot be read is like no other: its id stands for it.
fn tbs(unread: &WithoutTbs) -> TbsDigest {
    fleetwright_ca::tbs_digest(&unread.der).unwrap_or_else(|error| {
        tracing::error!(certificate = %unread.id, %error, "a registered certificate is damaged");
        TbsDigest(unread.id.0)
    })
}

fn tell(TwinPair { first, second, revoked }: &TwinPair) {
    let (older, later) = (first.id, second.id);
    let (of_older, of_later) = (first.status.as_str(), second.status.as_str());
    if *revoked {
        tracing::warn!(
            "certificate {later} is the {of_older} certificate {older} with its signature written \
             in another way, and came back just in time: it is REVOKED now"
        );
    } else if first.status == CertificateStatus::Revoked || second.status != first.status {
        tracing::warn!(
            "certificate {later} ({of_later}) is certificate {older} ({of_older}) with its \
             signature written in another way: look which of them should be (UpdateCertificate)"
        );
    } else {
        tracing::info!(
            "certificate {later} is certificate {older} with its signature written in another way"
        );
    }
}
