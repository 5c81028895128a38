use std::collections::BTreeMap;

use ciborium::Value as Cbor;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

const FORMATS: [Format; 2] = [Format::Json, Format::Cbor];

/// The same value in both encodings, CBOR by an encoder that is not ours.
fn both(value: &Json) -> [(Vec<u8>, Format); 2] {
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).unwrap();
    [(value.to_string().into_bytes(), Format::Json), (cbor, Format::Cbor)]
}

/// An answer as a decoder that is not ours reads it.
fn read(bytes: &[u8], format: Format) -> Json {
    match format {
        Format::Json => serde_json::from_slice(bytes).unwrap(),
        Format::Cbor => {
            let value: Cbor = ciborium::from_reader(bytes).unwrap();
            value.deserialized().unwrap()
        }
    }
}

#[test]
fn v01_create_keys_takes_empty_braces_and_unknown_keys() {
    assert_eq!(decode_create_keys(b"", Format::Json), Ok(()));
    assert_eq!(decode_create_keys(b" {} \n", Format::Json), Ok(()));
    for value in [json!({}), json!({"x": 1}), json!({"test_data": {"a": [1.5, null, true]}})] {
        for (bytes, format) in both(&value) {
            assert_eq!(decode_create_keys(&bytes, format), Ok(()), "{value} {format:?}");
        }
    }
}

#[test]
fn v11_create_keys_on_cbor() {
    for bytes in [&b""[..], b"\xa0", b"\xbf\xff", b"\xa1\x61x\x01", b"\xd9\xd9\xf7\xa0"] {
        assert_eq!(decode_create_keys(bytes, Format::Cbor), Ok(()), "{bytes:x?}");
    }
}

#[test]
fn garbage_is_an_invalid_request() {
    for (bytes, format) in [
        (&b"{"[..], Format::Json),
        (b"hello", Format::Json),
        (b"[]", Format::Json),
        (b"\"{}\"", Format::Json),
        (b"null", Format::Json),
        (b"{} {}", Format::Json),
        (b"{\"a\":1,\"a\":2}", Format::Json),
        (b"{\"a\":\"\xff\"}", Format::Json),
        (b"\xff\xfe{\x00}\x00", Format::Json),
        (b"{}", Format::Cbor),
        (b"\x80", Format::Cbor),
        (b"\xf6", Format::Cbor),
        (b"\xa0\x00", Format::Cbor),
        (b"\xff", Format::Cbor),
        (b"\xbf", Format::Cbor),
        (b"\xa1\x61a", Format::Cbor),
        (b"\xa1\x01\x01", Format::Cbor),
        (b"\xa1\x41a\x01", Format::Cbor),
        (b"\xa2\x61a\x01\x61a\x02", Format::Cbor),
        (b"\xa1\x61\xff\x01", Format::Cbor),
        (b"\xa1\x61a\x7f\x41a\xff", Format::Cbor),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", Format::Cbor),
        (b"\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff", Format::Cbor),
        (b"\xa1\x61a\x1c", Format::Cbor),
        (b"\xa1\x61a\xf8\x10", Format::Cbor),
    ] {
        let refusal = decode_create_keys(bytes, format).expect_err(&format!("{bytes:x?}"));
        assert_eq!(refusal.code, ErrorCode::InvalidRequest, "{bytes:x?}");
        assert_eq!(decode_create_from_csr(bytes, format).unwrap_err().code, refusal.code);
        assert_eq!(decode_register_thing(bytes, format).unwrap_err(), refusal);
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let large = vec![b' '; limits::PAYLOAD_BYTES + 1];
    for format in FORMATS {
        let refusal = decode_register_thing(&large, format).unwrap_err();
        assert!(refusal.message.contains("at most 131072 bytes"), "{refusal}");
    }
    let json = |levels: usize| {
        format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
    };
    let cbor = |levels: usize| [b"\xa1\x61a".to_vec(), vec![0x81; levels], vec![0x01]].concat();
    assert_eq!(decode_create_keys(&json(31), Format::Json), Ok(()));
    assert_eq!(decode_create_keys(&cbor(31), Format::Cbor), Ok(()));
    for levels in [32, 1000, 60_000] {
        for (bytes, format) in [(json(levels), Format::Json), (cbor(levels), Format::Cbor)] {
            let refusal = decode_create_keys(&bytes, format).unwrap_err();
            assert!(refusal.message.contains("nested deeper than 32"), "{refusal}");
        }
    }
    let tags = [vec![0xc1; 100_000], vec![0xa0]].concat();
    assert_eq!(decode_create_keys(&tags, Format::Cbor), Ok(()));
}

#[test]
fn v04_csr_is_read() {
    for (bytes, format) in both(&json!({"certificateSigningRequest": "PEM", "x": 1})) {
        let csr = "PEM".to_owned();
        assert_eq!(decode_create_from_csr(&bytes, format), Ok(CreateFromCsr { csr }));
    }
}

#[test]
fn csr_missing_empty_long_or_of_another_type_is_rejected() {
    let longest = "x".repeat(limits::CSR_CHARS);
    assert!(
        decode_create_from_csr(
            json!({"certificateSigningRequest": longest}).to_string().as_bytes(),
            Format::Json
        )
        .is_ok()
    );
    for (value, message) in [
        (json!({}), "certificateSigningRequest is missing"),
        (json!({"certificateSigningRequest": null}), "certificateSigningRequest is missing"),
        (json!({"certificateSigningRequest": ""}), "certificateSigningRequest is missing"),
        (json!({"certificatesigningrequest": "x"}), "certificateSigningRequest is missing"),
        (json!({"certificateSigningRequest": 1}), "PEM text, not a number"),
        (json!({"certificateSigningRequest": ["x"]}), "PEM text, not an array"),
        (json!({"certificateSigningRequest": format!("{longest}x")}), "at most 4096 characters"),
    ] {
        for (bytes, format) in both(&value) {
            let refusal = decode_create_from_csr(&bytes, format).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::InvalidRequest);
            assert!(refusal.message.contains(message), "{refusal}");
        }
    }
    let refusal =
        decode_create_from_csr(b"\xa1\x78\x19certificateSigningRequest\x41x", Format::Cbor);
    assert!(refusal.unwrap_err().message.contains("not a byte string"));
}

#[test]
fn register_thing_is_read() {
    let value = json!({
        "certificateOwnershipToken": "tok",
        "parameters": {"SerialNumber": "1", "Ort": "Köln"},
        "more": [1]
    });
    for (bytes, format) in both(&value) {
        let asked = decode_register_thing(&bytes, format).unwrap();
        assert_eq!(asked.token.as_str(), "tok");
        let expected = [("Ort", "Köln"), ("SerialNumber", "1")];
        assert!(asked.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(expected));
    }
    for value in [
        json!({"certificateOwnershipToken": "tok"}),
        json!({"certificateOwnershipToken": "tok", "parameters": null}),
        json!({"certificateOwnershipToken": "tok", "parameters": {}}),
    ] {
        for (bytes, format) in both(&value) {
            assert!(decode_register_thing(&bytes, format).unwrap().parameters.is_empty());
        }
    }
}

#[test]
fn indefinite_lengths_read_as_definite_ones() {
    let bytes = [
        &b"\xbf\x7f\x6dcertificateOw\x6cnershipToken\xff\x7f\x61t\x62ok\xff"[..],
        b"\x6aparameters\xbf\x61a\x7f\xff\xff\xff",
    ]
    .concat();
    let asked = decode_register_thing(&bytes, Format::Cbor).unwrap();
    assert_eq!(asked.token.as_str(), "tok");
    assert_eq!(asked.parameters["a"], "");
}

#[test]
fn v06_register_thing_without_a_token() {
    for value in [
        json!({}),
        json!({"certificateOwnershipToken": ""}),
        json!({"certificateOwnershipToken": null, "parameters": {"a": "b"}}),
    ] {
        for (bytes, format) in both(&value) {
            let rejected = Rejected::from(&decode_register_thing(&bytes, format).unwrap_err());
            assert_eq!(rejected.status_code, 400);
            assert_eq!(rejected.error_code, "InvalidCertificateOwnershipToken");
            assert_eq!(rejected.error_message, "Certificate ownership token cannot be empty.");
        }
    }
    assert_eq!(decode_register_thing(b"", Format::Json).unwrap_err().code, ErrorCode::InvalidToken);
}

#[test]
fn wrong_members_are_named() {
    let key = "k".repeat(limits::PARAMETER_KEY_CHARS + 1);
    let long = "v".repeat(limits::PARAMETER_VALUE_CHARS + 1);
    let many: BTreeMap<String, String> =
        (0..=limits::REGISTER_PARAMETERS).map(|i| (i.to_string(), String::new())).collect();
    for (value, message) in [
        (json!({"certificateOwnershipToken": 5}), "certificateOwnershipToken must be a string"),
        (json!({"certificateOwnershipToken": {}}), "certificateOwnershipToken must be a string"),
        (json!({"parameters": []}), "parameters must be an object of strings, not an array"),
        (json!({"parameters": "x"}), "parameters must be an object of strings, not a string"),
        (json!({"parameters": {"a": 1}}), "parameters.a must be a string, not a number"),
        (json!({"parameters": {"a": true}}), "parameters.a must be a string, not a boolean"),
        (json!({"parameters": {"a": null}}), "parameters.a must be a string, not null"),
        (json!({"parameters": {"a": {}}}), "parameters.a must be a string, not an object"),
        (json!({"parameters": {"a": long}}), "parameters.a must have at most 4096 characters"),
        (json!({"parameters": {key: "a"}}), "must have at most 2048 characters"),
        (json!({"parameters": many}), "parameters must have at most 256 members"),
    ] {
        for (bytes, format) in both(&value) {
            let refusal = decode_register_thing(&bytes, format).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::InvalidRequest, "{refusal}");
            assert!(refusal.message.contains(message), "{refusal}");
        }
    }
}

const PEM_ROOM: usize = 1220;

fn pem(label: &str, length: usize) -> String {
    let (begin, end) = (format!("-----BEGIN {label}-----\n"), format!("-----END {label}-----\n"));
    let mut body = String::new();
    while begin.len() + body.len() + end.len() < length {
        let left = length - begin.len() - body.len() - end.len();
        body.push_str(&"M".repeat(left.saturating_sub(1).min(64)));
        body.push('\n');
    }
    format!("{begin}{body}{end}")
}

#[test]
fn answers_fit_embedded_buffers() {
    let token = TokenText::parse(&"t".repeat(464)).unwrap();
    let certificate = pem("CERTIFICATE", PEM_ROOM);
    let key = pem("RSA PRIVATE KEY", 1679);
    let certificate_id = CertificateId([7; 32]);
    for format in FORMATS {
        let keys = KeysCreated {
            certificate_id,
            certificate_pem: &certificate,
            private_key_pem: &key,
            token: &token,
        };
        let bytes = keys.encode(format);
        assert!(bytes.len() <= 4096, "{}", bytes.len());
        let read_back = read(&bytes, format);
        assert_eq!(read_back.as_object().unwrap().len(), 4);
        assert_eq!(read_back["certificateId"], "07".repeat(32));
        assert_eq!(read_back["certificatePem"], certificate.as_str());
        assert_eq!(read_back["privateKey"], key.as_str());
        assert_eq!(read_back["certificateOwnershipToken"], token.as_str());

        let csr =
            CsrCertificateCreated { certificate_id, certificate_pem: &certificate, token: &token };
        let bytes = csr.encode(format);
        assert!(bytes.len() <= 2048, "{}", bytes.len());
        let read_back = read(&bytes, format);
        assert_eq!(read_back.as_object().unwrap().len(), 3);
        assert_eq!(read_back["certificatePem"], certificate.as_str());
    }
}

#[test]
fn a_private_key_is_not_shown() {
    let token = TokenText::from_random([9; 32]);
    let keys = KeysCreated {
        certificate_id: CertificateId([7; 32]),
        certificate_pem: "cert",
        private_key_pem: "very secret",
        token: &token,
    };
    let shown = format!("{keys:?}");
    assert!(!shown.contains("secret") && !shown.contains(token.as_str()), "{shown}");
}

#[test]
fn v10_device_configuration_is_always_sent() {
    let none = ThingRegistered { device_configuration: BTreeMap::new(), thing_name: None };
    assert_eq!(none.encode(Format::Json), b"{\"deviceConfiguration\":{}}");
    assert_eq!(none.encode(Format::Cbor), b"\xa1\x73deviceConfiguration\xa0");
    let some = ThingRegistered {
        device_configuration: BTreeMap::from([("a".into(), "\"\\\u{1}ü".into())]),
        thing_name: Some("dev-1".into()),
    };
    assert_eq!(
        String::from_utf8(some.encode(Format::Json)).unwrap(),
        r#"{"deviceConfiguration":{"a":"\"\\\u0001ü"},"thingName":"dev-1"}"#
    );
    assert_eq!(
        read(&some.encode(Format::Cbor), Format::Cbor),
        read(&some.encode(Format::Json), Format::Json)
    );
}

#[test]
fn rejected_has_all_three_members_for_every_code() {
    for &code in ErrorCode::ALL {
        let refusal = Refusal::new(code, "why").because("secret cause");
        for format in FORMATS {
            let bytes = Rejected::from(&refusal).encode(format);
            let expected = json!({
                "statusCode": code.mqtt_status(),
                "errorCode": code.mqtt_name(),
                "errorMessage": "why",
            });
            assert_eq!(read(&bytes, format), expected);
        }
    }
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in FORMATS {
            let _ = decode_create_keys(&bytes, format);
            let _ = decode_create_from_csr(&bytes, format);
            let _ = decode_register_thing(&bytes, format);
        }
    }

    #[test]
    fn json_and_cbor_decode_to_the_same_request(
        token in prop::option::of("\\PC{0,12}"),
        parameters in prop::option::of(prop::collection::btree_map("\\PC{0,6}", "\\PC{0,300}", 0..5)),
    ) {
        let value = json!({"certificateOwnershipToken": token, "parameters": parameters});
        let [json, cbor] = both(&value).map(|(bytes, format)| decode_register_thing(&bytes, format));
        prop_assert_eq!(json, cbor);
    }

    #[test]
    fn answers_read_back_the_same_in_both_encodings(
        configuration in prop::collection::btree_map("\\PC{0,30}", any::<String>(), 0..30),
        name in prop::option::of(any::<String>()),
    ) {
        let answer = ThingRegistered { device_configuration: configuration, thing_name: name };
        let [json, cbor] = FORMATS.map(|format| read(&answer.encode(format), format));
        prop_assert_eq!(&json, &cbor);
        prop_assert_eq!(&json["deviceConfiguration"], &json!(answer.device_configuration));
        let name = answer.thing_name.map(Json::String);
        prop_assert_eq!(json.get("thingName"), name.as_ref());
    }
}
