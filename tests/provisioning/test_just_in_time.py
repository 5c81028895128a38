"""Devices with certificates of the operator's own CA, which nobody registered before they came."""

import json
import ssl
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from device import MQTTv5, Device, Refused
from fleet import ALLOW_ALL, ROLE, ROLE_POLICY, Fleet, allow, document
from identity import Identity
from own_ca import OwnCa
from serving import OwnServer
from test_audit_of_devices import records_of

SUBJECT = {
    "C": "CH", "O": "Factory", "OU": "Line3", "ST": "Zug", "serialNumber": "S-1", "dnQualifier": "q",
}  # fmt: skip


def jitp_body(policy, **attributes):
    """A thing named by the common name, with the subject's other parts as attributes."""
    subject = "AWS::IoT::Certificate::"
    names = ["CommonName", *attributes.values()]
    thing = {
        "ThingName": {"Ref": f"{subject}CommonName"},
        "AttributePayload": {k: {"Ref": subject + v} for k, v in attributes.items()},
    }
    certificate = {"CertificateId": {"Ref": f"{subject}Id"}, "Status": "ACTIVE"}
    return json.dumps(
        {
            "Parameters": {subject + name: {"Type": "String"} for name in [*names, "Id"]},
            "Resources": {
                "thing": {"Type": "AWS::IoT::Thing", "Properties": thing},
                "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
                "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
            },
        }
    )


class Line:
    """A factory line: a registered CA, whose devices come to a fleet."""

    def __init__(self, fleet, **members):
        self.fleet = fleet
        self.ca = OwnCa(fleet.unique("ca"))
        self.ca.register(fleet.iot, allowAutoRegistration=True, **members)

    def identity(self, *, along=False, **options):
        """A device's certificate, with the CA's behind it if it is sent along."""
        options.setdefault("CN", self.fleet.unique("device"))
        text, key = self.ca.issue(**options)
        return Identity(text, key), Identity(text + self.ca.pem, key) if along else None


@pytest.fixture
def line(fleet):
    return lambda **members: Line(fleet, **members)


@pytest.fixture(scope="module")
def policy(fleet):
    return fleet.policy(ALLOW_ALL)


def refused(device, identity, **options):
    with pytest.raises(Refused) as caught:
        device(identity, **options)
    assert caught.value.args == (None,), "refused before MQTT"


def registered(fleet, identity):
    found = fleet.iot.describe_certificate(certificateId=identity.id)
    return found["certificateDescription"]


def is_known(fleet, identity):
    try:
        return bool(registered(fleet, identity))
    except fleet.iot.exceptions.ResourceNotFoundException:
        return False


@pytest.mark.parametrize(
    ("mode", "parts", "values"),
    [
        ("DEFAULT", ["Country", "Organization", "OrganizationalUnit"], ["CH", "Factory", "Line3"]),
        ("SNI_ONLY", ["StateName", "SerialNumber", "DistinguishedNameQualifier"],
         ["Zug", "S-1", "q"]),
    ],
)  # fmt: skip
def test_a_device_is_provisioned_by_its_subject(fleet, device, line, policy, mode, parts, values):
    # A thing without a type has three attributes.
    body = jitp_body(policy, **{part.lower(): part for part in parts})
    made = line(certificateMode=mode, registrationConfig={"templateBody": body, "roleArn": ROLE})
    name = fleet.unique("device")
    identity, _ = made.identity(CN=name, **SUBJECT)
    refused(device, identity)
    device(identity, name)
    found = registered(fleet, identity)
    assert (found["status"], found["caCertificateId"]) == ("ACTIVE", made.ca.id)
    assert found["certificateMode"] == mode
    assert fleet.attributes(name) == dict(zip((part.lower() for part in parts), values))
    assert fleet.policies(identity) == [policy]
    assert fleet.principals(name) == [fleet.arn(identity)]


def test_a_template_of_type_jitp_provisions(fleet, device, line, policy):
    template = fleet.unique("jitp")
    fleet.iot.create_provisioning_template(
        templateName=template, type="JITP", templateBody=jitp_body(policy),
        provisioningRoleArn=ROLE, enabled=False,
    )  # fmt: skip
    made = line(registrationConfig={"templateName": template})
    identity, _ = made.identity()
    for _ in range(2):
        refused(device, identity)
    assert registered(fleet, identity)["status"] == "PENDING_ACTIVATION"
    fleet.iot.update_provisioning_template(templateName=template, enabled=True)
    refused(device, identity)
    device(identity)


def test_the_role_must_allow_what_provisioning_changes(fleet, device, line, policy, server):
    name = fleet.unique("role")
    role = fleet.role(name)
    most = ["iot:CreateThing", "iot:AttachThingPrincipal", "iot:UpdateCertificate"]
    fleet.iam.put_role_policy(
        RoleName=name, PolicyName="most", PolicyDocument=document(allow(most, "*"))
    )
    stranger = fleet.role(fleet.unique("role"), ROLE_POLICY, service="lambda.amazonaws.com")
    missing = "arn:aws:iam::123456789012:role/nobody-made-this"
    for arn, why in (
        (missing, "does not exist"),
        (stranger, "does not trust iot.amazonaws.com"),
        (role, "does not allow iot:AttachPolicy"),
    ):
        config = {"templateBody": jitp_body(policy), "roleArn": arn}
        made = line(registrationConfig=config)
        thing = fleet.unique("device")
        identity, _ = made.identity(CN=thing)
        refused(device, identity)
        assert registered(fleet, identity)["status"] == "PENDING_ACTIVATION"
        assert not fleet.exists(thing)
        first, record = records_of(server, identity.id, 2)
        assert (first["operation"], first["outcome"]) == ("JustInTimeRegistration", "Accepted")
        assert (record["operation"], record["outcome"]) == ("JustInTimeProvisioning", "Denied")
        assert record["resource"] == made.ca.id and why in record["reason"]
    fleet.iam.attach_role_policy(RoleName=name, PolicyArn=ROLE_POLICY)
    refused(device, identity)
    device(identity, thing)


def test_v22_a_subject_without_a_declared_attribute_fails_and_the_log_names_it(
    tmp_path_factory, device
):
    with OwnServer(tmp_path_factory.mktemp("v22"), "[provisioning]\nkey-pool-capacity = 1") as own:
        fleet = Fleet(own.start())
        body = jitp_body(fleet.policy(ALLOW_ALL), country="Country")
        made = Line(fleet, registrationConfig={"templateBody": body, "roleArn": ROLE})
        identity, _ = made.identity(CN="without-country")
        for _ in range(2):
            with pytest.raises(Refused):
                Device(fleet.server, identity)
        assert registered(fleet, identity)["status"] == "PENDING_ACTIVATION"
        assert not fleet.exists("without-country")
        lines = [json.loads(each) for each in own.log.read_text().splitlines()]
        told = [each for each in map(json.dumps, lines) if "AWS::IoT::Certificate::Country" in each]
        assert len(told) == 2 and all("ProvisionDevice" in each for each in told), told
        own.stop()


def test_without_a_template_the_device_waits_and_each_attempt_is_told(fleet, device, line, policy):
    made = line()
    topic = f"$aws/events/certificates/registered/{made.ca.id}"
    listener = device(fleet.identity(ALLOW_ALL), version=MQTTv5)
    assert listener.subscribe(topic) == [1]
    identity, _ = made.identity()
    for _ in range(2):
        refused(device, identity)
        message = listener.next()
        assert message.topic == topic and not message.retain
        told = json.loads(message.payload)
        assert set(told) == {
            "certificateId", "caCertificateId", "timestamp", "certificateStatus", "awsAccountId",
            "certificateRegistrationTimestamp",
        }  # fmt: skip
        assert (told["certificateId"], told["caCertificateId"]) == (identity.id, made.ca.id)
        assert (told["certificateStatus"], told["awsAccountId"]) == (
            "PENDING_ACTIVATION", "123456789012",
        )  # fmt: skip
        created = registered(fleet, identity)["creationDate"].timestamp() * 1000
        assert abs(int(told["certificateRegistrationTimestamp"]) - created) < 1
        assert told["timestamp"] >= created - 1
    fleet.iot.attach_policy(policyName=policy, target=fleet.arn(identity))
    fleet.set_status(identity, "ACTIVE")
    device(identity)


def test_a_device_may_send_its_ca_along_instead_of_naming_the_server(fleet, device, line):
    made = line(certificateMode="DEFAULT")
    alone, with_ca = made.identity(along=True)
    refused(device, alone, host="127.0.0.1")
    assert not is_known(fleet, alone)
    refused(device, with_ca, host="127.0.0.1")
    assert is_known(fleet, alone)


def test_an_sni_only_device_names_the_server_always(fleet, device, line, policy):
    made = line(certificateMode="SNI_ONLY")
    alone, with_ca = made.identity(along=True)
    refused(device, with_ca, host="127.0.0.1")
    assert not is_known(fleet, alone)
    refused(device, alone)
    fleet.iot.attach_policy(policyName=policy, target=fleet.arn(alone))
    fleet.set_status(alone, "ACTIVE")
    refused(device, alone, host="127.0.0.1")
    device(alone)


def test_a_ca_that_does_not_register_leaves_nothing(fleet, device, line):
    made = line()
    for changes in ({"newAutoRegistrationStatus": "DISABLE"}, {"newStatus": "INACTIVE"}):
        fleet.iot.update_ca_certificate(certificateId=made.ca.id, **changes)
        identity, _ = made.identity()
        refused(device, identity)
        assert not is_known(fleet, identity), changes
        fleet.iot.update_ca_certificate(
            certificateId=made.ca.id, newStatus="ACTIVE", newAutoRegistrationStatus="ENABLE"
        )
        refused(device, identity)
        assert is_known(fleet, identity)


def test_who_only_bears_the_cas_name_is_a_stranger(fleet, device, line):
    made = line()
    namesake = OwnCa("x")
    namesake.name = made.ca.name
    identity = Identity(*namesake.issue(CN="d"))
    refused(device, identity)
    assert not is_known(fleet, identity)


@pytest.mark.parametrize("window", [{"begins": -3, "ends": -1}, {"begins": 1, "ends": 3}])
def test_a_certificate_out_of_its_time_is_not_registered(fleet, device, line, window):
    identity, _ = line().identity(**window)
    refused(device, identity)
    assert not is_known(fleet, identity)


def test_registered_devices_outlive_their_cas_activity(fleet, device, line, policy):
    made = line(registrationConfig={"templateBody": jitp_body(policy), "roleArn": ROLE})
    identity, _ = made.identity()
    refused(device, identity)
    fleet.iot.update_ca_certificate(certificateId=made.ca.id, newStatus="INACTIVE")
    device(identity)
    fleet.iot.delete_ca_certificate(certificateId=made.ca.id)
    device(identity)


def test_a_registered_certificate_of_an_own_ca_connects(fleet, device, policy):
    ca = OwnCa(fleet.unique("ca"))
    ca.register(fleet.iot)
    key = rsa.generate_private_key(65537, 2048)
    text, private = ca.issue(CN="d", key=key)
    identity = Identity(text, private)
    fleet.iot.register_certificate(certificatePem=text, status="ACTIVE")
    fleet.iot.attach_policy(policyName=policy, target=fleet.arn(identity))
    device(identity)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("kind", ["rsa:2048", "ec"])
def test_certificates_of_version_1_connect(fleet, device, policy, tmp_path, version, kind):
    ca = OwnCa(fleet.unique("ca"))
    ca.register(fleet.iot)
    (tmp_path / "ca.pem").write_text(ca.pem)
    (tmp_path / "ca.key").write_text(ca.key_text)
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
    for command in (
        ["req", "-new", "-newkey", kind, *curve, "-nodes", "-keyout", "d.key", "-out", "d.csr",
         "-subj", "/CN=d"],
        ["x509", "-req", "-in", "d.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial",
         "7", "-out", "d.pem", "-days", "9"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], cwd=tmp_path, check=True, capture_output=True)
    identity = Identity((tmp_path / "d.pem").read_text(), (tmp_path / "d.key").read_text())
    assert identity.certificate.version == x509.Version.v1
    fleet.iot.register_certificate(certificatePem=identity.certificate_pem, status="ACTIVE")
    fleet.iot.attach_policy(policyName=policy, target=fleet.arn(identity))
    spoken = ssl.TLSVersion[version]

    def speak(client):
        client._ssl_context.minimum_version = client._ssl_context.maximum_version = spoken

    device(identity, configure=speak)


def test_many_at_once_are_registered_once(fleet, line, policy, device):
    made = line(registrationConfig={"templateBody": jitp_body(policy), "roleArn": ROLE})
    identity, _ = made.identity()

    def knock():
        try:
            Device(fleet.server, identity).close()
        except (Refused, ssl.SSLError):
            pass

    knocking = [threading.Thread(target=knock) for _ in range(12)]
    for each in knocking:
        each.start()
    for each in knocking:
        each.join()
    device(identity)
    listed = fleet.iot.list_certificates_by_ca(caCertificateId=made.ca.id)["certificates"]
    assert [item["certificateId"] for item in listed] == [identity.id]
