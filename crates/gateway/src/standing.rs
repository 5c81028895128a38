//! Whether a connection's certificate is still good. A revocation is final when it is acknowledged:
//! from then on the connection reads, delivers, publishes and answers nothing more.
//!
//! Three things meet here, and no order of them leaves a gap:
//!
//! 1. A connection is entered in the directory, with its [`Standing`], before its certificate is
//!    looked up in the registry.
//! 2. The registry commits a change that takes `ACTIVE` away, then tells the gateway, which ends the
//!    standing of every connection of that certificate in the directory, then answers the operator.
//! 3. Whatever a connection does to others or sends to its peer is one step of [`Standing::act`].
//!
//! If the directory is notified (2) after the entry (1), it finds the entry. If it is notified before, the
//! commit came before as well, and the look-up that follows the entry reads it. And `act` holds the
//! lock that [`Standing::end`] takes: a step that began before is over when `end` returns, hence
//! before the operator is answered, and no step begins afterwards. Steps do not wait: they hand
//! bytes to the kernel or messages to mailboxes.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use fleetwright_host::clock;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use super::principal::{Term, TermOf};
use super::stream::{self, LAST_WORDS, Stream};

/// The standing of one connection's certificate; shared by the connection and the directory.
#[derive(Debug)]
pub(super) struct Standing {
    good: Mutex<bool>,
    /// When it ends by itself.
    term: OnceLock<Term>,
    ended: Notify,
}

/// Why nothing more is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The certificate is no longer `ACTIVE`, or gone.
    Off,
    /// Its time is over.
    Term(TermOf),
}

/// Why a write did not come to its end.
#[derive(Debug)]
pub(super) enum WriteError {
    Ended(Ended),
    Lost(io::Error),
}

impl Default for Standing {
    fn default() -> Self {
        Self { good: Mutex::new(true), term: OnceLock::new(), ended: Notify::new() }
    }
}

impl Standing {
    /// Ends it for good. No step is under way when this returns.
    pub(super) fn end(&self) {
        *self.good.lock() = false;
        self.ended.notify_one();
    }

    /// It ends by itself at this time; said once.
    pub(super) fn ends_at(&self, term: Term) {
        let _ = self.term.set(term);
    }

    /// When it ends by itself.
    pub(super) fn term(&self) -> Option<Term> {
        self.term.get().copied()
    }

    /// Takes one step while the certificate is good. The step must not wait, nor take another.
    pub(super) fn act<T>(&self, step: impl FnOnce() -> T) -> Result<T, Ended> {
        let good = self.good.lock();
        if !*good {
            return Err(Ended::Off);
        }
        // Few have a term: the others do not ask for the time.
        if let Some(term) = self.term.get()
            && clock::now() >= term.until
        {
            return Err(Ended::Term(term.of));
        }
        Ok(step())
    }

    /// Whether a step could be taken now.
    pub(super) fn check(&self) -> Result<(), Ended> {
        self.act(|| ())
    }

    /// Waits until somebody ends it. One task may wait. Cancel-safe.
    pub(super) async fn ended(&self) -> Ended {
        while self.check() != Err(Ended::Off) {
            self.ended.notified().await;
        }
        Ended::Off
    }

    /// Writes and flushes everything before the connection is closed, step by step; fails when the
    /// standing ends or the peer does not read soon. What is left then must not be written any more.
    pub(super) async fn write(&self, stream: &mut Stream, output: &[u8]) -> Result<(), WriteError> {
        let written = async {
            let mut rest = output;
            while !rest.is_empty() {
                let step =
                    |context: &mut Context<'_>| Pin::new(&mut *stream).poll_write(context, rest);
                let taken = self.step(step).await?;
                if taken == 0 {
                    return Err(WriteError::Lost(io::ErrorKind::WriteZero.into()));
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
            self.step(|context| Pin::new(&mut *stream).poll_flush(context)).await
        };
        tokio::select! {
            written = tokio::time::timeout(LAST_WORDS, written) => {
                written.unwrap_or_else(|_| Err(WriteError::Lost(stream::stalled())))
            }
            ended = self.ended() => Err(WriteError::Ended(ended)),
        }
    }

    async fn step<T>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Result<T, WriteError> {
        poll_fn(|context| match self.act(|| poll(context)) {
            Err(ended) => Poll::Ready(Err(WriteError::Ended(ended))),
            Ok(done) => done.map_err(WriteError::Lost),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use fleetwright_core::time::Timestamp;

    use super::*;

    #[test]
    fn an_end_waits_for_the_step_under_way_and_lets_no_other_begin() {
        let standing = Arc::new(Standing::default());
        let (begun, has_begun) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        let (there, done) = (Arc::clone(&standing), Arc::new(Mutex::new(false)));
        let seen = Arc::clone(&done);
        let stepping = std::thread::spawn(move || {
            there.act(|| {
                begun.send(()).unwrap();
                may_leave.recv().unwrap();
                *seen.lock() = true;
            })
        });
        has_begun.recv().unwrap();
        let there = Arc::clone(&standing);
        let ending = std::thread::spawn(move || {
            there.end();
            *done.lock()
        });
        leave.send(()).unwrap();
        assert_eq!(stepping.join().unwrap(), Ok(()));
        assert!(ending.join().unwrap(), "the end came before the step was over");
        assert_eq!(standing.act(|| ()), Err(Ended::Off));
    }

    #[test]
    fn a_claim_ends_by_itself() {
        let until = |until| {
            let standing = Standing::default();
            standing.ends_at(Term { until, of: TermOf::Claim });
            standing.check()
        };
        assert_eq!(until(Timestamp(i64::MAX - 1)), Ok(()));
        assert_eq!(until(clock::now()), Err(Ended::Term(TermOf::Claim)));
    }
}
