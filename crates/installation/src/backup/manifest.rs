//! `manifest.json`: what is in a backup.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// The form of the file that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The first member of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// The version of the program that made it.
    pub version: String,
    /// When the registry was copied, in milliseconds since 1970.
    pub created: i64,
    /// The installation; absent for a data directory of before there were ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// The registry's schema.
    pub schema: u32,
    /// Time of the newest record of the audit trail, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_record: Option<i64>,
    /// How many there are of what.
    pub counts: Vec<Count>,
    /// Every other member, in the order of the file.
    pub members: Vec<Member>,
}

/// So many of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// Of what, such as `things`.
    pub of: String,
    /// How many.
    pub count: u64,
}

/// A file of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its path below the data directory.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Why it cannot be used, if so.
    pub(super) fn fault(&self) -> Option<String> {
        if self.format != FORMAT {
            return Some(format!(
                "it has format {}, and this program reads format {FORMAT}: use the fleetwright \
                 that made it, {}, or a newer one",
                self.format, self.version
            ));
        }
        let mut names: Vec<&str> = self.members.iter().map(|member| member.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Some("it names a member twice".to_owned());
        }
        let strange = self.members.iter().find(|member| !is_plain(&member.name));
        strange.map(|member| format!("it names a member {:?}", member.name))
    }
}

/// Whether a name stays below the directory that it is put into.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.contains(['\0', '\\'])
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_their_directory() {
        for name in ["fleetwright.db", "ca/root.pem", "a/b/c"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "ca/../../x", "./x", "a\\b", "a\0b"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
