//! Numbers of connections: each is given out once for ever, and later ones are larger, over
//! restarts, crashes and clocks that are set back. The registry reserves them in blocks.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use fleetwright_store::Store;
use tokio::sync::mpsc;

use super::directory::ConnectionNumber;
use crate::clock;

/// Numbers reserved at a time; what is left of them when the server ends is skipped. (ours)
const BLOCK: u32 = 1_000_000;
/// The next block is reserved when no more than this many are left. (ours)
const LOW: u64 = BLOCK as u64 / 2;
/// Pause after a reservation that failed, for instance on a full disk. (ours)
const PAUSE: Duration = Duration::from_secs(1);

/// Gives out what is reserved, and nothing else.
#[derive(Debug)]
pub(crate) struct Numbers {
    blocks: Mutex<Blocks>,
    low: mpsc::Sender<()>,
}

/// What is reserved and not given out: `now` first. Both are half-open.
#[derive(Debug, Default)]
struct Blocks {
    now: std::ops::Range<u64>,
    then: std::ops::Range<u64>,
}

impl Blocks {
    fn left(&self) -> u64 {
        let length = |block: &std::ops::Range<u64>| block.end.saturating_sub(block.start);
        length(&self.now) + length(&self.then)
    }

    fn draw(&mut self) -> Option<u64> {
        if self.now.is_empty() {
            self.now = std::mem::take(&mut self.then);
        }
        self.now.next()
    }

    /// A block that was reserved while at most one was there.
    fn add(&mut self, block: std::ops::Range<u64>) {
        if self.now.is_empty() {
            self.now = std::mem::take(&mut self.then);
        }
        self.then = block;
    }
}

impl Numbers {
    /// Reserves the first block, and further ones in the background until this is dropped. When
    /// the first cannot be reserved, it is tried again there.
    ///
    /// Numbers begin at the time in milliseconds: beyond those of earlier versions, which counted
    /// from zero at each start, and of a registry that was set back to a backup.
    pub(crate) async fn start(store: Store) -> Arc<Self> {
        let (low, asked) = mpsc::channel(1);
        let numbers = Arc::new(Self { blocks: Mutex::default(), low });
        if !reserve(&numbers, &store).await {
            numbers.ask();
        }
        tokio::spawn(refill(asked, Arc::downgrade(&numbers), store));
        numbers
    }

    /// The next number; `None` while none is reserved.
    pub(super) fn draw(&self) -> Option<ConnectionNumber> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = blocks.draw();
        if blocks.left() <= LOW {
            self.ask();
        }
        drawn.map(ConnectionNumber)
    }

    fn ask(&self) {
        // When it is full, it was asked already.
        let _ = self.low.try_send(());
    }
}

/// Reserves a block, unless there is enough. Returns whether it did not fail.
async fn reserve(numbers: &Numbers, store: &Store) -> bool {
    let left = numbers.blocks.lock().unwrap_or_else(PoisonError::into_inner).left();
    if left > LOW {
        return true;
    }
    let now = u64::try_from(clock::now().0).unwrap_or_default();
    match store.reserve_connection_numbers(BLOCK, now).await {
        Ok(first) => {
            let block = first..first + u64::from(BLOCK);
            numbers.blocks.lock().unwrap_or_else(PoisonError::into_inner).add(block);
            true
        }
        Err(error) => {
            tracing::error!(%error, left, "numbers of connections cannot be reserved");
            false
        }
    }
}

async fn refill(mut asked: mpsc::Receiver<()>, numbers: Weak<Numbers>, store: Store) {
    while asked.recv().await.is_some() {
        while let Some(numbers) = numbers.upgrade() {
            if reserve(&numbers, &store).await {
                break;
            }
            drop(numbers);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_given_out_once_in_order_and_nothing_beyond() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.draw(), None);
        blocks.add(5..7);
        assert_eq!((blocks.draw(), blocks.left()), (Some(5), 1));
        blocks.add(20..21);
        assert_eq!([(); 3].map(|()| blocks.draw()), [Some(6), Some(20), None]);
        blocks.add(30..31);
        assert_eq!([(); 2].map(|()| blocks.draw()), [Some(30), None]);
    }
}
