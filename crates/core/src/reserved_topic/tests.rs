use super::*;

#[test]
fn the_eighteen_topics_parse_and_write_back() {
    let mut seen = 0;
    for base in [
        "$aws/certificates/create",
        "$aws/certificates/create-from-csr",
        "$aws/provisioning-templates/Fleet_1/provision",
    ] {
        for format in ["json", "cbor"] {
            for leg in ["", "/accepted", "/rejected"] {
                let topic = format!("{base}/{format}{leg}");
                let parsed = ProvisioningTopic::parse(&topic).expect(&topic);
                assert_eq!(parsed.to_string(), topic);
                assert_eq!(parsed.accepted(), format!("{base}/{format}/accepted"));
                assert_eq!(parsed.rejected(), format!("{base}/{format}/rejected"));
                let class = classify(&topic);
                assert_eq!(class.may_publish(), leg.is_empty());
                assert_eq!(class.may_subscribe(), !leg.is_empty());
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 18);
}

#[test]
fn near_misses_are_no_provisioning_topics() {
    for topic in [
        "",
        "$aws",
        "$aws/certificates/create",
        "$aws/certificates/create/",
        "$aws/certificates/create/xml",
        "$aws/certificates/create/json/",
        "$aws/certificates/create/json/accepted/",
        "$aws/certificates/create/json/accepted/x",
        "$aws/certificates/create/json/done",
        "$aws/certificates/create/JSON",
        "aws/certificates/create/json",
        "$aws/provisioning-templates/t/provision",
        "$aws/provisioning-templates/t/provision/accepted",
        "$aws/provisioning-templates//provision/json",
        "$aws/provisioning-templates/t.t/provision/json",
        "$aws/provisioning-templates/+/provision/json",
        "$aws/provisioning-templates/0123456789012345678901234567890123456/provision/json",
    ] {
        assert_eq!(ProvisioningTopic::parse(topic), None, "{topic}");
        let class = classify(topic);
        assert!(!class.is_reserved() || !class.may_publish(), "{topic}");
    }
}

/// topic or filter, may publish, may subscribe
const CASES: &[(&str, bool, bool)] = &[
    ("sensors/1", true, true),
    ("#", true, true),
    ("+/x", true, true),
    ("$aws/events/presence/connected/dev", false, true),
    ("$aws/events/#", false, true),
    ("$aws/events", false, false),
    ("$aws/#", false, true),
    ("$aws/+/create/json/accepted", false, true),
    ("$aws/certificates/create/json/#", false, true),
    ("$aws/certificates/create/+/accepted", false, true),
    ("$aws/certificates/destroy/json", false, false),
    ("$aws/things/t/jobs/get", true, false),
    ("$aws/things/t/jobs/get/accepted", false, true),
    ("$aws/things/t/jobs/start-next", true, false),
    ("$aws/things/t/jobs/j1/update", true, false),
    ("$aws/things/t/jobs/j1/update/rejected", false, true),
    ("$aws/things/t/jobs/notify-next", false, true),
    ("$aws/things/t/shadow/update", true, true),
    ("$aws/things/t/shadow/update/delta", false, true),
    ("$aws/things/t/shadow/update/documents", false, true),
    ("$aws/things/t/shadow/name/s/get", true, true),
    ("$aws/things/t/shadow/name/s/get/accepted", false, true),
    ("$aws/things/t/shadow/name/s/put", false, false),
    ("$aws/things/+/shadow/#", false, true),
    ("$aws/things/t/streams/s/get/cbor", true, false),
    ("$aws/things/t/streams/s/data/cbor", false, true),
    ("$aws/things/t/defender/metrics/json", true, false),
    ("$aws/things/t/defender/metrics/json/accepted", false, true),
    ("$aws/things/t/tunnels/notify", false, true),
    ("$aws/rules/r", true, false),
    ("$aws/rules/r/a/b", true, false),
    ("$aws/rules", false, false),
    ("$aws/device_location/d/get_position_estimate", true, false),
    ("$aws/device_location/d/get_position_estimate/rejected", false, true),
    ("$aws/sitewise/a/b", false, true),
    ("$share/g/sensors/+", false, true),
    ("$share/g/$aws/events/#", false, true),
    ("$share/g/$aws/rules/r", false, false),
    ("$share/g/$share/g/a", false, false),
    ("$share/g", false, false),
    ("$share//a", false, false),
    ("$share/g/", false, false),
    ("$share/+/a", false, false),
    ("$SYS/broker/uptime", false, false),
    ("$aws/unknown", false, false),
    ("$awsx/events/a", false, false),
    ("$", false, false),
];

#[test]
fn each_reserved_family_has_its_uses() {
    for &(topic, publish, subscribe) in CASES {
        let class = classify(topic);
        assert_eq!(class.may_publish(), publish, "publish to {topic}");
        assert_eq!(class.may_subscribe(), subscribe, "subscribe to {topic}");
        assert_eq!(class.is_reserved(), topic.starts_with('$'), "{topic}");
    }
}
