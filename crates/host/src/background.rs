//! Work in the background.

use std::time::Duration;

/// Repeats `work` for ever, with a pause in between; without one while it says that more is left.
pub async fn every<F>(pause: Duration, mut work: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    loop {
        if !work().await {
            tokio::time::sleep(pause).await;
        }
    }
}
