use super::*;

const ATTACKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const MOMENT: Duration = Duration::from_millis(10);

/// Slots with a clock that is moved by hand.
struct Bench {
    state: State,
    bounds: Bounds,
    now: Instant,
}

fn bench(total: usize, per_address: usize) -> Bench {
    let bounds = Bounds { name: "test", total, per_address };
    Bench { state: State::default(), bounds, now: Instant::now() }
}

impl Bench {
    fn take(&mut self, address: IpAddr) -> Option<u64> {
        self.now += MOMENT;
        self.state.take(address, self.now, self.bounds).ok().map(|(number, _)| number)
    }

    fn has(&self, number: Option<u64>) -> bool {
        self.state.slots.contains_key(&number.unwrap())
    }
}

#[test]
fn a_newcomer_gets_the_slot_of_whom_has_said_nothing() {
    let mut bench = bench(3, 3);
    let silent = [(); 3].map(|()| bench.take(ATTACKER));
    assert_eq!(bench.take(DEVICE), None);
    bench.now += SILENT - 3 * MOMENT;
    let device = bench.take(DEVICE);
    assert!(bench.has(device));
    assert_eq!(silent.map(|number| bench.has(number)), [false, true, true]);
}

#[test]
fn one_that_finds_no_room_is_told_when_to_try_again() {
    let mut bench = bench(1, 1);
    bench.take(ATTACKER).unwrap();
    let since = bench.now;
    let until = bench.state.take(DEVICE, bench.now, bench.bounds).unwrap_err();
    assert_eq!(until, since + SILENT);
    assert!(bench.state.take(DEVICE, until, bench.bounds).is_ok());
}

#[test]
fn who_said_something_lately_is_given_more_time() {
    let mut bench = bench(1, 1);
    let shaking = bench.take(DEVICE);
    let waiting = bench.state.slots.get_mut(&shaking.unwrap()).unwrap();
    waiting.patience = SLOW;
    bench.now += SILENT * 2;
    assert_eq!(bench.take(ATTACKER), None);
    bench.now += SLOW;
    assert!(bench.take(ATTACKER).is_some() && !bench.has(shaking));
}

#[test]
fn the_address_with_the_most_slots_gives_first() {
    let mut bench = bench(4, 4);
    let device = bench.take(DEVICE);
    let attackers = [(); 3].map(|()| bench.take(ATTACKER));
    bench.now += SILENT;
    assert!(bench.take(ATTACKER).is_some());
    assert!(bench.has(device));
    assert_eq!(attackers.map(|number| bench.has(number)), [false, true, true]);
}

#[test]
fn an_address_over_its_share_gives_its_own_while_others_have_room() {
    let mut bench = bench(10, 2);
    // While all of its own are young it is let in: there is room.
    let own = [(); 3].map(|()| bench.take(ATTACKER));
    assert!(own.iter().all(|number| bench.has(*number)));
    let device = bench.take(DEVICE);
    bench.now += SILENT;
    assert!(bench.take(ATTACKER).is_some());
    assert_eq!(own.map(|number| bench.has(number)), [false, true, true]);
    assert!(bench.has(device));
}

#[tokio::test]
async fn a_connection_at_work_has_no_slot_until_it_waits_again() {
    let slots = Slots::new(Bounds { name: "test", total: 1, per_address: 1 });
    let working = slots.take(DEVICE).await;
    assert!(working.waiting_for().is_some());
    working.pause();
    assert!(working.waiting_for().is_none());
    let other = slots.take(DEVICE).await;
    working.resume();
    assert_eq!(slots.lock().slots.len(), 2);
    drop((working, other));
    let left = slots.lock();
    assert_eq!((left.slots.len(), left.by_address.len()), (0, 0));
}

#[tokio::test]
async fn whose_slot_is_taken_is_told() {
    let slots = Slots::new(Bounds { name: "test", total: 1, per_address: 1 });
    let silent = slots.take(ATTACKER).await;
    let device = slots.take(DEVICE).await;
    silent.evicted().await;
    assert!(silent.waiting_for().is_none() && device.waiting_for().is_some());
}

#[test]
fn an_ipv6_network_is_one_peer_and_a_mapped_address_is_its_ipv4() {
    let peer = |text: &str| one_peer(text.parse().unwrap());
    assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
    assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
    assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
}
