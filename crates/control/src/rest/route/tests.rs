use std::collections::BTreeSet;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::{self, Member, RequiredPermissions};
use fleetwright_core::names::{AccountId, Region};

use super::*;
use crate::iot::OFFER;
use crate::service::Service;

fn found(method: &str, path: &str) -> (&'static str, Labels) {
    let (operation, labels) = OFFER.find(&method.parse().unwrap(), path).unwrap();
    (operation.name, labels)
}

fn refused(method: &str, path: &str) -> (u16, String, String) {
    let error = OFFER.find(&method.parse().unwrap(), path).err().unwrap();
    let (status, name) = (error.status(Service::Iot), error.name(Service::Iot));
    (status.as_u16(), name.to_owned(), error.message)
}

/// An operation that the table of permissions lacks would be refused to everybody; a label that
/// the path lacks would ask for a permission on everything.
#[test]
fn every_known_operation_has_its_permissions_and_their_labels() {
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    for line in OFFER.known.lines() {
        let [_, path, name] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let entry = authorization::operation("iot", name).unwrap_or_else(|| panic!("{name}"));
        let asked = entry.required(
            &scope,
            "arn",
            &|member| match member {
                Member::Label(label) => {
                    let there = [format!("{{{label}}}"), format!("{{{label}+}}")];
                    assert!(there.iter().any(|label| path.contains(label)), "{name}: {label}");
                    Vec::new()
                }
                _ => Vec::new(),
            },
            &|_| None,
        );
        assert!(matches!(asked, RequiredPermissions::All(needs) if !needs.is_empty()), "{name}");
    }
}

#[test]
fn the_first_operations_are_offered() {
    let wanted = "DescribeEndpoint CreateKeysAndCertificate CreateCertificateFromCsr \
        DescribeCertificate ListCertificates UpdateCertificate DeleteCertificate CreatePolicy \
        GetPolicy ListPolicies DeletePolicy AttachPolicy DetachPolicy ListAttachedPolicies \
        CreateProvisioningTemplate DescribeProvisioningTemplate ListProvisioningTemplates \
        UpdateProvisioningTemplate DeleteProvisioningTemplate CreateThing DescribeThing \
        ListThings DeleteThing ListThingPrincipals CreateThingType CreateThingGroup \
        CreateBillingGroup";
    let offered: BTreeSet<&str> = OFFER.offered().map(|operation| operation.name).collect();
    for name in wanted.split_whitespace() {
        assert!(offered.contains(name), "{name}");
    }
}

#[test]
fn labels_are_decoded_after_the_path_is_cut() {
    let arn = "arn:aws:iot:us-east-1:123456789012:cert/00ff";
    assert_eq!(
        found(
            "POST",
            "/attached-policies/arn%3Aaws%3Aiot%3Aus-east-1%3A123456789012%3Acert%2F00ff"
        ),
        ("ListAttachedPolicies", vec![("target", arn.to_owned())])
    );
    assert_eq!(
        found("POST", "/things/a:b%3Ac"),
        ("CreateThing", vec![("thingName", "a:b:c".to_owned())])
    );
    assert_eq!(found("GET", "/things").0, "ListThings");
    assert_eq!(found("GET", "/things/a/principals").0, "ListThingPrincipals");
}

#[test]
fn a_label_must_be_utf8() {
    assert_eq!(refused("GET", "/things/%ff").0, 400);
}

#[test]
fn paths_that_are_none_are_refused() {
    for path in ["/", "", "/nothing", "/things/", "//things", "/things/a/b/c/d", "/THINGS"] {
        let (status, name, _) = refused("GET", path);
        assert_eq!((status, name.as_str()), (404, "UnknownOperationException"), "{path}");
    }
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let (status, name, message) = refused("PUT", "/endpoint");
    assert_eq!((status, name.as_str()), (405, "MethodNotAllowedException"));
    assert_eq!(message, "PUT is not a method of this path; it has GET (DescribeEndpoint).");
}

#[test]
fn known_operations_that_are_not_offered_say_so() {
    let (status, name, message) = refused("POST", "/streams/a");
    assert_eq!((status, name.as_str()), (501, "NotImplementedException"));
    assert!(message.starts_with("CreateStream is not implemented by Fleetwright."), "{message}");
    let (_, _, message) = refused("GET", "/destinations/arn%3Aaws/with/slashes");
    assert!(message.starts_with("GetTopicRuleDestination is not"), "{message}");
    let (_, _, message) = refused("GET", "/packages/a");
    assert!(
        message.contains("Offered in its family: ") && message.contains("ListPackages"),
        "{message}"
    );
}

#[test]
fn every_known_path_finds_its_operation() {
    let read: usize = OFFER.routes().0.values().map(Vec::len).sum();
    assert_eq!(read, OFFER.known.lines().count());
    for line in OFFER.known.lines() {
        let mut words = line.split(' ');
        let (method, path, name) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let path = path.replace(['{', '}', '+'], "");
        let outcome = match OFFER.find(&method.parse().unwrap(), &path) {
            Ok((operation, _)) => operation.name.to_owned(),
            Err(failure) => failure.message,
        };
        assert!(outcome.starts_with(name), "{method} {path}: {outcome}");
    }
}
