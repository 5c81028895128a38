//! Which parts make an installation, and which do not.

use fleetwright_store::{InstallationId, Uuid};

use super::state::{Authority, Inventory, Part, Registry, State, decide};

const OURS: InstallationId = InstallationId(Uuid([1; 16]));
const OTHER: InstallationId = InstallationId(Uuid([2; 16]));

fn nothing() -> Inventory {
    Inventory {
        first_start: None,
        registry: Registry::Absent,
        ca: Authority { part: Part::Absent, missing: vec!["root.pem"], is_of_copy: None },
        rsa: Part::Absent,
        key_pool: Part::Absent,
        functions: Part::Absent,
        has_sealing_key: false,
        traces: Vec::new(),
    }
}

fn whole(part: Part, registry: Registry) -> Inventory {
    Inventory {
        registry,
        ca: Authority { part, missing: Vec::new(), is_of_copy: Some(true) },
        rsa: part,
        key_pool: part,
        functions: part,
        has_sealing_key: true,
        traces: vec!["admin.credentials", "root-ca.pem"],
        ..nothing()
    }
}

fn ours() -> Inventory {
    whole(Part::Of(OURS), Registry::Of(OURS))
}

fn old() -> Inventory {
    whole(Part::Unmarked, Registry::Unmarked { is_unused: false })
}

#[track_caller]
fn refused(what: &str, inventory: Inventory, named: &str) {
    match decide(&inventory) {
        Ok(state) => panic!("{what} was taken for {state:?}"),
        Err(reason) => assert!(reason.contains(named), "{what}: {reason}"),
    }
}

#[test]
fn what_fits_is_taken_for_what_it_is() {
    let begun = |part| Inventory { first_start: Some(OURS), ..whole(part, Registry::Absent) };
    let unused = Registry::Unmarked { is_unused: true };
    let without = |begun, is_unused| State::WithoutId { begun, is_unused };
    for (what, inventory, state) in [
        ("an empty directory", nothing(), State::New),
        ("an installation", ours(), State::Whole(OURS)),
        (
            "its caches gone",
            Inventory { key_pool: Part::Absent, functions: Part::Absent, ..ours() },
            State::Whole(OURS),
        ),
        ("its traces gone", Inventory { traces: Vec::new(), ..ours() }, State::Whole(OURS)),
        (
            "told, and cut before its end",
            Inventory { first_start: Some(OURS), ..ours() },
            State::Whole(OURS),
        ),
        ("cut at once", Inventory { first_start: Some(OURS), ..nothing() }, State::Begun(OURS)),
        ("cut while parts are marked", begun(Part::Unmarked), State::Begun(OURS)),
        ("cut before the registry", begun(Part::Of(OURS)), State::Begun(OURS)),
        (
            "cut before the administrator",
            Inventory { registry: unused, ..begun(Part::Of(OURS)) },
            State::Begun(OURS),
        ),
        ("of before there were ids", old(), without(None, false)),
        (
            "that, cut before its administrator",
            Inventory { registry: unused, ..old() },
            without(None, true),
        ),
        (
            "that, cut while parts are marked",
            Inventory {
                key_pool: Part::Absent,
                functions: Part::Unmarked,
                ..whole(Part::Of(OURS), Registry::Unmarked { is_unused: false })
            },
            without(Some(OURS), false),
        ),
    ] {
        assert_eq!(decide(&inventory), Ok(state), "{what}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let ca = |part| Authority { part, missing: Vec::new(), is_of_copy: Some(true) };
    let lost = |name| Authority { part: Part::Of(OURS), missing: vec![name], is_of_copy: None };
    for (what, inventory, named) in [
        (
            "no registry",
            Inventory { registry: Registry::Absent, ..ours() },
            "fleetwright.db is missing",
        ),
        (
            "nothing but a key",
            Inventory { has_sealing_key: true, ..nothing() },
            "sealing.key is here",
        ),
        (
            "nothing but a trace",
            Inventory { traces: vec!["admin.credentials"], ..nothing() },
            "admin.credentials is here",
        ),
        (
            "nothing but keys",
            Inventory { key_pool: Part::Unmarked, ..nothing() },
            "key-pool/ is here",
        ),
        (
            "another's registry",
            Inventory { registry: Registry::Of(OTHER), ..ours() },
            "ca/ belongs to",
        ),
        (
            "an old registry",
            Inventory {
                ca: ca(Part::Of(OTHER)),
                ..whole(Part::Of(OURS), Registry::Unmarked { is_unused: false })
            },
            "ca/rsa/ belongs to",
        ),
        (
            "no ca",
            Inventory { ca: Authority { part: Part::Absent, ..lost("root.pem") }, ..ours() },
            "ca/ is missing",
        ),
        ("no root", Inventory { ca: lost("root.pem"), ..ours() }, "ca/root.pem is missing"),
        ("another's ca", Inventory { ca: ca(Part::Of(OTHER)), ..ours() }, "ca/ belongs to"),
        ("an old ca", Inventory { ca: ca(Part::Unmarked), ..ours() }, "ca/ carries no id"),
        (
            "no sealing key",
            Inventory { has_sealing_key: false, ..ours() },
            "sealing.key is missing",
        ),
        ("another's keys", Inventory { key_pool: Part::Of(OTHER), ..ours() }, "may be removed"),
        ("old keys", Inventory { key_pool: Part::Unmarked, ..ours() }, "key-pool/ carries no id"),
        (
            "another's functions",
            Inventory { functions: Part::Of(OTHER), ..ours() },
            "functions/ belongs",
        ),
        (
            "another's beginning",
            Inventory { first_start: Some(OTHER), ..ours() },
            "first-start belongs",
        ),
        (
            "a registry in use, put beside a beginning",
            Inventory { first_start: Some(OURS), ..old() },
            "remove first-start",
        ),
        (
            "a beginning with another's ca",
            Inventory { first_start: Some(OURS), ca: ca(Part::Of(OTHER)), ..nothing() },
            "ca/ belongs to",
        ),
        (
            "old, no ca",
            Inventory { ca: Authority { part: Part::Absent, ..lost("root.pem") }, ..old() },
            "ca/ is missing",
        ),
        (
            "old, no sealing key",
            Inventory { has_sealing_key: false, ..old() },
            "sealing.key is missing",
        ),
        (
            "old, another's keys",
            Inventory { key_pool: Part::Of(OTHER), ..old() },
            "key-pool/ belongs",
        ),
        (
            "old, another root",
            Inventory { ca: Authority { is_of_copy: Some(false), ..ca(Part::Unmarked) }, ..old() },
            "root-ca.pem",
        ),
    ] {
        refused(what, inventory, named);
    }
}
