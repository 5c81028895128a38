//! How far a worker is that is being started: what a caller reads who could not wait for it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use fleetwright_core::function::RuntimeKind;
use tokio::time::Instant;

use super::revision::Revision;

/// A worker on its way to its first event.
pub(super) struct Start {
    begun: Instant,
    stage: AtomicU8,
}

/// The step that it is at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    Interpreter,
    Code,
    Process,
    Init,
}

impl Start {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), stage: AtomicU8::new(Stage::Interpreter as u8) }
    }

    /// Notes the next step.
    pub(super) fn reach(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    fn stage(&self) -> Stage {
        let at = self.stage.load(Ordering::Relaxed);
        let all = [Stage::Interpreter, Stage::Code, Stage::Process, Stage::Init];
        all.into_iter().find(|stage| *stage as u8 == at).unwrap_or(Stage::Interpreter)
    }

    /// How it stands, in words: `still starting (importing app) after 5.0 s`.
    pub(super) fn standing(&self, revision: &Revision) -> String {
        let (doing, seconds) = (self.stage().of(revision), self.begun.elapsed().as_secs_f64());
        format!("still starting ({doing}) after {seconds:.1} s")
    }
}

impl Stage {
    /// The step in words.
    pub(super) fn of(self, revision: &Revision) -> Doing<'_> {
        Doing { stage: self, kind: revision.runtime.kind(), handler: &revision.handler }
    }
}

/// A step in words.
pub(super) struct Doing<'a> {
    stage: Stage,
    kind: RuntimeKind,
    handler: &'a str,
}

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.stage, self.kind) {
            (Stage::Interpreter, _) => f.write_str("looking for its interpreter"),
            (Stage::Code, _) => f.write_str("unpacking its code"),
            (Stage::Process, _) => f.write_str("making its process"),
            (Stage::Init, RuntimeKind::Provided) => f.write_str("running bootstrap"),
            (Stage::Init, RuntimeKind::Python | RuntimeKind::Node) => {
                // The handler is a function of a module.
                let module = self.handler.rsplit_once('.').map_or(self.handler, |(name, _)| name);
                write!(f, "importing {module}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_told_by_what_is_under_way() {
        let doing = |stage, kind, handler| Doing { stage, kind, handler }.to_string();
        assert_eq!(doing(Stage::Init, RuntimeKind::Python, "l.h"), "importing l");
        assert_eq!(doing(Stage::Init, RuntimeKind::Node, "lib/hook.handler"), "importing lib/hook");
        assert_eq!(doing(Stage::Init, RuntimeKind::Provided, "none"), "running bootstrap");
        assert_eq!(doing(Stage::Code, RuntimeKind::Python, "l.h"), "unpacking its code");
    }

    #[test]
    fn a_start_knows_its_step() {
        let start = Start::begin();
        assert_eq!(start.stage(), Stage::Interpreter);
        for stage in [Stage::Code, Stage::Process, Stage::Init] {
            start.reach(stage);
            assert_eq!(start.stage(), stage);
        }
    }
}
