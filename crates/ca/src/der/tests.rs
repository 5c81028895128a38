use super::*;

#[test]
fn utc_time_is_written_for_1950_to_2049() {
    let at = |seconds| utc_time(seconds).map(|text| String::from_utf8(text.to_vec()).unwrap());
    assert_eq!(at(0).as_deref(), Some("700101000000Z"));
    assert_eq!(at(951_782_400).as_deref(), Some("000229000000Z"));
    assert_eq!(at(1_541_022_631).as_deref(), Some("181031215031Z"));
    assert_eq!(at(1_709_164_799).as_deref(), Some("240228235959Z"));
    assert_eq!(at(2_524_607_999).as_deref(), Some("491231235959Z"));
    assert_eq!(at(2_524_608_000), None);
    assert_eq!(at(-631_152_000).as_deref(), Some("500101000000Z"));
    assert_eq!(at(-631_152_001), None);
    assert_eq!(at(i64::from(i32::MIN) * 1000), None);
}

#[test]
fn lengths_are_written_in_the_shortest_form() {
    for (length, head) in [
        (0, &[0x04, 0x00][..]),
        (127, &[0x04, 0x7f]),
        (128, &[0x04, 0x81, 0x80]),
        (255, &[0x04, 0x81, 0xff]),
        (256, &[0x04, 0x82, 0x01, 0x00]),
        (65_535, &[0x04, 0x82, 0xff, 0xff]),
        (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
    ] {
        let written = encoded(OCTET_STRING, &vec![0; length]);
        assert_eq!(&written[..head.len()], head);
        assert_eq!(written.len(), head.len() + length);
    }
}

#[test]
fn numbers_are_positive_and_short() {
    let number = |bytes: &[u8]| {
        let mut out = Vec::new();
        unsigned(&mut out, bytes);
        out
    };
    assert_eq!(number(&[0, 0, 1]), [2, 1, 1]);
    assert_eq!(number(&[0x80]), [2, 2, 0, 0x80]);
    assert_eq!(number(&[0, 0]), [2, 1, 0]);
    assert_eq!(number(&[]), [2, 1, 0]);
}

#[test]
fn lengths_are_written_in_the_fewest_octets() {
    let long = encoded(OCTET_STRING, &[7; 300]);
    let nested = encoded_by(SEQUENCE, |out| {
        out.extend_from_slice(&long);
        unsigned(out, &[1]);
    });
    assert!(has_shortest_lengths(&nested) && has_shortest_lengths(&[]));
    for bad in [
        // Longer than need be, at the top and inside.
        vec![0x30, 0x81, 0],
        vec![0x30, 0x82, 0, 0x80],
        vec![0x30, 4, 0x02, 0x81, 1, 7],
        [&[0x30, 0x83, 0][..], &nested[2..]].concat(),
        // Indefinite, cut off, and a tag of two octets.
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 3, 2, 1],
        nested[..nested.len() - 1].to_vec(),
        vec![0x1f, 0x85, 0],
    ] {
        assert!(!has_shortest_lengths(&bad), "{bad:x?}");
    }
    // Depth is bounded.
    let deep = (0..100).fold(Vec::new(), |inner, _| encoded(SEQUENCE, &inner));
    assert!(!has_shortest_lengths(&deep));
}
