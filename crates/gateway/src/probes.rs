//! Peers without a certificate: a probe comes every few seconds for years, and one line an hour tells
//! of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long an address is not logged again. (ours)
const QUIET: Duration = Duration::from_secs(60 * 60);
/// Addresses that are remembered; of further ones every handshake is logged. (ours)
const ADDRESSES: usize = 1024;

/// What was logged, and what was not.
#[derive(Default)]
pub(crate) struct Probes {
    seen: Mutex<HashMap<IpAddr, (Instant, u64)>>,
}

impl Probes {
    /// Whether a handshake of this address is logged: then how many were not, since the last that was.
    pub(crate) fn tell(&self, address: IpAddr, now: Instant) -> Option<u64> {
        let mut seen = self.seen.lock();
        if let Some((told, untold)) = seen.get_mut(&address) {
            if now.saturating_duration_since(*told) < QUIET {
                *untold += 1;
                return None;
            }
            let before = std::mem::take(untold);
            *told = now;
            return Some(before);
        }
        if seen.len() >= ADDRESSES {
            seen.retain(|_, (told, _)| now.saturating_duration_since(*told) < QUIET);
        }
        if seen.len() < ADDRESSES {
            seen.insert(address, (now, 0));
        }
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_is_told_once_an_hour() {
        let (probes, begin) = (Probes::default(), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!(probes.tell(one, begin), Some(0));
        assert_eq!(probes.tell(one, begin + QUIET / 2), None);
        assert_eq!(probes.tell(other, begin + QUIET / 2), Some(0));
        assert_eq!(probes.tell(one, begin + QUIET), Some(1));
        assert_eq!(probes.tell(one, begin + QUIET * 2), Some(0));
    }

    #[test]
    fn addresses_beyond_the_bound_are_told_each_time() {
        let (probes, now) = (Probes::default(), Instant::now());
        let address = |number| IpAddr::from(Ipv4Addr::from_bits(number));
        let count = u32::try_from(ADDRESSES).unwrap();
        assert!((0..count).all(|number| probes.tell(address(number), now) == Some(0)));
        assert_eq!(probes.tell(address(count), now), Some(0));
        assert_eq!(probes.tell(address(count), now), Some(0));
        let later = now + QUIET;
        assert_eq!(probes.tell(address(count), later), Some(0));
        assert_eq!(probes.tell(address(count), later), None);
    }
}
