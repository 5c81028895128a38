use proptest::prelude::*;

use super::*;

/// The examples of RFC 8949, appendix A, that have a JSON form, and some that have none.
#[test]
fn cbor_examples_read() {
    for (bytes, json) in [
        (&b"\x00"[..], "0"),
        (b"\x17", "23"),
        (b"\x18\x18", "24"),
        (b"\x19\x03\xe8", "1000"),
        (b"\x1a\x00\x0f\x42\x40", "1000000"),
        (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\x20", "-1"),
        (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616"),
        (b"\xf9\x3c\x00", "1.0"),
        (b"\xf9\x7b\xff", "65504.0"),
        (b"\xf9\x00\x01", "5.960464477539063e-8"),
        (b"\xf9\xc4\x00", "-4.0"),
        (b"\xfa\x47\xc3\x50\x00", "100000.0"),
        (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "1.1"),
        (b"\xf9\x7c\x00", "null"),
        (b"\xf4", "false"),
        (b"\xf5", "true"),
        (b"\xf6", "null"),
        (b"\xf7", "null"),
        (b"\xc1\x1a\x51\x4b\x67\xb0", "1363896240"),
        (b"\x62\xc3\xbc\x61", ""),
        (b"\x63\xe6\xb0\xb4", "\"水\""),
        (b"\x7f\x65strea\x64ming\xff", "\"streaming\""),
        (b"\x80", "[]"),
        (b"\x83\x01\x82\x02\x03\x82\x04\x05", "[1,[2,3],[4,5]]"),
        (b"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", "[1,[2,3],[4,5]]"),
        (b"\xa2\x61a\x01\x61b\x82\x02\x03", r#"{"a":1,"b":[2,3]}"#),
        (b"\xbf\x63Fun\xf5\x63Amt\x21\xff", r#"{"Fun":true,"Amt":-2}"#),
        (b"\x44\x01\x02\x03\x04", "null"),
        (b"\x5f\x42\x01\x02\x43\x03\x04\x05\xff", "null"),
    ] {
        match Tree::from_cbor(bytes) {
            Ok(tree) => assert_eq!(tree.to_json(), json, "{bytes:x?}"),
            Err(error) => assert_eq!(json, "", "{bytes:x?}: {error}"),
        }
    }
}

#[test]
fn cbor_that_is_not_well_formed_is_refused() {
    for bytes in [
        &b""[..],
        b"\x18",
        b"\x19\x00",
        b"\x1c",
        b"\x1f",
        b"\x3f",
        b"\xdf\x00",
        b"\x61",
        b"\x81",
        b"\x82\x00",
        b"\x9f\x00",
        b"\x9f\x00\xff\xff",
        b"\xa1\x61a",
        b"\xbf\x61a\xff",
        b"\xc0",
        b"\xff",
        b"\x81\xff",
        b"\x7f\x7f\x61a\xff\xff",
        b"\x7f\x00\xff",
        b"\x7f\x61\xc3\x61\xbc\xff",
        b"\x7b\x80\x00\x00\x00\x00\x00\x00\x00",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xf8\x00",
        b"\xfc",
    ] {
        assert!(Tree::from_cbor(bytes).is_err(), "{bytes:x?}");
    }
}

#[test]
fn json_keeps_order_and_numbers() {
    let text =
        r#"{"b":[1,-2,1.5,1e300,18446744073709551615],"a":{"x":null,"":[]},"c":"\u0001\"\\\n"}"#;
    let tree = Tree::from_json(text.as_bytes()).unwrap();
    let written = tree.to_json();
    assert_eq!(Tree::from_json(written.as_bytes()).unwrap(), tree);
    assert!(
        written.starts_with(r#"{"b":[1,-2,1.5,"#) && written.ends_with(r#""c":"\u0001\"\\\n"}"#)
    );
}

#[test]
fn json_errors_do_not_quote_values() {
    for text in [r#"{"token": secret}"#, r#"["secret"#, r#"{"a":"secret" "b"}"#] {
        let error = Tree::from_json(text.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(Tree::from_json(b"1e999").is_err());
    assert!(Tree::from_json(b"\"\\ud800\"").is_err());
}

proptest! {
    #[test]
    fn what_is_written_reads_back(text in any::<String>()) {
        let tree = Tree::List(vec![Tree::Text(text.clone())]);
        prop_assert_eq!(Tree::from_json(tree.to_json().as_bytes()), Ok(tree.clone()));
        let theirs = serde_json::to_string(&[text]).unwrap();
        prop_assert_eq!(Tree::from_json(theirs.as_bytes()), Ok(tree));
    }
}
