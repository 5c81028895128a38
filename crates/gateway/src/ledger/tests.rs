use std::sync::Arc;

use bytes::Bytes;
use fleetwright_mqtt::{Delivery, Qos};

use super::{Bound, Ledger};
use crate::mailbox::{Holding, Mailbox};

const MIB: usize = 1 << 20;
/// The bound of one connection.
const ONE: usize = 4 * MIB;
/// The bound of all.
const ALL: usize = 16 * MIB;

fn message(ledger: &Arc<Ledger>, bytes: usize, qos: Qos) -> Option<Delivery> {
    Some(delivery(ledger.share(vec![b'x'; bytes], 1)?, qos))
}

fn delivery(payload: Bytes, qos: Qos) -> Delivery {
    Delivery {
        token: 0,
        topic: "t".into(),
        payload,
        qos,
        retain: false,
        message_expiry: None,
        properties: None,
    }
}

fn leave(ledger: &Arc<Ledger>, mailbox: &Arc<Mailbox>, bytes: usize) -> bool {
    match message(ledger, bytes, Qos::AtLeastOnce) {
        Some(message) => mailbox.leave(message),
        None => {
            mailbox.hit(Bound::TotalMemory, 1);
            false
        }
    }
}

/// Messages that wait, taken.
fn taken(mailbox: &Mailbox) -> usize {
    std::iter::from_fn(|| mailbox.next(true)).count()
}

#[test]
fn a_connection_at_its_bound_loses_its_own_messages_and_no_others() {
    let ledger = Ledger::new(ONE, ALL);
    let (slow, reader) = (Mailbox::new(&ledger), Mailbox::new(&ledger));
    let (mut kept, mut read) = (0, 0);
    for _ in 0..100 {
        let payload = ledger.share(vec![b'x'; 128 * 1024], 1).unwrap();
        kept += usize::from(slow.leave(delivery(payload.clone(), Qos::AtLeastOnce)));
        assert!(reader.leave(delivery(payload, Qos::AtLeastOnce)));
        read += taken(&reader);
    }
    assert_eq!((kept, read), (31, 100), "31 messages of 128 KiB and a little fit into 4 MiB");
    assert_eq!(ledger.counted(Bound::ConnectionMemory), 69);
    assert_eq!(ledger.counted(Bound::TotalMemory), 0);
    assert_eq!(taken(&slow), 31, "the oldest are kept");
    assert_eq!(ledger.held(), 0);
}

#[test]
fn a_burst_of_eight_thousand_small_messages_fits() {
    let ledger = Ledger::new(ONE, ALL);
    let mailbox = Mailbox::new(&ledger);
    for number in 0..8_000 {
        assert!(leave(&ledger, &mailbox, 256), "{number}");
    }
    assert_eq!(taken(&mailbox), 8_000);
    assert_eq!(ledger.held(), 0);
}

#[test]
fn at_the_bound_of_all_those_who_hold_most_pay_and_a_reader_loses_nothing() {
    let ledger = Ledger::new(ONE, ALL);
    let slow: Vec<_> = (0..12).map(|_| Mailbox::new(&ledger)).collect();
    let reader = Mailbox::new(&ledger);
    for round in 0..1_000 {
        for mailbox in &slow {
            leave(&ledger, mailbox, 20_000);
        }
        assert!(leave(&ledger, &reader, 20_000), "{round}");
        assert_eq!(taken(&reader), 1, "{round}");
        assert!(ledger.held() <= ALL, "{round}: {}", ledger.held());
    }
    assert!(ledger.counted(Bound::TotalMemory) > 1_000);
    assert_eq!(ledger.counted(Bound::TotalMemoryEnds), 0, "what waits can be dropped");
    drop(slow);
    assert_eq!(ledger.held(), 0);
}

#[test]
fn what_many_receive_counts_once_in_all() {
    let ledger = Ledger::new(ONE, ALL);
    let many: Vec<_> = (0..1_000).map(|_| Mailbox::new(&ledger)).collect();
    let payload = ledger.share(vec![b'x'; MIB], 1).unwrap();
    for mailbox in &many {
        assert!(mailbox.leave(delivery(payload.clone(), Qos::AtMostOnce)));
    }
    drop(payload);
    assert_eq!(ledger.held(), MIB + 1 + 1_000 * Delivery::OVERHEAD);
    let (last, others) = many.split_last().unwrap();
    assert!(others.iter().all(|mailbox| taken(mailbox) == 1));
    assert_eq!(ledger.held(), MIB + 1 + Delivery::OVERHEAD);
    assert_eq!(taken(last), 1);
    assert_eq!(ledger.held(), 0);
}

#[test]
fn whoever_can_wait_waits_until_those_are_gone_who_are_to_end() {
    let ledger = Ledger::new(ONE, ALL);
    let heavy = Mailbox::new(&ledger);
    heavy.hold(Holding::default(), Holding { buffers: ALL, ..Holding::default() });
    assert!(!ledger.take_if_free(MIB), "what is held is held until its holder is gone");
    assert!(heavy.must_end());
    assert_eq!(ledger.held(), ALL);
    assert!(ledger.take(MIB), "whoever cannot wait is let in by the promise");
    ledger.give_back(MIB);
    drop(heavy);
    assert!(ledger.take_if_free(MIB));
    drop(ledger.keep(vec![b'x'; MIB], 1));
    assert_eq!(ledger.held(), MIB);
}

#[test]
fn memory_is_short_where_nobody_who_holds_much_can_make_room() {
    let ledger = Ledger::new(ONE, ALL);
    let heavy = Mailbox::new(&ledger);
    heavy.hold(Holding::default(), Holding { buffers: ALL - 1, ..Holding::default() });
    assert!(!ledger.is_short());
    assert!(heavy.must_end(), "the slow pay for whoever comes");
    drop(heavy);
    let light = Holding { buffers: 16_000, ..Holding::default() };
    let many: Vec<_> = (0..ALL / 16_000).map(|_| Mailbox::new(&ledger)).collect();
    many.iter().for_each(|mailbox| mailbox.hold(Holding::default(), light));
    assert!(ledger.is_short());
    assert!(many.iter().all(|mailbox| !mailbox.must_end()));
    assert_eq!(ledger.held(), ALL / 16_000 * 16_000, "nothing is taken by asking");
}

#[test]
fn half_sent_packets_end_those_who_hold_most_of_them() {
    let ledger = Ledger::new(ONE, ALL);
    let small = Mailbox::new(&ledger);
    small.hold(Holding::default(), Holding { buffers: 1_000, ..Holding::default() });
    let mut half_sent = Vec::new();
    for _ in 0..400 {
        let mailbox = Mailbox::new(&ledger);
        mailbox.hold(Holding::default(), Holding { buffers: 150_000, ..Holding::default() });
        half_sent.push(mailbox);
        // Those that are to end do so soon.
        half_sent.retain(|mailbox| !mailbox.must_end());
        assert!(ledger.held() <= ALL, "{}", ledger.held());
    }
    assert!(ledger.counted(Bound::TotalMemoryEnds) >= 400 - 112);
    assert!(!small.must_end());
    assert!(leave(&ledger, &small, 100_000), "there is room for who asks for little");
    drop((half_sent, small));
    assert_eq!(ledger.held(), 0);
}

#[test]
fn who_is_told_to_end_counts_as_gone() {
    let ledger = Ledger::new(ONE, ALL);
    let big: Vec<_> = (0..4)
        .map(|_| {
            let mailbox = Mailbox::new(&ledger);
            mailbox.hold(Holding::default(), Holding { buffers: 4 * MIB, ..Holding::default() });
            mailbox
        })
        .collect();
    let reader = Mailbox::new(&ledger);
    // None has ended yet, and one end is enough.
    for _ in 0..10 {
        assert!(leave(&ledger, &reader, 100_000));
    }
    assert_eq!(big.iter().filter(|mailbox| mailbox.must_end()).count(), 1);
    drop((big, reader));
    assert_eq!(ledger.held(), 0);
}

#[test]
fn wills_and_subscriptions_leave_room_for_messages() {
    let ledger = Ledger::new(ONE, ALL);
    let mut connected = Vec::new();
    while let mailbox = Mailbox::new(&ledger)
        && mailbox.reserve(130_000)
    {
        connected.push(mailbox);
    }
    assert_eq!(connected.len(), ALL * 3 / 4 / 130_000);
    assert_eq!(ledger.counted(Bound::TotalMemoryRefusals), 1, "once");
    assert!(connected.iter().all(|mailbox| !mailbox.must_end()), "nobody ends for another's will");
    let reader = Mailbox::new(&ledger);
    assert!(leave(&ledger, &reader, MIB));
    assert!(!Mailbox::new(&ledger).reserve(130_000));
    assert!(Mailbox::new(&ledger).reserve(0), "who has no will has no need of room");
    let [first, ..] = &connected[..] else { panic!("nobody") };
    first.release(130_000);
    assert!(Mailbox::new(&ledger).reserve(130_000));
    first.reserve(130_000);
    drop((connected, reader));
    assert_eq!(ledger.held(), 0);
}

#[test]
fn what_the_connection_itself_holds_counts_for_its_bound() {
    let ledger = Ledger::new(ONE, ALL);
    let mailbox = Mailbox::new(&ledger);
    let holding = Holding { buffers: MIB, messages: 2 * MIB, in_flight: 3 };
    mailbox.hold(Holding::default(), holding);
    assert!(mailbox.reserve(MIB / 2));
    assert!(!leave(&ledger, &mailbox, 600_000));
    assert!(leave(&ledger, &mailbox, 400_000));
    assert_eq!(mailbox.load(), 4);
    mailbox.hold(holding, Holding::default());
    assert!(leave(&ledger, &mailbox, 600_000));
    drop(mailbox);
    assert_eq!(ledger.held(), 0);
}

#[test]
fn a_full_window_holds_up_no_message_of_qos_0() {
    let ledger = Ledger::new(ONE, ALL);
    let mailbox = Mailbox::new(&ledger);
    for (bytes, qos) in
        [(1, Qos::AtLeastOnce), (2, Qos::AtMostOnce), (3, Qos::AtLeastOnce), (4, Qos::AtMostOnce)]
    {
        assert!(mailbox.leave(message(&ledger, bytes, qos).unwrap()));
    }
    let next = |window| mailbox.next(window).map(|message| message.payload.len());
    assert_eq!(next(true), Some(1), "in order while there is room");
    assert_eq!(next(true), Some(2));
    assert_eq!(next(false), Some(4));
    assert_eq!(next(false), None);
    assert!(mailbox.has_messages());
    assert_eq!(next(true), Some(3));
    assert!(!mailbox.has_messages());
}

#[test]
fn what_expired_in_the_queue_is_left_out() {
    let ledger = Ledger::new(ONE, ALL);
    let mailbox = Mailbox::new(&ledger);
    for expiry in [Some(0), Some(60), None] {
        let message = message(&ledger, 1, Qos::AtLeastOnce).unwrap();
        assert!(mailbox.leave(Delivery { message_expiry: expiry, ..message }));
    }
    assert_eq!(taken(&mailbox), 2);
    assert_eq!(ledger.held(), 0);
}
