//! The files that the console is built into, by their names.

/// A file as it was committed.
pub(crate) struct Embedded {
    /// Its path in `console/dist`; with `.gz` at its end if its bytes are compressed.
    name: &'static str,
    bytes: &'static [u8],
}

/// Sorted by name.
static FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Where files are whose names have the hash of what is in them: they never change.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";
const COMPRESSED: &str = ".gz";

static EMPTY: Embedded = Embedded { name: INDEX, bytes: b"" };

/// What a path names.
pub(crate) enum Found {
    /// A file.
    File(&'static Embedded),
    /// A page.
    Page,
    /// Neither: a file that is no longer, or never was.
    Nothing,
}

impl Embedded {
    /// Its name without `.gz`.
    pub(crate) fn name(&self) -> &'static str {
        self.name.strip_suffix(COMPRESSED).unwrap_or(self.name)
    }

    /// Its bytes as they are kept.
    pub(crate) fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// Whether they are compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.name.ends_with(COMPRESSED)
    }

    /// Whether another content would have another name.
    pub(crate) fn is_hashed(&self) -> bool {
        self.name.starts_with(HASHED)
    }
}

/// Finds what a path below `/console/` names.
pub(crate) fn find(path: &str) -> Found {
    if let Some(file) = FILES.iter().find(|file| file.name() == path) {
        return Found::File(file);
    }
    // A page's path has no file below it, and climbs nowhere.
    let climbs = path.split('/').any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..") || plain.contains("%00") || plain.contains('\\')
    });
    if climbs || path.starts_with(HASHED) { Found::Nothing } else { Found::Page }
}

/// The file that all pages are.
pub(crate) fn index() -> &'static Embedded {
    FILES.iter().find(|file| file.name() == INDEX).unwrap_or(&EMPTY)
}

/// Every file.
#[cfg(test)]
pub(crate) fn all() -> &'static [Embedded] {
    FILES
}
