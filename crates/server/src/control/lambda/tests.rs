use std::collections::BTreeSet;

use fleetwright_core::arn::Home;
use fleetwright_core::authorization::{self, Asked, Member};
use fleetwright_core::names::{AccountId, Region};

use super::*;

fn offered() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.iter()).map(|operation| operation.name)
}

#[test]
fn every_offered_operation_is_known_and_has_its_permissions() {
    let home = Home {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    let known: BTreeSet<&str> = KNOWN.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(known.len(), KNOWN.lines().count());
    for name in offered() {
        assert!(known.contains(name), "{name}");
        let path = KNOWN.lines().find(|line| line.ends_with(&format!(" {name}"))).unwrap();
        let entry = authorization::operation("lambda", name).unwrap_or_else(|| panic!("{name}"));
        let asked = entry.asked(
            &home,
            "arn",
            &|member| match member {
                Member::Label(label) => {
                    assert!(path.contains(&format!("{{{label}}}")), "{name}: {label}");
                    Vec::new()
                }
                _ => Vec::new(),
            },
            &|_| None,
        );
        assert!(matches!(asked, Asked::All(needs) if !needs.is_empty()), "{name}");
    }
}

#[test]
fn a_function_is_found_in_the_path_as_sdks_write_it() {
    let path =
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/code";
    let (operation, labels) = find(&Method::PUT, path).ok().unwrap();
    assert_eq!(operation.name, "UpdateFunctionCode");
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned();
    assert_eq!(labels, [("FunctionName", arn)]);
}

#[test]
fn only_operations_that_carry_code_or_payload_may_be_large() {
    let large: Vec<&str> = KNOWN
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (method, path, name) = (words.next()?, words.next()?, words.next()?);
            let path = path.replace(['{', '}'], "");
            large_body(&method.parse().ok()?, &path).map(|_| name)
        })
        .collect();
    assert_eq!(large, ["CreateFunction", "Invoke", "UpdateFunctionCode"]);
}

#[test]
fn a_known_operation_that_is_not_offered_says_so() {
    let failure = find(&Method::POST, "/2018-10-31/layers/l/versions").err().unwrap();
    assert_eq!((failure.status.as_u16(), &*failure.name), (501, "NotImplementedException"));
    assert!(failure.message.starts_with("PublishLayerVersion is not"), "{}", failure.message);
}
