//! Queries of fleet indexing: what is one answers every thing, and its opposite the opposite.
#![no_main]

use std::collections::BTreeMap;

use fleetwright_core::fleet_index::{Query, ThingDocument};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, name, value) = input;
    let Ok(query) = Query::parse(text) else { return };
    query.narrow();
    let attributes = BTreeMap::from([("a".to_owned(), value.to_owned())]);
    let thing = ThingDocument { name: name.to_owned(), attributes, ..ThingDocument::default() };
    if let Ok(opposite) = Query::parse(&format!("NOT ({text})")) {
        assert_ne!(query.fits(&thing), opposite.fits(&thing));
    }
});
