//! States of jobs and of their executions.
//!
//! AWS: "Jobs and job execution states", IoT Developer Guide, 2025 edition.

macro_rules! words {
    ($(#[$doc:meta])* $kind:ident { $($name:ident $word:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "AWS's words")]
        pub enum $kind {
            $($name,)*
        }

        impl $kind {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// AWS's word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// One by AWS's word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == text)
            }
        }
    };
}
pub(super) use words;

words! {
    /// Where a job stands.
    JobStatus {
        Scheduled "SCHEDULED"
        InProgress "IN_PROGRESS"
        Completed "COMPLETED"
        Canceled "CANCELED"
        DeletionInProgress "DELETION_IN_PROGRESS"
    }
}

words! {
    /// Where an execution stands.
    ExecutionStatus {
        Queued "QUEUED"
        InProgress "IN_PROGRESS"
        Succeeded "SUCCEEDED"
        Failed "FAILED"
        TimedOut "TIMED_OUT"
        Rejected "REJECTED"
        Removed "REMOVED"
        Canceled "CANCELED"
    }
}

impl JobStatus {
    /// Whether it is at its end, and nothing further is rolled out.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::InProgress)
    }
}

impl ExecutionStatus {
    /// Whether nothing follows on it.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }

    /// Whether a device may report it.
    pub fn is_reported(self) -> bool {
        matches!(self, Self::InProgress | Self::Succeeded | Self::Failed | Self::Rejected)
    }

    /// Whether a device may take an execution from here to there.
    pub fn may_become(self, next: Self) -> bool {
        !self.is_terminal() && next.is_reported()
    }
}

/// How many things are where: the latest execution of each counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's words, by status")]
pub struct Counts {
    pub queued: i64,
    pub in_progress: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub timed_out: i64,
    pub rejected: i64,
    pub removed: i64,
    pub canceled: i64,
}

impl Counts {
    /// The count of a status.
    pub fn of(&self, status: ExecutionStatus) -> i64 {
        match status {
            ExecutionStatus::Queued => self.queued,
            ExecutionStatus::InProgress => self.in_progress,
            ExecutionStatus::Succeeded => self.succeeded,
            ExecutionStatus::Failed => self.failed,
            ExecutionStatus::TimedOut => self.timed_out,
            ExecutionStatus::Rejected => self.rejected,
            ExecutionStatus::Removed => self.removed,
            ExecutionStatus::Canceled => self.canceled,
        }
    }

    /// Things that have, or had, an execution.
    pub fn notified(&self) -> i64 {
        ExecutionStatus::ALL.iter().map(|status| self.of(*status)).sum()
    }
}

/// What decides whether a job is complete.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Whether things that join its groups later take part.
    pub is_continuous: bool,
    /// Whether its end has come.
    pub has_ended: bool,
    /// Whether every target was looked at and every thing has its execution.
    pub is_rolled_out: bool,
    /// Where its things are.
    pub counts: Counts,
}

/// Whether a job in progress has come to its end by itself. A continuous one never does before its
/// `endTime`.
pub fn is_complete(progress: &Progress) -> bool {
    let is_closed = !progress.is_continuous || progress.has_ended;
    let is_waiting = progress.counts.queued + progress.counts.in_progress > 0;
    is_closed && progress.is_rolled_out && !is_waiting
}
