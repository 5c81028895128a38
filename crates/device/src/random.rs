//! Randomness for client ids and jitter.

use std::fmt::Write;

use aws_lc_rs::rand;

/// Random bytes; all zero only if the system's generator fails, which leaves jitter and client
/// ids less well spread and nothing less secret: keys are made elsewhere.
fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        tracing::warn!("the system's random generator failed");
    }
    bytes
}

/// A number over the whole range.
pub(crate) fn number() -> u64 {
    u64::from_le_bytes(bytes())
}

/// `prefix-` and 16 hexadecimal digits: unique enough that two devices never share a client id.
pub(crate) fn client_id(prefix: &str) -> String {
    bytes::<8>().iter().fold(format!("{prefix}-"), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}
