use std::collections::BTreeMap;

use fleetwright_core::ca_certificate::CaCertificateStatus::{self, Active, Inactive};
use fleetwright_core::ca_certificate::RegistrationCode;
use fleetwright_core::certificate::{CertificateMode, CertificateStatus, TbsDigest};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;
use fleetwright_store::{
    CaCertificateUpdate, NewCaCertificate, NewCertificate, NewTemplate, Origin, RegistrationConfig,
    Tagged, TemplateType,
};

use crate::support::{NOW, Registry, UNTIL, code, id, message};

fn new_ca(n: u32, status: CaCertificateStatus) -> NewCaCertificate {
    NewCaCertificate {
        id: id(n),
        der: n.to_be_bytes().to_vec(),
        subject: id(n).0,
        status,
        mode: CertificateMode::SniOnly,
        auto_registration: false,
        config: RegistrationConfig::default(),
        not_before: NOW,
        not_after: UNTIL,
        tags: BTreeMap::new(),
    }
}

async fn register(registry: &Registry, n: u32, status: CaCertificateStatus) {
    registry.store.register_ca_certificate(new_ca(n, status), NOW).await.unwrap();
}

fn signed_by(n: u32, ca: u32) -> NewCertificate {
    NewCertificate {
        id: id(n),
        tbs: TbsDigest(id(n).0),
        der: vec![1],
        not_before: NOW,
        not_after: UNTIL,
        status: CertificateStatus::Inactive,
        origin: Origin::RegisteredCa,
        mode: CertificateMode::SniOnly,
        ca: Some(id(ca)),
    }
}

async fn template(registry: &Registry) -> TemplateName {
    let name = TemplateName::parse("jitp").unwrap();
    let new = NewTemplate {
        name: name.clone(),
        kind: TemplateType::Jitp,
        body: "{}".to_owned(),
        description: None,
        enabled: true,
        role_arn: "role".to_owned(),
        hook: None,
        tags: BTreeMap::new(),
    };
    registry.store.create_template(new, NOW).await.unwrap();
    name
}

fn with_template(name: &TemplateName) -> RegistrationConfig {
    RegistrationConfig { template_name: Some(name.clone()), ..RegistrationConfig::default() }
}

pub(crate) async fn a_ca_is_found_whole(registry: Registry) {
    let config = RegistrationConfig {
        template_body: Some("{}".to_owned()),
        role_arn: Some("role".to_owned()),
        ..RegistrationConfig::default()
    };
    let tags = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let new = NewCaCertificate {
        config: config.clone(),
        auto_registration: true,
        tags: tags.clone(),
        ..new_ca(1, Active)
    };
    registry.store.register_ca_certificate(new, NOW).await.unwrap();
    let found = registry.store.ca_certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.id, found.status, found.mode), (id(1), Active, CertificateMode::SniOnly));
    assert_eq!((found.config, found.auto_registration, found.version), (config, true, 1));
    assert_eq!((found.der, found.not_before, found.not_after), (vec![0, 0, 0, 1], NOW, UNTIL));
    assert_eq!(registry.store.tags(&Tagged::CaCertificate(id(1))).await.unwrap(), tags);
    assert_eq!(registry.store.ca_certificate(id(2)).await.unwrap(), None);
}

pub(crate) async fn a_ca_is_registered_once(registry: Registry) {
    register(&registry, 1, Active).await;
    let refused = registry.store.register_ca_certificate(new_ca(1, Active), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
}

pub(crate) async fn the_eleventh_ca_with_a_subject_is_refused(registry: Registry) {
    let namesake = |n| NewCaCertificate { subject: [7; 32], ..new_ca(n, Active) };
    for n in 1..=10 {
        registry.store.register_ca_certificate(namesake(n), NOW).await.unwrap();
    }
    let refused = registry.store.register_ca_certificate(namesake(11), NOW).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    register(&registry, 12, Active).await;
    let found = registry.store.ca_certificates_of_subject([7; 32]).await.unwrap();
    let found: Vec<_> = found.iter().map(|ca| ca.id).collect();
    assert_eq!(found, (1..=10).rev().map(id).collect::<Vec<_>>());
}

pub(crate) async fn an_update_changes_what_it_names(registry: Registry) {
    register(&registry, 1, Active).await;
    let later = NOW.plus_millis(5);
    let update = CaCertificateUpdate { auto_registration: Some(true), ..Default::default() };
    registry.store.update_ca_certificate(id(1), update, later).await.unwrap();
    let found = registry.store.ca_certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.status, found.auto_registration), (Active, true));
    assert_eq!((found.version, found.modified, found.created), (2, later, NOW));
    let name = template(&registry).await;
    let update = CaCertificateUpdate {
        status: Some(Inactive),
        config: Some(with_template(&name)),
        ..Default::default()
    };
    registry.store.update_ca_certificate(id(1), update, later).await.unwrap();
    let found = registry.store.ca_certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.status, found.auto_registration), (Inactive, true));
    assert_eq!(found.config, with_template(&name));
    let unknown = with_template(&TemplateName::parse("other").unwrap());
    let update = CaCertificateUpdate { config: Some(unknown), ..Default::default() };
    let refused = registry.store.update_ca_certificate(id(1), update, later).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    let refused = registry.store.update_ca_certificate(id(2), Default::default(), later).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn an_active_ca_is_not_deleted(registry: Registry) {
    register(&registry, 1, Active).await;
    registry.store.register_certificate(signed_by(5, 1), NOW).await.unwrap();
    let refused = registry.store.delete_ca_certificate(id(1)).await;
    assert_eq!(code(refused), ErrorCode::CertificateState);
    let off = CaCertificateUpdate { status: Some(Inactive), ..Default::default() };
    registry.store.update_ca_certificate(id(1), off, NOW).await.unwrap();
    registry.store.delete_ca_certificate(id(1)).await.unwrap();
    let refused = registry.store.delete_ca_certificate(id(1)).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    // What it signed stays, and says by whom.
    let kept = registry.store.certificate(id(5)).await.unwrap().unwrap();
    assert_eq!((kept.ca, kept.mode), (Some(id(1)), CertificateMode::SniOnly));
}

pub(crate) async fn an_inactive_ca_registers_nothing(registry: Registry) {
    register(&registry, 1, Inactive).await;
    let refused = registry.store.register_certificate(signed_by(5, 1), NOW).await;
    assert!(message(refused, ErrorCode::CertificateState).contains("INACTIVE"));
    let refused = registry.store.register_certificate(signed_by(5, 2), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    assert_eq!(registry.store.certificate(id(5)).await.unwrap(), None);
}

pub(crate) async fn cas_are_listed_both_ways_and_by_template(registry: Registry) {
    let name = template(&registry).await;
    for n in 1..=5 {
        let config = if n % 2 == 0 { with_template(&name) } else { Default::default() };
        let new = NewCaCertificate { config, ..new_ca(n, Active) };
        registry.store.register_ca_certificate(new, NOW).await.unwrap();
    }
    let list = async |template: Option<&TemplateName>, ascending| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = registry
                .store
                .list_ca_certificates(template.cloned(), after, 2, ascending)
                .await
                .unwrap();
            found.extend(page.items.into_iter().map(|item| item.id));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    assert_eq!(list(None, true).await, [1, 2, 3, 4, 5].map(id));
    assert_eq!(list(None, false).await, [5, 4, 3, 2, 1].map(id));
    assert_eq!(list(Some(&name), true).await, [2, 4].map(id));
    assert_eq!(list(Some(&name), false).await, [4, 2].map(id));
}

pub(crate) async fn certificates_of_a_ca_are_listed(registry: Registry) {
    register(&registry, 1, Active).await;
    register(&registry, 2, Active).await;
    for (n, ca) in [(11, 1), (12, 2), (13, 1), (14, 1)] {
        registry.store.register_certificate(signed_by(n, ca), NOW).await.unwrap();
    }
    for (ascending, expected) in [(true, [11, 13, 14]), (false, [14, 13, 11])] {
        let first =
            registry.store.list_certificates_by_ca(id(1), None, 2, ascending).await.unwrap();
        let rest = registry.store.list_certificates_by_ca(id(1), first.next, 2, ascending);
        let rest = rest.await.unwrap();
        assert_eq!(rest.next, None);
        let found: Vec<_> = first.items.iter().chain(&rest.items).map(|item| item.id).collect();
        assert_eq!(found, expected.map(id));
    }
    let none = registry.store.list_certificates_by_ca(id(3), None, 2, true).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

pub(crate) async fn a_template_that_a_ca_uses_is_not_deleted(registry: Registry) {
    let name = template(&registry).await;
    let new = NewCaCertificate { config: with_template(&name), ..new_ca(1, Inactive) };
    registry.store.register_ca_certificate(new, NOW).await.unwrap();
    let refused = registry.store.delete_template(name.clone()).await;
    assert_eq!(code(refused), ErrorCode::DeleteConflict);
    let none = CaCertificateUpdate { config: Some(Default::default()), ..Default::default() };
    registry.store.update_ca_certificate(id(1), none, NOW).await.unwrap();
    registry.store.delete_template(name.clone()).await.unwrap();
    let new = NewCaCertificate { config: with_template(&name), ..new_ca(2, Inactive) };
    let refused = registry.store.register_ca_certificate(new, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn the_registration_code_stays_until_it_is_deleted(registry: Registry) {
    let (first, second) =
        (RegistrationCode::from_random([1; 32]), RegistrationCode::from_random([2; 32]));
    let store = &registry.store;
    assert_eq!(store.registration_code().await.unwrap(), None);
    assert_eq!(code(store.delete_registration_code().await), ErrorCode::ResourceNotFound);
    for fresh in [&first, &second] {
        assert_eq!(store.registration_code_or(fresh.clone()).await.unwrap(), first);
    }
    assert_eq!(store.registration_code().await.unwrap(), Some(first));
    store.delete_registration_code().await.unwrap();
    assert_eq!(store.registration_code_or(second.clone()).await.unwrap(), second);
}
