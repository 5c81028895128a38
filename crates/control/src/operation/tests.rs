use std::collections::BTreeSet;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::{self, Member, RequiredPermissions};
use fleetwright_core::names::{AccountId, Region};

use crate::{iam, iot, iot_data, lambda, query, rest, sts};

/// What is registered has its permissions, and what has permissions is of the service model.
fn check<'a>(
    service: &str,
    known: impl Iterator<Item = &'a str>,
    registered: impl Iterator<Item = &'a str>,
) {
    let mut names = BTreeSet::new();
    for name in known {
        assert!(names.insert(name), "{service} {name} stands twice in the service model");
    }
    let entries = authorization::operations().filter(|(of, _)| *of == service);
    let entries: BTreeSet<&str> = entries.map(|(_, name)| name).collect();
    for name in &entries {
        assert!(names.contains(name), "{service} {name} has permissions and is unknown");
    }
    let mut seen = BTreeSet::new();
    for name in registered {
        assert!(entries.contains(name), "{service} {name} has no permissions");
        assert!(seen.insert(name), "{service} {name} is registered twice");
    }
    assert!(!seen.is_empty(), "{service}");
}

/// A label that the path lacks would ask for a permission on everything.
fn check_paths(service: &str, offer: &rest::Offer) {
    let name = |line: &'static str| line.split(' ').nth(2).unwrap();
    check(service, offer.known.lines().map(name), offer.offered().map(|found| found.name));
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    for operation in offer.offered() {
        let line = offer.known.lines().find(|line| name(line) == operation.name).unwrap();
        let entry = authorization::operation(service, operation.name).unwrap();
        let values = |member| {
            if let Member::Label(label) = member {
                let there = [format!("{{{label}}}"), format!("{{{label}+}}")];
                assert!(there.iter().any(|label| line.contains(label)), "{line}: {label}");
            }
            Vec::new()
        };
        let required = entry.required(&scope, "arn", &values, &|_| None);
        assert!(matches!(required, RequiredPermissions::All(needs) if !needs.is_empty()), "{line}");
    }
}

fn check_actions(service: &str, offer: &query::Offer) {
    let offered = offer.families.iter().flat_map(|family| family.iter());
    check(service, offer.known.lines(), offered.map(|operation| operation.name));
}

#[test]
fn service_models_permissions_and_registered_operations_agree() {
    check_paths("iot", &iot::OFFER);
    check_paths("iotdata", &iot_data::OFFER);
    check_paths("lambda", &lambda::OFFER);
    check_actions("iam", &iam::OFFER);
    check_actions("sts", &sts::OFFER);
}
