//! Tokens and keys of OpenID Connect issuers: whatever they hold, they are judged.
#![no_main]

use fleetwright_core::time::Timestamp;
use fleetwright_core::web_identity::{KeySet, Provider, Unverified, keys_url};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8], i64)| {
    let (token, keys, now) = input;
    let _ = keys_url(keys, "https://id.example");
    let Ok(token) = Unverified::read(token) else { return };
    let client_ids = ["factory".to_owned()];
    let provider = Provider { scheme: "https", url: "id.example", client_ids: &client_ids };
    let Ok(fitting) = token.fits(&provider, Timestamp(now)) else { return };
    let keys = KeySet::parse(keys).unwrap_or_default();
    assert!(fitting.verified(&keys, |_, _, _, _| false).is_err());
});
