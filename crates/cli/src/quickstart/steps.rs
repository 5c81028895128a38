//! What the person at the terminal sees.

use std::fmt;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::plain;

/// A step failed: what, why, and what to do.
#[derive(Debug)]
pub(super) struct QuickstartError {
    what: String,
    why: String,
}

impl QuickstartError {
    pub(super) fn new(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self { what: what.to_string(), why: why.to_string() }
    }
}

impl fmt::Display for QuickstartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Prints steps: a spinner while one is under way, a line when it is done.
pub(super) struct Steps;

/// A step under way.
pub(super) struct Step(ProgressBar);

impl Steps {
    pub(super) fn new() -> Self {
        Self
    }

    /// Begins a step.
    pub(super) fn begin(&self, doing: &str) -> Step {
        let bar = ProgressBar::new_spinner().with_message(doing.to_owned());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Step(bar)
    }

    /// Prints a heading.
    pub(super) fn heading(&self, text: &str) {
        println!("\n{text}");
    }

    /// Prints a line of detail.
    pub(super) fn say(&self, text: &str) {
        println!("      {}", plain(text));
    }

    /// Prints why it ended early and what to do.
    pub(super) fn failed(&self, error: &QuickstartError) {
        eprintln!("\n  ✗ {}\n      {}", error.what, error.why);
        eprintln!(
            "\nThe quick start stopped. Run it again with --keep to look at the server's log, or \
             run `fleetwright serve` to see the server itself."
        );
    }
}

impl Step {
    /// Ends a step well.
    pub(super) fn done(self, what: &str) {
        self.0.finish_and_clear();
        println!("  ✓ {what}");
    }
}
