//! Template bodies: what parses is linted and evaluated.
#![no_main]

use std::collections::BTreeMap;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::template::{Inputs, References, Template, TemplateUse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for use_ in [TemplateUse::Fleet, TemplateUse::Jitp, TemplateUse::Bulk] {
        let Ok(template) = Template::parse(text, use_) else { continue };
        let _ = template.lint(&References::default());
        let parameters = BTreeMap::from([("SerialNumber".to_owned(), "a,b-1".to_owned())]);
        let _ = template.evaluate(&Inputs {
            parameters: &parameters,
            overrides: &BTreeMap::new(),
            certificate_id: Some(CertificateId([7; 32])),
            subject: None,
        });
    }
});
