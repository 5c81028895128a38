"""Provisioning by trusted user: `CreateProvisioningClaim` and the device that it is handed to."""

import json
import time

import pytest
from awsiot import iotidentity
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID
from paho.mqtt.client import MQTTv5

from device import CREATE, CREATE_FROM_CSR, NOT_AUTHORIZED, VERSIONS, Device, Refused, provision
from fleet import ALLOW_ALL, ROLE, Fleet, template_body
from identity import Identity, make_csr, make_key
from test_aws_sdk import IdentityV2, Mqtt5, Mqtt311, by_csr, by_keys, connect  # noqa: F401
from test_device_command import DEVICE, finish, start

ANY_TOPIC = "fleet/x"


def trusted_users_claim(fleet, template):
    made = fleet.iot.create_provisioning_claim(templateName=template)
    return Identity(made["certificatePem"], made["keyPair"]["PrivateKey"]), made


def listed(fleet):
    pages = fleet.iot.get_paginator("list_certificates").paginate()
    return {each["certificateId"] for page in pages for each in page["certificates"]}


def test_v16_a_claim_is_not_listed_and_provisions_with_its_template_only(fleet, template, device):
    other = fleet.template()
    claim, made = trusted_users_claim(fleet, template)
    assert made["certificateId"] == claim.id and claim.id not in listed(fleet)
    with device(claim) as asking:
        identity, token = asking.certificate_from_csr()
        assert identity.id in listed(fleet)
        serial = fleet.unique("serial")
        assert asking.register(template, token, SerialNumber=serial).accepted
        _, token = asking.certificate_from_csr()
        asking.publish(f"{provision(other)}/json", b"{}")
        assert asking.end() == 128
    assert fleet.status(identity) == "ACTIVE"
    device(identity, f"sensor-{serial}")


def test_the_certificate_is_as_aws_makes_it(fleet, template):
    claim, made = trusted_users_claim(fleet, template)
    certificate = claim.certificate
    start_, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert (end - start_).total_seconds() == 420
    assert made["expiration"] == end and 290 < end.timestamp() - time.time() <= 300
    (common_name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert len(common_name.value) == 64 and int(common_name.value, 16)
    assert claim.private_key_pem.startswith("-----BEGIN RSA PRIVATE KEY-----")
    public = certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert made["keyPair"]["PublicKey"].strip() == public.decode().strip()


@pytest.mark.parametrize("version", VERSIONS)
def test_whatever_the_client_id_it_may_ask_and_hear_and_nothing_else(
    fleet, template, device, version
):
    claim, _ = trusted_users_claim(fleet, template)
    asking = device(claim, fleet.unique("any client/id"), version=version)
    topics = [f"{CREATE}/json/+", f"{CREATE_FROM_CSR}/cbor/+", f"{provision(template)}/json/+"]
    assert asking.subscribe(*topics) == [1, 1, 1]
    denied = asking.subscribe(ANY_TOPIC, f"{provision('other')}/json/accepted", "$aws/#")
    assert all(code >= 128 for code in denied)
    asking.accepted(CREATE_FROM_CSR, {"certificateSigningRequest": make_csr(make_key())})
    if version == MQTTv5:
        assert asking.publish(ANY_TOPIC) == NOT_AUTHORIZED
        return
    asking.publish(ANY_TOPIC)
    assert asking.end() == 128


def test_nobody_can_name_a_claim(fleet, template):
    claim, _ = trusted_users_claim(fleet, template)
    policy = fleet.policy(ALLOW_ALL)
    for operation, members in {
        "describe_certificate": {"certificateId": claim.id},
        "update_certificate": {"certificateId": claim.id, "newStatus": "INACTIVE"},
        "delete_certificate": {"certificateId": claim.id},
        "attach_policy": {"policyName": policy, "target": fleet.arn(claim)},
    }.items():
        with pytest.raises(fleet.iot.exceptions.ResourceNotFoundException):
            getattr(fleet.iot, operation)(**members)


def test_a_template_that_is_missing_disabled_or_for_jitp_gives_no_claim(fleet):
    off, jitp = fleet.unique("t"), fleet.unique("t")
    body = json.dumps(template_body(fleet.policy(ALLOW_ALL)))
    make = fleet.iot.create_provisioning_template
    make(templateName=off, templateBody=body, provisioningRoleArn=ROLE)
    make(templateName=jitp, templateBody=body, provisioningRoleArn=ROLE, enabled=True, type="JITP")
    for name, code, word in [
        (fleet.unique("t"), "ResourceNotFoundException", "does not exist"),
        (off, "InvalidRequestException", "disabled"),
        (jitp, "InvalidRequestException", "JITP"),
        ("no name!", "InvalidRequestException", "name"),
    ]:
        with pytest.raises(ClientError) as caught:
            fleet.iot.create_provisioning_claim(templateName=name)
        error = caught.value.response["Error"]
        assert error["Code"] == code and word in error["Message"], error


def test_a_template_switched_off_meanwhile_registers_nobody(fleet, device):
    template = fleet.template()
    claim, _ = trusted_users_claim(fleet, template)
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    fleet.iot.update_provisioning_template(templateName=template, enabled=False)
    answer = asking.register(template, token, SerialNumber="1")
    assert (answer.accepted, answer.body["statusCode"]) == (False, 403)


@pytest.mark.parametrize("method", ["csr", "keys"])
def test_our_own_device_command_provisions_with_a_claim(server, fleet, template, tmp_path, method):
    claim, _ = trusted_users_claim(fleet, template)
    serial = fleet.unique("serial")
    told, _ = finish(start(DEVICE, *(
        *("provision", "--endpoint", f"localhost:{server.mqtt.rpartition(':')[2]}"),
        *("--ca", server.root_ca, "--method", method, "--template", template),
        *("--claim-cert", claim.certificate_file, "--claim-key", claim.key_file),
        *("--parameter", f"SerialNumber={serial}"),
        *("--identity", tmp_path / "identity", "--output", "json"),
    )))  # fmt: skip
    assert told["thingName"] == f"sensor-{serial}"
    use = ("--identity", tmp_path / "identity", "--output", "json")
    assert finish(start(DEVICE, "connect", *use))[0]["clientId"] == f"sensor-{serial}"


@pytest.mark.parametrize(("protocol", "method"), [(Mqtt311, by_keys), (Mqtt5, by_csr)])
def test_the_sdk_provisions_with_a_claim(fleet, template, connect, protocol, method):  # noqa: F811
    claim, _ = trusted_users_claim(fleet, template)
    client = IdentityV2(connect(protocol, claim, fleet.unique("claim")).client)
    made, identity = method(client)
    serial = fleet.unique("serial")
    registered = client.register_thing(
        iotidentity.RegisterThingRequest(
            template_name=template,
            certificate_ownership_token=made.certificate_ownership_token,
            parameters={"SerialNumber": serial},
        )
    )
    assert registered.thing_name == f"sensor-{serial}"
    assert connect(protocol, identity, registered.thing_name)


def test_v16_after_its_time_the_claim_is_refused_and_its_connection_ends(own_server):
    """A claim lives five minutes; the configuration may say less, here for the test's sake."""
    fleet = Fleet(own_server("claim-seconds = 3").start())
    template = fleet.template()
    claim, _ = trusted_users_claim(fleet, template)
    with Device(fleet.server, claim, version=MQTTv5) as asking:
        asking.certificate_from_csr()
        assert asking.end() == NOT_AUTHORIZED
    with pytest.raises(Refused):
        Device(fleet.server, claim)
    assert claim.id not in listed(fleet)
