use super::*;
use crate::names::ThingName;
use crate::plan::{CertificateSource, ThingOverrides};

fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<AttributeName, String> {
    pairs.iter().map(|(n, v)| (AttributeName::parse(n).unwrap(), (*v).to_owned())).collect()
}

fn names(list: &[&str]) -> Vec<ThingGroupName> {
    list.iter().map(|name| ThingGroupName::parse(name).unwrap()).collect()
}

fn existing() -> ExistingThing {
    ExistingThing {
        attributes: attributes(&[("a", "1"), ("b", "2")]),
        type_name: Some(ThingTypeName::parse("old").unwrap()),
        groups: names(&["g1", "g2"]).into_iter().collect(),
        billing_group: None,
    }
}

fn bare() -> ThingPlan {
    ThingPlan {
        logical_name: "thing".into(),
        name: ThingName::parse("dev-1").unwrap(),
        attributes: None,
        type_name: None,
        groups: None,
        billing_group: None,
        on_existing: ThingOverrides::default(),
    }
}

fn plan(action: Override) -> ThingPlan {
    let type_action = if action == Override::Merge { Override::Replace } else { action };
    ThingPlan {
        attributes: Some(attributes(&[("b", "3"), ("c", "4")])),
        type_name: Some(ThingTypeName::parse("new").unwrap()),
        groups: Some(names(&["g2", "g3"])),
        on_existing: ThingOverrides { attributes: action, type_name: type_action, groups: action },
        ..bare()
    }
}

fn update(change: ThingChange) -> ThingUpdate {
    match change {
        ThingChange::Update(update) => update,
        other => panic!("not an update: {other:?}"),
    }
}

#[test]
fn new_thing_is_created_whatever_the_overrides() {
    for action in [Override::Unset, Override::DoNothing, Override::Replace, Override::Fail] {
        let ThingChange::Create(thing) = meet(None, &plan(action)).unwrap() else { panic!() };
        assert_eq!(thing.attributes, attributes(&[("b", "3"), ("c", "4")]));
        assert_eq!(thing.groups, names(&["g2", "g3"]).into_iter().collect());
    }
}

#[test]
fn v12_do_nothing_leaves_all_as_it_is() {
    assert_eq!(meet(Some(&existing()), &plan(Override::DoNothing)), Ok(ThingChange::Unchanged));
}

#[test]
fn v12_replace_takes_the_templates() {
    let update = update(meet(Some(&existing()), &plan(Override::Replace)).unwrap());
    assert_eq!(update.attributes, attributes(&[("b", "3"), ("c", "4")]));
    assert_eq!(update.type_name, Some(ThingTypeName::parse("new").unwrap()));
    assert_eq!(update.groups_to_add, names(&["g3"]));
    assert_eq!(update.groups_to_remove, names(&["g1"]));
}

#[test]
fn v12_merge_adds_to_what_is_there() {
    let update = update(meet(Some(&existing()), &plan(Override::Merge)).unwrap());
    assert_eq!(update.attributes, attributes(&[("a", "1"), ("b", "3"), ("c", "4")]));
    assert_eq!(update.groups_to_add, names(&["g3"]));
    assert_eq!(update.groups_to_remove, []);
}

#[test]
fn v12_fail_refuses_an_existing_thing_even_an_equal_one() {
    let mut equal = bare();
    equal.on_existing.attributes = Override::Fail;
    equal.attributes = Some(existing().attributes);
    for plan in [plan(Override::Fail), equal] {
        let refusal = meet(Some(&existing()), &plan).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::ResourceConflicts);
        assert!(refusal.message.contains("FAIL"), "{refusal}");
    }
}

#[test]
fn fail_on_one_property_refuses_though_the_template_does_not_set_it() {
    for set in [
        |o: &mut ThingOverrides| o.attributes = Override::Fail,
        |o: &mut ThingOverrides| o.type_name = Override::Fail,
        |o: &mut ThingOverrides| o.groups = Override::Fail,
    ] {
        let mut plan = bare();
        set(&mut plan.on_existing);
        assert_eq!(meet(Some(&existing()), &plan).unwrap_err().code, ErrorCode::ResourceConflicts);
    }
}

#[test]
fn unset_with_equal_properties_changes_nothing() {
    let thing = existing();
    let plan = ThingPlan {
        attributes: Some(thing.attributes.clone()),
        type_name: thing.type_name.clone(),
        groups: Some(thing.groups.iter().cloned().collect()),
        ..bare()
    };
    assert_eq!(meet(Some(&thing), &plan), Ok(ThingChange::Unchanged));
    assert_eq!(meet(Some(&thing), &bare()), Ok(ThingChange::Unchanged));
}

#[test]
fn unset_with_a_differing_property_is_a_conflict() {
    let whole = plan(Override::Unset);
    for plan in [
        ThingPlan { attributes: whole.attributes.clone(), ..bare() },
        ThingPlan { type_name: whole.type_name.clone(), ..bare() },
        ThingPlan { groups: whole.groups.clone(), ..bare() },
        ThingPlan { attributes: Some(attributes(&[("a", "1")])), ..bare() },
    ] {
        let refusal = meet(Some(&existing()), &plan).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::ResourceConflicts);
        assert!(refusal.message.contains("'dev-1'"), "{refusal}");
    }
}

#[test]
fn empty_group_list_with_replace_leaves_all_groups() {
    let mut plan = ThingPlan { groups: Some(Vec::new()), ..bare() };
    plan.on_existing.groups = Override::Replace;
    let update = update(meet(Some(&existing()), &plan).unwrap());
    assert_eq!(update.groups_to_remove, names(&["g1", "g2"]));
    plan.on_existing.groups = Override::DoNothing;
    assert_eq!(meet(Some(&existing()), &plan), Ok(ThingChange::Unchanged));
}

#[test]
fn empty_attribute_value_removes_the_attribute() {
    let mut plan = ThingPlan { attributes: Some(attributes(&[("a", "")])), ..bare() };
    plan.on_existing.attributes = Override::Merge;
    let update = update(meet(Some(&existing()), &plan).unwrap());
    assert_eq!(update.attributes, attributes(&[("b", "2")]));
    let ThingChange::Create(thing) = meet(None, &plan).unwrap() else { panic!() };
    assert_eq!(thing.attributes, attributes(&[]));
}

#[test]
fn billing_group_is_given_but_not_taken() {
    let wanted = Some(BillingGroupName::parse("b1").unwrap());
    let plan = ThingPlan { billing_group: wanted.clone(), ..bare() };
    let update = update(meet(Some(&existing()), &plan).unwrap());
    assert_eq!(update.billing_group, wanted);
    let other = BillingGroupName::parse("b2").unwrap();
    let thing = ExistingThing { billing_group: Some(other), ..existing() };
    assert_eq!(meet(Some(&thing), &plan).unwrap_err().code, ErrorCode::ResourceConflicts);
}

#[test]
fn too_many_attributes_or_groups_are_refused() {
    let many = |count: usize| -> BTreeMap<AttributeName, String> {
        (0..count).map(|i| (AttributeName::parse(&format!("a{i}")).unwrap(), "x".into())).collect()
    };
    let type_name = Some(ThingTypeName::parse("t").unwrap());
    for (count, type_name, fits) in
        [(3, None, true), (4, None, false), (50, type_name.clone(), true), (51, type_name, false)]
    {
        let plan = ThingPlan { attributes: Some(many(count)), type_name, ..bare() };
        assert_eq!(meet(None, &plan).is_ok(), fits, "{count}");
    }
    let groups: Vec<_> = (0..9).map(|i| ThingGroupName::parse(&format!("n{i}")).unwrap()).collect();
    let mut plan = ThingPlan { groups: Some(groups), ..bare() };
    plan.on_existing.groups = Override::Merge;
    let refusal = meet(Some(&existing()), &plan).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::ResourceRegistrationFailure);
    assert!(meet(None, &plan).is_ok());
}

#[test]
fn what_a_change_takes_is_what_it_changes() {
    use PossibleChange::*;
    let enter = |name: &str| EnterGroup(ThingGroupName::parse(name).unwrap());
    let of = |existing: Option<&ExistingThing>, plan: &ThingPlan| {
        meet(existing, plan).unwrap().possible(existing)
    };
    let billing = Some(BillingGroupName::parse("b1").unwrap());
    let whole = ThingPlan { billing_group: billing, ..plan(Override::Replace) };
    assert_eq!(of(None, &bare()), [CreateThing]);
    assert_eq!(of(None, &whole), [CreateThing, enter("g2"), enter("g3"), EnterBillingGroup]);
    let thing = existing();
    let all = [UpdateThing, LeaveGroups, enter("g3"), EnterBillingGroup];
    assert_eq!(of(Some(&thing), &whole), all);
    assert_eq!(of(Some(&thing), &bare()), []);
    assert_eq!(of(Some(&thing), &plan(Override::DoNothing)), []);
    let mut groups_only = ThingPlan { groups: Some(names(&["g3"])), ..bare() };
    groups_only.on_existing.groups = Override::Merge;
    assert_eq!(of(Some(&thing), &groups_only), [enter("g3")]);
    // Applied, it takes nothing more.
    let ThingChange::Create(made) = meet(None, &whole).unwrap() else { panic!() };
    assert_eq!(of(Some(&made), &whole), []);
}

#[test]
fn certificate_status_meets_its_override() {
    use CertificateStatus::*;
    let conflict = Err(ErrorCode::ResourceConflicts);
    let state = Err(ErrorCode::CertificateState);
    let plan = |active, on_status| CertificatePlan {
        logical_name: "c".into(),
        source: CertificateSource::SigningRequest(String::new()),
        active,
        on_status,
        exclusive: false,
    };
    let by = |registrar, existing, active, action| {
        meet_certificate(existing, &plan(active, action), registrar).map_err(|r| r.code)
    };
    for (existing, active, action, outcome) in [
        (PendingActivation, true, Override::Unset, Ok(Active)),
        (PendingActivation, false, Override::Unset, Ok(Inactive)),
        (PendingActivation, true, Override::Fail, Ok(Active)),
        (PendingActivation, true, Override::DoNothing, Ok(Active)),
        (Active, true, Override::Unset, Ok(Active)),
        (Active, false, Override::Unset, Ok(Inactive)),
        (Inactive, false, Override::Unset, Ok(Inactive)),
        (Inactive, true, Override::DoNothing, Ok(Inactive)),
        (Inactive, true, Override::Replace, Ok(Active)),
        (Active, false, Override::Replace, Ok(Inactive)),
        (Active, true, Override::Fail, conflict),
        (Revoked, true, Override::Replace, state),
        (PendingTransfer, false, Override::DoNothing, state),
    ] {
        for registrar in [Registrar::Operator, Registrar::Device] {
            let met = by(registrar, existing, active, action);
            assert_eq!(met, outcome, "{registrar:?} {existing:?} {active} {action:?}");
        }
    }
    // What an operator switched off, a device does not switch on by itself.
    for existing in [Inactive, RegisterInactive] {
        assert_eq!(by(Registrar::Operator, existing, true, Override::Unset), Ok(Active));
        assert_eq!(by(Registrar::Device, existing, true, Override::Unset), conflict);
    }
}
