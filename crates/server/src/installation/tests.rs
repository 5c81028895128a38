//! Which parts make an installation, and which do not.

use fleetwright_store::{InstallationId, Uuid};

use super::standing::{Authority, Found, Part, Registry, Standing, decide};

const OURS: InstallationId = InstallationId(Uuid([1; 16]));
const OTHER: InstallationId = InstallationId(Uuid([2; 16]));

fn nothing() -> Found {
    Found {
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

fn whole(part: Part, registry: Registry) -> Found {
    Found {
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

fn ours() -> Found {
    whole(Part::Of(OURS), Registry::Of(OURS))
}

fn old() -> Found {
    whole(Part::Unmarked, Registry::Unmarked { is_unused: false })
}

#[track_caller]
fn refused(what: &str, found: Found, named: &str) {
    match decide(&found) {
        Ok(standing) => panic!("{what} was taken for {standing:?}"),
        Err(reason) => assert!(reason.contains(named), "{what}: {reason}"),
    }
}

#[test]
fn what_fits_is_taken_for_what_it_is() {
    let begun = |part| Found { first_start: Some(OURS), ..whole(part, Registry::Absent) };
    let unused = Registry::Unmarked { is_unused: true };
    let without = |begun, is_unused| Standing::WithoutId { begun, is_unused };
    for (what, found, standing) in [
        ("an empty directory", nothing(), Standing::New),
        ("an installation", ours(), Standing::Whole(OURS)),
        (
            "its caches gone",
            Found { key_pool: Part::Absent, functions: Part::Absent, ..ours() },
            Standing::Whole(OURS),
        ),
        ("its traces gone", Found { traces: Vec::new(), ..ours() }, Standing::Whole(OURS)),
        (
            "told, and cut before its end",
            Found { first_start: Some(OURS), ..ours() },
            Standing::Whole(OURS),
        ),
        ("cut at once", Found { first_start: Some(OURS), ..nothing() }, Standing::Begun(OURS)),
        ("cut while parts are marked", begun(Part::Unmarked), Standing::Begun(OURS)),
        ("cut before the registry", begun(Part::Of(OURS)), Standing::Begun(OURS)),
        (
            "cut before the administrator",
            Found { registry: unused, ..begun(Part::Of(OURS)) },
            Standing::Begun(OURS),
        ),
        ("of before there were ids", old(), without(None, false)),
        (
            "that, cut before its administrator",
            Found { registry: unused, ..old() },
            without(None, true),
        ),
        (
            "that, cut while parts are marked",
            Found {
                key_pool: Part::Absent,
                functions: Part::Unmarked,
                ..whole(Part::Of(OURS), Registry::Unmarked { is_unused: false })
            },
            without(Some(OURS), false),
        ),
    ] {
        assert_eq!(decide(&found), Ok(standing), "{what}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let ca = |part| Authority { part, missing: Vec::new(), is_of_copy: Some(true) };
    let lost = |name| Authority { part: Part::Of(OURS), missing: vec![name], is_of_copy: None };
    for (what, found, named) in [
        (
            "no registry",
            Found { registry: Registry::Absent, ..ours() },
            "fleetwright.db is missing",
        ),
        ("nothing but a key", Found { has_sealing_key: true, ..nothing() }, "sealing.key is here"),
        (
            "nothing but a trace",
            Found { traces: vec!["admin.credentials"], ..nothing() },
            "admin.credentials is here",
        ),
        ("nothing but keys", Found { key_pool: Part::Unmarked, ..nothing() }, "key-pool/ is here"),
        ("another's registry", Found { registry: Registry::Of(OTHER), ..ours() }, "ca/ belongs to"),
        (
            "an old registry",
            Found {
                ca: ca(Part::Of(OTHER)),
                ..whole(Part::Of(OURS), Registry::Unmarked { is_unused: false })
            },
            "ca/rsa/ belongs to",
        ),
        (
            "no ca",
            Found { ca: Authority { part: Part::Absent, ..lost("root.pem") }, ..ours() },
            "ca/ is missing",
        ),
        ("no root", Found { ca: lost("root.pem"), ..ours() }, "ca/root.pem is missing"),
        ("another's ca", Found { ca: ca(Part::Of(OTHER)), ..ours() }, "ca/ belongs to"),
        ("an old ca", Found { ca: ca(Part::Unmarked), ..ours() }, "ca/ carries no id"),
        ("no sealing key", Found { has_sealing_key: false, ..ours() }, "sealing.key is missing"),
        ("another's keys", Found { key_pool: Part::Of(OTHER), ..ours() }, "may be removed"),
        ("old keys", Found { key_pool: Part::Unmarked, ..ours() }, "key-pool/ carries no id"),
        (
            "another's functions",
            Found { functions: Part::Of(OTHER), ..ours() },
            "functions/ belongs",
        ),
        (
            "another's beginning",
            Found { first_start: Some(OTHER), ..ours() },
            "first-start belongs",
        ),
        (
            "a registry in use, put beside a beginning",
            Found { first_start: Some(OURS), ..old() },
            "remove first-start",
        ),
        (
            "a beginning with another's ca",
            Found { first_start: Some(OURS), ca: ca(Part::Of(OTHER)), ..nothing() },
            "ca/ belongs to",
        ),
        (
            "old, no ca",
            Found { ca: Authority { part: Part::Absent, ..lost("root.pem") }, ..old() },
            "ca/ is missing",
        ),
        (
            "old, no sealing key",
            Found { has_sealing_key: false, ..old() },
            "sealing.key is missing",
        ),
        ("old, another's keys", Found { key_pool: Part::Of(OTHER), ..old() }, "key-pool/ belongs"),
        (
            "old, another root",
            Found { ca: Authority { is_of_copy: Some(false), ..ca(Part::Unmarked) }, ..old() },
            "root-ca.pem",
        ),
    ] {
        refused(what, found, named);
    }
}
