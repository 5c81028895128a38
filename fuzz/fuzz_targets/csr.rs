//! CSRs, as PEM text and as raw DER in PEM's clothes; and certificates of strangers.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use fleetwright_ca::{Authority, AuthorityNames};
use fleetwright_core::time::Timestamp;
use libfuzzer_sys::fuzz_target;

static AUTHORITY: LazyLock<Option<Authority>> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("fleetwright-fuzz-{}", std::process::id()));
    Authority::create_or_open(Path::new(&dir), &AuthorityNames::default(), Timestamp(0)).ok()
});

fuzz_target!(|data: &[u8]| {
    let Some(authority) = &*AUTHORITY else { return };
    let _ = fleetwright_ca::certificate_facts(data);
    let pem = fleetwright_ca::pem(data).replace("CERTIFICATE", "CERTIFICATE REQUEST");
    let _ = authority.prepare_from_csr(&pem, [1; 20], Timestamp(0));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = authority.prepare_from_csr(text, [1; 20], Timestamp(0));
    }
});
