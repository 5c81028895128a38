//! What a configuration takes: the keys, as the rooms that they set declare them.
//!
//! A room names its keys and what each may be; reading the file, the environment and the command
//! line, and saying where a value that cannot be used was given, is one place's work.

use std::path::Path;

/// One key of a section.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What its value may be.
    pub takes: Takes,
}

impl Key {
    /// A key and what it takes.
    pub const fn new(name: &'static str, takes: Takes) -> Self {
        Self { name, takes }
    }
}

/// Whether a text may stand here; the error is what may, to follow "must be".
pub type Rule = fn(&str) -> Result<(), String>;

/// Looks at what a path names; the error is what is wrong with it.
pub type Look = fn(&Path) -> Result<(), String>;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A whole number, from the one to the other.
    Number(i64, i64),
    /// Seconds since 1970, before the year 2100.
    Seconds,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text under a rule.
    Text(Rule),
    /// A path, and what must be there when the configuration is read.
    File(Look),
    /// A program, under the look, and its arguments.
    Command(Look),
    /// That many values, or one of them without brackets.
    List(usize, usize, &'static Takes),
    /// A section.
    Section(&'static [Key]),
    /// A section whose keys are names under a rule.
    Each(Rule, &'static Takes),
}

/// The end of what [`Takes::Seconds`] takes: the year 2100.
pub const LAST_SECOND: i64 = 4_102_444_800;

/// A value that is fine by itself and cannot be used with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The key with its section, such as `mqtt.memory-mib`.
    pub key: &'static str,
    /// What is wrong and what to do, a sentence without its end.
    pub why: String,
}

/// Any text but none.
///
/// # Errors
/// The empty text.
pub fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("not empty".to_owned()) } else { Ok(()) }
}
