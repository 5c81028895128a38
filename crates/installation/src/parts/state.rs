//! Whether the parts of a data directory fit: a pure decision.

use fleetwright_store::InstallationId;

/// A part that is a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Missing or empty.
    Absent,
    /// It holds something and no id.
    Unmarked,
    /// It carries an id.
    Of(InstallationId),
}

/// The registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registry {
    /// Missing or empty.
    Absent,
    /// It has no installation id; `is_unused` when it was never used.
    Unmarked { is_unused: bool },
    /// It belongs to one.
    Of(InstallationId),
}

/// The certificate authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) part: Part,
    /// Files that it cannot be without, and is.
    pub(crate) missing: Vec<&'static str>,
    /// Whether its root stands in the copy that devices are given; `None` without either.
    pub(crate) is_of_copy: Option<bool>,
}

/// What is in a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// The id of a first start that did not come to its end.
    pub(crate) first_start: Option<InstallationId>,
    pub(crate) registry: Registry,
    pub(crate) ca: Authority,
    pub(crate) rsa: Part,
    pub(crate) key_pool: Part,
    pub(crate) functions: Part,
    pub(crate) has_sealing_key: bool,
    /// Other files that only an installation leaves behind.
    pub(crate) traces: Vec<&'static str>,
}

/// The state of a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing at all.
    New,
    /// A first start that was cut off.
    Begun(InstallationId),
    /// An installation of a version that had no ids yet.
    WithoutId {
        /// The id of an earlier start that ended before the registry had it.
        begun: Option<InstallationId>,
        /// Whether nothing was ever kept in it.
        is_unused: bool,
    },
    /// An installation whose parts fit.
    Whole(InstallationId),
}

impl State {
    /// The id, if there is one yet.
    pub(crate) fn id(self) -> Option<InstallationId> {
        match self {
            Self::New => None,
            Self::Begun(id) | Self::Whole(id) => Some(id),
            Self::WithoutId { begun, .. } => begun,
        }
    }
}

/// Why a sealing key is refused.
pub(super) const FOREIGN_KEY: &str = "sealing.key is not the key that this registry's secrets \
     are sealed with: it is another installation's, or was changed. Put back the sealing.key that \
     belongs to fleetwright.db, from where it was moved to or from a backup.";
/// The way out when a part is gone.
const RESTORE: &str = "Put it back, from where it was moved to or from a backup of this \
     installation. To begin a new installation instead, give --data-dir a directory that is empty.";
/// The way out when parts are of several installations.
const SORT_OUT: &str = "Each part carries the id of its installation. Put the parts of one \
     installation together, or restore a backup into an empty directory.";

/// The state of the parts, or why they do not fit and the remedy.
pub(super) fn decide(inventory: &Inventory) -> Result<State, String> {
    match (inventory.registry, inventory.first_start) {
        (Registry::Of(id), _) => {
            same(inventory, id)?;
            complete(inventory)?;
            Ok(State::Whole(id))
        }
        (Registry::Absent | Registry::Unmarked { is_unused: true }, Some(id)) => {
            same(inventory, id)?;
            Ok(State::Begun(id))
        }
        (Registry::Unmarked { is_unused: false }, Some(id)) => Err(format!(
            "fleetwright.db was in use, and the file first-start says that installation {id} is \
             only being made here. {SORT_OUT} If fleetwright.db is the right one, remove \
             first-start."
        )),
        (Registry::Absent, None) => match present(inventory).as_slice() {
            [] => Ok(State::New),
            others => Err(format!(
                "fleetwright.db is missing or empty, but this is no new installation: {} {} here. \
                 {RESTORE}",
                others.join(", "),
                if others.len() == 1 { "is" } else { "are" }
            )),
        },
        (Registry::Unmarked { is_unused }, None) => {
            complete(inventory)?;
            if inventory.ca.is_of_copy == Some(false) {
                return Err(format!(
                    "the root certificate in ca/ is not the one in root-ca.pem: ca/ is another \
                     installation's, or root-ca.pem was changed. {RESTORE} If ca/ is the right \
                     one, remove root-ca.pem: it is made again from ca/."
                ));
            }
            let begun = match inventory.ca.part {
                Part::Of(id) => {
                    same(inventory, id)?;
                    Some(id)
                }
                _ => None,
            };
            if begun.is_none() {
                for (name, part) in [
                    ("ca/rsa/", inventory.rsa),
                    ("key-pool/", inventory.key_pool),
                    ("functions/", inventory.functions),
                ] {
                    if let Part::Of(id) = part {
                        return Err(foreign(name, id, "ca/ and fleetwright.db carry no id yet"));
                    }
                }
            }
            Ok(State::WithoutId { begun, is_unused })
        }
    }
}

/// Every part that carries an id carries this one.
fn same(inventory: &Inventory, id: InstallationId) -> Result<(), String> {
    let whose = match inventory.registry {
        Registry::Of(_) => "fleetwright.db",
        _ if inventory.first_start.is_some() => "first-start",
        _ => "ca/",
    };
    let whose = format!("{whose} belongs to {id}");
    let parts = [
        ("ca/", inventory.ca.part),
        ("ca/rsa/", inventory.rsa),
        ("key-pool/", inventory.key_pool),
        ("functions/", inventory.functions),
    ];
    let is_told = matches!(inventory.registry, Registry::Of(_));
    for (name, part) in parts {
        match part {
            Part::Of(other) if other != id => return Err(foreign(name, other, &whose)),
            // Parts are marked before the registry is: one that holds something and has no mark
            // came from elsewhere.
            Part::Unmarked if is_told => {
                return Err(format!(
                    "{name} carries no id of an installation, and {whose}: it came from \
                     elsewhere, or {name}{} was removed. {SORT_OUT}{}",
                    super::MARK,
                    way_out_of_cache(name)
                ));
            }
            _ => {}
        }
    }
    match inventory.first_start {
        Some(other) if other != id => Err(foreign("first-start", other, &whose)),
        _ => Ok(()),
    }
}

fn foreign(name: &str, id: InstallationId, whose: &str) -> String {
    format!(
        "{name} belongs to installation {id}, and {whose}. {SORT_OUT}{}",
        way_out_of_cache(name)
    )
}

/// What a part may be replaced by when nothing of it is needed.
fn way_out_of_cache(name: &str) -> &'static str {
    match name {
        "key-pool/" => {
            " key-pool/ holds keys that nobody was given: it may be removed, and is made anew."
        }
        "functions/" => {
            " functions/ holds logs, unpacked code and runtimes: it may be moved away, and is made \
             anew without them."
        }
        _ => "",
    }
}

/// What cannot be made anew is there.
fn complete(inventory: &Inventory) -> Result<(), String> {
    let mut missing: Vec<String> = Vec::new();
    if inventory.ca.part == Part::Absent {
        missing.push("ca/".to_owned());
    } else {
        missing.extend(inventory.ca.missing.iter().map(|name| format!("ca/{name}")));
    }
    if !inventory.has_sealing_key {
        missing.push("sealing.key".to_owned());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} {} missing, and fleetwright.db belongs to an installation that had {}: made anew, \
         devices would not trust it, or secrets would not open. {RESTORE}",
        missing.join(", "),
        if missing.len() == 1 { "is" } else { "are" },
        if missing.len() == 1 { "it" } else { "them" },
    ))
}

/// The parts and traces that are there beside the registry.
fn present(inventory: &Inventory) -> Vec<&'static str> {
    let parts = [
        ("ca/", inventory.ca.part),
        ("ca/rsa/", inventory.rsa),
        ("key-pool/", inventory.key_pool),
        ("functions/", inventory.functions),
    ];
    let parts = parts.into_iter().filter(|(_, part)| *part != Part::Absent).map(|(name, _)| name);
    let key = inventory.has_sealing_key.then_some("sealing.key");
    parts.chain(key).chain(inventory.traces.iter().copied()).collect()
}
