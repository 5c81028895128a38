//! Numbers of connections: each is given out once for ever, and later ones are larger, over
//! restarts, crashes and clocks that are set back. The registry reserves them in blocks.

use std::sync::{Arc, Weak};
use std::time::Duration;

use fleetwright_host::clock;
use fleetwright_store::Store;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use super::directory::ConnectionNumber;

/// Numbers reserved at a time; what is left of them when the server ends is skipped. (ours)
const BLOCK: u32 = 1_000_000;
/// The next block is reserved when no more than this many are left. (ours)
const LOW: u64 = BLOCK as u64 / 2;
/// Pause after a reservation that failed, for instance on a full disk. (ours)
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait of a CONNECT for a number: a reservation is tried meanwhile. (ours)
const PATIENCE: Duration = Duration::from_secs(3);

/// Gives out what is reserved, and nothing else.
#[derive(Debug)]
pub struct Numbers {
    blocks: Mutex<Blocks>,
    low: mpsc::Sender<()>,
    /// A block was reserved.
    reserved: Notify,
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
    pub async fn start(store: Store) -> Arc<Self> {
        let (low, asked) = mpsc::channel(1);
        let (blocks, reserved) = (Mutex::default(), Notify::new());
        let numbers = Arc::new(Self { blocks, low, reserved });
        if !reserve(&numbers, &store).await {
            numbers.ask();
        }
        tokio::spawn(refill(asked, Arc::downgrade(&numbers), store));
        numbers
    }

    /// The next number; `None` while none is reserved.
    pub(super) fn draw(&self) -> Option<ConnectionNumber> {
        let mut blocks = self.blocks.lock();
        let drawn = blocks.draw();
        if blocks.left() <= LOW {
            self.ask();
        }
        drawn.map(ConnectionNumber)
    }

    /// Waits while there is none to draw, [`PATIENCE`] at most: on a disk that was full a moment
    /// ago a CONNECT comes late rather than not at all.
    pub(super) async fn available(&self) {
        let mut reserved = std::pin::pin!(self.reserved.notified());
        reserved.as_mut().enable();
        if self.left() == 0 {
            self.ask();
            let _ = tokio::time::timeout(PATIENCE, reserved).await;
        }
    }

    fn left(&self) -> u64 {
        self.blocks.lock().left()
    }

    fn ask(&self) {
        // When it is full, it was asked already.
        let _ = self.low.try_send(());
    }
}

/// Reserves a block, unless there is enough. Returns whether it did not fail.
async fn reserve(numbers: &Numbers, store: &Store) -> bool {
    let left = numbers.left();
    if left > LOW {
        return true;
    }
    let now = u64::try_from(clock::now().0).unwrap_or_default();
    match store.reserve_connection_numbers(BLOCK, now).await {
        Ok(first) => {
            let block = first..first + u64::from(BLOCK);
            numbers.blocks.lock().add(block);
            numbers.reserved.notify_waiters();
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
    use fleetwright_core::arn::AccountScope;
    use fleetwright_core::names::{AccountId, Region};

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

    #[tokio::test]
    async fn the_next_block_is_reserved_in_the_background_before_the_last_is_used_up() {
        let dir = tempfile::tempdir().unwrap();
        let url = dir.path().join("db").to_string_lossy().into_owned();
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let store = Store::open(&url, scope, Arc::new(|_: &_| {})).unwrap();
        let numbers = Numbers::start(store).await;
        let first = numbers.draw().unwrap().0;
        while numbers.left() > LOW {
            numbers.draw().unwrap();
        }
        let refilled = async {
            while numbers.left() <= LOW {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), refilled).await.unwrap();
        assert_eq!(numbers.left(), LOW + u64::from(BLOCK));
        // The block that was begun comes first.
        assert_eq!(numbers.draw().unwrap().0, first + u64::from(BLOCK) - LOW);
    }

    #[tokio::test]
    async fn who_finds_none_has_one_as_soon_as_it_is_reserved() {
        let (low, _asked) = mpsc::channel(1);
        let (blocks, reserved) = (Mutex::default(), Notify::new());
        let numbers = Arc::new(Numbers { blocks, low, reserved });
        let waiting = Arc::clone(&numbers);
        let waiting = tokio::spawn(async move {
            waiting.available().await;
            waiting.draw()
        });
        tokio::task::yield_now().await;
        numbers.blocks.lock().add(7..8);
        numbers.reserved.notify_waiters();
        assert_eq!(waiting.await.unwrap().unwrap().0, 7);
    }
}
