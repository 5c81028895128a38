//! A trail of two chains, tampered with in every way.

use super::*;

const STARTED: Timestamp = Timestamp(1_700_000_000_000);

#[derive(Clone)]
struct Trail {
    chains: Vec<Chain>,
    entries: Vec<Entry>,
}

fn record(n: i64) -> Record {
    Record {
        at: Timestamp(STARTED.0 + n),
        principal: "arn:aws:iam::123456789012:user/admin".to_owned(),
        client_id: None,
        operation: "CreateThing".to_owned(),
        resource: Some(format!("thing-{n}")),
        parameters: "attributePayload".to_owned(),
        source: Some("127.0.0.1".to_owned()),
        outcome: "Accepted".to_owned(),
        code: None,
        reason: Some("\"quoted\"\n\u{1}\u{7f}é".to_owned()),
        request_id: format!("request-{n}"),
    }
}

/// Three records without a chain, six in the first, four in the second.
fn trail() -> Trail {
    let mut trail = Trail { chains: Vec::new(), entries: Vec::new() };
    for n in 1..=3 {
        trail.entries.push(Entry { row: n, place: None, record: record(n) });
    }
    for (chain, count) in [(1, 6), (2, 4)] {
        let follows = head(&trail);
        let start = ChainStart { chain, started: STARTED, unchained: 3, follows };
        trail.chains.push(Chain { start, removed: None });
        for n in 0..count {
            let row = 4 + 6 * (chain - 1) + n;
            trail.entries.push(Entry { row, place: None, record: record(row) });
            trail.seal(trail.entries.len() - 1, chain, n + 1);
        }
    }
    trail
}

fn head(trail: &Trail) -> Option<Head> {
    let (chain, position, hash) = trail.entries.last()?.place?;
    Some(Head { chain, position, hash })
}

impl Trail {
    /// Gives a record its place and its right hash.
    fn seal(&mut self, index: usize, chain: i64, position: i64) {
        let start = self.chains.iter().find(|it| it.start.chain == chain).unwrap().start.hash();
        let before = self.entries[..index].last().and_then(|entry| entry.place);
        let previous = match before {
            Some((of, _, hash)) if of == chain => hash,
            _ => start,
        };
        let hash = link(&previous, chain, position, &self.entries[index].record);
        self.entries[index].place = Some((chain, position, hash));
    }

    /// Computes a chain anew from a record on.
    fn seal_from(&mut self, index: usize) {
        let (chain, mut position, _) = self.entries[index].place.unwrap();
        for at in index..self.entries.len() {
            if self.entries[at].place.is_some_and(|place| place.0 == chain) {
                self.seal(at, chain, position);
                position += 1;
            }
        }
    }

    fn at(&mut self, chain: i64, position: i64) -> usize {
        let is = |entry: &Entry| entry.place.is_some_and(|it| (it.0, it.1) == (chain, position));
        self.entries.iter().position(is).unwrap()
    }

    fn checkpoint(&self) -> Checkpoint {
        let chains = self.verify(Vec::new()).chains;
        Checkpoint { at: STARTED, chains }
    }

    fn verify(&self, checkpoints: Vec<(String, Checkpoint)>) -> Report {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|entry| (entry.place.map(|place| (place.0, place.1)), entry.row));
        let mut verifier = Verifier::new(&self.chains, checkpoints);
        entries.iter().for_each(|entry| verifier.take(entry));
        verifier.finish()
    }
}

fn kinds(report: &Report) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = report.findings.iter().map(|finding| finding.kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn an_intact_trail_verifies() {
    let trail = trail();
    let report = trail.verify(vec![("kept".to_owned(), trail.checkpoint())]);
    assert_eq!((report.records, report.before_the_chain_began, report.found), (10, 3, 0));
    assert_eq!(report.chains.iter().map(|head| head.position).collect::<Vec<_>>(), [6, 4]);
}

#[test]
fn the_canonical_form_is_as_documented() {
    let start = ChainStart { chain: 1, started: STARTED, unchained: 3, follows: None };
    let form = r#"["fleetwright-audit-chain",1,1700000000000,3,null]"#;
    assert_eq!(start.hash(), Digest::of(form.as_bytes()));
    let form = format!(
        "[\"fleetwright-audit-record\",\"{}\",1,1,1700000000001,\"arn:aws:iam::123456789012:user/\
         admin\",null,\"CreateThing\",\"thing-1\",\"attributePayload\",\"127.0.0.1\",\"Accepted\",\
         null,\"\\\"quoted\\\"\\n\\u0001\u{7f}é\",\"request-1\"]",
        start.hash()
    );
    assert_eq!(link(&start.hash(), 1, 1, &record(1)), Digest::of(form.as_bytes()));
    assert_eq!(Digest::parse(&start.hash().to_string()), Some(start.hash()));
    assert_eq!(serde_json::to_value(start.hash()).unwrap(), start.hash().to_string());
}

/// A way to tamper, whether it takes a checkpoint that was kept elsewhere to find, and as what.
type Case = (&'static str, fn(&mut Trail), bool, &'static [Kind]);

const CASES: &[Case] = &[
    ("a record's content", |it| it.entries[5].record.resource = None, false, &[Kind::Altered]),
    ("a record's time", |it| it.entries[5].record.at.0 += 1, false, &[Kind::Altered]),
    (
        "content and hash of one record",
        |it| {
            it.entries[5].record.outcome = "Denied".to_owned();
            it.seal(5, 1, 3);
        },
        false,
        &[Kind::Altered],
    ),
    (
        "one in the middle removed",
        |it| {
            let at = it.at(1, 3);
            it.entries.remove(at);
        },
        false,
        &[Kind::Removed],
    ),
    (
        "the first removed",
        |it| {
            let at = it.at(1, 1);
            it.entries.remove(at);
        },
        false,
        &[Kind::Removed],
    ),
    (
        "the end of a chain that another follows",
        |it| {
            let at = it.at(1, 6);
            it.entries.remove(at);
        },
        false,
        &[Kind::Removed],
    ),
    ("the end of the last chain", |it| it.entries.truncate(11), true, &[Kind::Removed]),
    (
        "the last chain altogether",
        |it| {
            it.entries.truncate(9);
            it.chains.truncate(1);
        },
        true,
        &[Kind::Removed],
    ),
    ("rows of two records exchanged", |it| swap_rows(it, 5, 6), false, &[Kind::Reordered]),
    (
        "contents of two records exchanged",
        |it| {
            let first = it.entries[5].record.clone();
            it.entries[5].record = std::mem::replace(&mut it.entries[6].record, first);
        },
        false,
        &[Kind::Altered],
    ),
    (
        "a copy of a record put in",
        |it| {
            let entry = Entry { row: 99, ..it.entries[5].clone() };
            it.entries.push(entry);
        },
        false,
        &[Kind::Inserted],
    ),
    (
        "a record without a chain put in",
        |it| it.entries.push(Entry { row: 99, place: None, record: record(99) }),
        false,
        &[Kind::Inserted],
    ),
    (
        "a record of a chain that is not there",
        |it| {
            let place = Some((7, 1, Digest([0; 32])));
            it.entries.push(Entry { row: 99, place, record: record(99) });
        },
        false,
        &[Kind::Inserted],
    ),
    (
        "a record put behind a chain's end",
        |it| {
            let entry = Entry { row: 99, place: None, record: record(99) };
            let at = it.at(1, 6) + 1;
            it.entries.insert(at, entry);
            it.seal(at, 1, 7);
        },
        false,
        &[Kind::Inserted],
    ),
    (
        "an older chain computed anew",
        |it| {
            it.entries[5].record.principal = "somebody else".to_owned();
            it.seal_from(5);
        },
        false,
        &[Kind::Rewritten],
    ),
    (
        "the last chain computed anew",
        |it| {
            it.entries[10].record.principal = "somebody else".to_owned();
            it.seal_from(10);
        },
        true,
        &[Kind::Rewritten],
    ),
    (
        "a record removed and the last chain computed anew",
        |it| {
            it.entries.remove(10);
            for at in 10..it.entries.len() {
                let (chain, position, _) = it.entries[at].place.unwrap();
                it.seal(at, chain, position - 1);
            }
        },
        true,
        &[Kind::Removed],
    ),
    (
        "the beginning removed as if by retention",
        |it| {
            let at = it.at(1, 2);
            let place = it.entries[at].place.unwrap();
            it.entries.drain(3..=at);
            it.chains[0].removed = Some((place.1, place.2));
        },
        false,
        &[Kind::Removed],
    ),
    ("a chain's start", |it| it.chains[0].start.started.0 += 1, false, &[Kind::Altered]),
    (
        "what a chain follows forgotten",
        |it| it.chains[1].start.follows = None,
        false,
        &[Kind::Altered, Kind::Rewritten],
    ),
];

fn swap_rows(trail: &mut Trail, one: usize, other: usize) {
    let row = trail.entries[one].row;
    trail.entries[one].row = trail.entries[other].row;
    trail.entries[other].row = row;
}

#[test]
fn every_kind_of_tampering_is_found() {
    for (name, tamper, needs_checkpoint, expected) in CASES {
        let mut tampered = trail();
        let kept = vec![("kept".to_owned(), tampered.checkpoint())];
        tamper(&mut tampered);
        let alone = tampered.verify(Vec::new());
        let held_against = tampered.verify(kept);
        if *needs_checkpoint {
            assert_eq!(alone.found, 0, "{name}: {:?}", alone.findings);
            assert_eq!(kinds(&held_against), *expected, "{name}: {:?}", held_against.findings);
        } else {
            assert_eq!(kinds(&alone), *expected, "{name}: {:?}", alone.findings);
            assert!(held_against.found >= alone.found, "{name}");
        }
    }
}

/// Retention removes records of before, and two of the first chain; its record says so.
fn after_retention() -> Trail {
    let mut kept = trail();
    let (chain, position, hash) = kept.entries[4].place.unwrap();
    kept.entries.drain(..=4);
    kept.chains[0].removed = Some((position, hash));
    let resource = Some(retention_resource(&Head { chain, position, hash }));
    let told = Record { operation: RETENTION.to_owned(), resource, ..record(14) };
    kept.entries.push(Entry { row: 14, place: None, record: told });
    kept.seal(kept.entries.len() - 1, 2, 5);
    kept
}

#[test]
fn what_retention_leaves_verifies_also_against_what_was_known_before() {
    let before = trail().checkpoint();
    let kept = after_retention();
    let report = kept.verify(vec![("before".to_owned(), before)]);
    assert_eq!((report.records, report.found), (9, 0), "{:?}", report.findings);
    // A checkpoint in what was removed has nothing left to compare.
    let early = Head { chain: 1, position: 1, hash: Digest([9; 32]) };
    let early = Checkpoint { at: STARTED, chains: vec![early] };
    let report = kept.verify(vec![("early".to_owned(), early)]);
    assert_eq!((report.found, report.passed_by_retention), (0, 1));
}

#[test]
fn retention_that_says_otherwise_is_found() {
    let mut kept = after_retention();
    let at = kept.at(1, 3);
    let place = kept.entries[at].place.unwrap();
    kept.entries.remove(at);
    kept.chains[0].removed = Some((place.1, place.2));
    assert_eq!(kinds(&kept.verify(Vec::new())), [Kind::Removed]);
}

#[test]
fn a_chain_of_which_nothing_is_left_verifies() {
    let mut kept = after_retention();
    // All of the first chain goes, and with it the record that told of its beginning stays.
    let (_, position, hash) = kept.entries[3].place.unwrap();
    kept.entries.drain(..=3);
    kept.chains[0].removed = Some((position, hash));
    let head = Head { chain: 1, position, hash };
    let told = Record {
        operation: RETENTION.to_owned(),
        resource: Some(retention_resource(&head)),
        ..record(15)
    };
    kept.entries.push(Entry { row: 15, place: None, record: told });
    kept.seal(kept.entries.len() - 1, 2, 6);
    let report = kept.verify(Vec::new());
    assert_eq!(report.found, 0, "{:?}", report.findings);
    assert_eq!(report.chains.len(), 1);
}

#[test]
fn statements_are_read_as_they_are_written() {
    let checkpoint = trail().checkpoint();
    assert_eq!(Checkpoint::parse(&checkpoint.statement()), Ok(checkpoint));
    assert!(Checkpoint::parse(r#"{"format":"another","at":1,"chains":[]}"#).is_err());
}
