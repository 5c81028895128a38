//! Payloads of the provisioning API, JSON and CBOR, and a hook's answer.
#![no_main]

use fleetwright_core::hook::Verdict;
use fleetwright_core::payload;
use fleetwright_core::reserved_topic::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for format in [Format::Json, Format::Cbor] {
        let _ = payload::decode_create_keys(data, format);
        let _ = payload::decode_create_from_csr(data, format);
        let _ = payload::decode_register_thing(data, format);
    }
    let _ = Verdict::parse(data);
});
