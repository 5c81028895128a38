"""Makes a data directory with something of everything in it, to be opened by later versions.

    FLEETWRIGHT_BIN=/path/to/an/old/fleetwright \
        .venv/bin/python tests/upgrade/make_fixture.py tests/upgrade/77a7044.tar.gz

The archive holds `data/` as a killed server left it, so with its write-ahead log; `outside.json`
with what people outside keep (identities of devices, access keys); and `expected.json`, what the
registry said of everything before the kill.
"""

import json
import pathlib
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "provisioning")]

from device import Device, Refused  # noqa: E402
from fleet import ALLOW_ALL, AS_ITSELF, ROLE, Fleet, allow, claim_statements  # noqa: E402
from fleet import document, make_client, template_body  # noqa: E402
from identity import Identity, make_csr, make_key  # noqa: E402
from own_ca import OwnCa  # noqa: E402
from packages import bootstrap  # noqa: E402
from registry import snapshot  # noqa: E402
from running import arn  # noqa: E402
from serving import OwnServer  # noqa: E402
from test_just_in_time import jitp_body  # noqa: E402

TWENTY_YEARS = 20 * 365
# The hook is a command of the configuration, which every opener of the fixture gives again.
CONFIG = """
[provisioning]
key-pool-capacity = 2
[hooks.commands]
allow = ["/bin/sh", "-c", "cat >/dev/null; echo '{\\"allowProvisioning\\": true}'"]
"""


def kept(identity):
    return {"certificate": identity.certificate_pem, "key": identity.private_key_pem}


def fill(fleet):
    """Something of everything; gives what people outside keep of it."""
    iot, iam, server = fleet.iot, fleet.iam, fleet.server
    outside = {}

    # 1. The registry.
    iot.create_thing_type(
        thingTypeName="lamp",
        thingTypeProperties={"thingTypeDescription": "gives light",
                             "searchableAttributes": ["size", "colour"]},
        tags=[{"Key": "team", "Value": "light"}],
    )  # fmt: skip
    iot.create_thing_type(thingTypeName="candle")
    iot.deprecate_thing_type(thingTypeName="candle")
    iot.create_billing_group(billingGroupName="hall")
    iot.create_thing(
        thingName="lamp-1", thingTypeName="lamp", billingGroupName="hall",
        attributePayload={"attributes": {"size": "75", "colour": "red"}},
    )  # fmt: skip
    iot.create_thing(thingName="spare")
    iot.update_thing(thingName="spare", attributePayload={"attributes": {"shelf": "3"}})
    iot.create_thing_group(thingGroupName="site")
    iot.create_thing_group(
        thingGroupName="floor", parentGroupName="site",
        thingGroupProperties={"thingGroupDescription": "the ground floor",
                              "attributePayload": {"attributes": {"level": "0"}}},
    )  # fmt: skip
    iot.add_thing_to_thing_group(thingGroupName="floor", thingName="lamp-1")
    iot.update_indexing_configuration(
        thingIndexingConfiguration={
            "thingIndexingMode": "REGISTRY", "thingConnectivityIndexingMode": "STATUS",
            "customFields": [{"name": "attributes.size", "type": "Number"}],
        },
        thingGroupIndexingConfiguration={"thingGroupIndexingMode": "ON"},
    )  # fmt: skip
    iot.create_dynamic_thing_group(thingGroupName="large", queryString="attributes.size>70")
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True},
                                                         "CERTIFICATE": {"Enabled": False}})  # fmt: skip

    # 2. Policies with versions, on certificates and groups.
    for name, statements in {
        "anything": [ALLOW_ALL], "itself": AS_ITSELF, "members": [allow("iot:Publish", "*")],
    }.items():  # fmt: skip
        iot.create_policy(policyName=name, policyDocument=document(*statements))
    iot.create_policy_version(policyName="members", setAsDefault=True, policyDocument=document(
        allow("iot:Publish", arn("topic", "members/*"))))  # fmt: skip
    iot.attach_policy(policyName="members", target=arn("thinggroup", "floor"))

    # 3. Templates, one with a hook; a claim; a device of each.
    for name, members in {
        "plain": {},
        "hooked": {"preProvisioningHook": {"payloadVersion": "2020-04-01",
                                           "targetArn": "command:allow"}},
    }.items():  # fmt: skip
        iot.create_provisioning_template(
            templateName=name, templateBody=json.dumps(template_body("itself")),
            provisioningRoleArn=ROLE, enabled=True, **members,
        )  # fmt: skip
    iot.create_provisioning_template_version(
        templateName="plain", templateBody=json.dumps(template_body(
            "itself", DeviceConfiguration={"url": "https://fleet.example"})), setAsDefault=True,
    )  # fmt: skip
    claim = fleet.identity(*claim_statements("plain", "hooked"))
    outside["claim"] = kept(claim)
    outside["devices"] = {}
    for serial, template in {"1": "plain", "2": "hooked"}.items():
        identity = fleet.device(claim, template, serial)
        outside["devices"][f"sensor-{serial}"] = kept(identity)
        with Device(server, identity, f"sensor-{serial}") as device:
            device.publish(f"fleet/sensor-{serial}/hello", b"hello")
    revoked = fleet.device(claim, "plain", "3")
    fleet.set_status(revoked, "REVOKED")
    outside["revoked"] = kept(revoked)

    # 4. A CA of one's own, whose devices come just in time.
    iot.create_provisioning_template(
        templateName="line", type="JITP", templateBody=jitp_body("anything"),
        provisioningRoleArn=ROLE, enabled=True,
    )  # fmt: skip
    line = OwnCa("the line", ends=TWENTY_YEARS)
    line.register(iot, allowAutoRegistration=True, registrationConfig={"templateName": "line"})
    for name in ("line-1", "line-2"):
        text, key = line.issue(CN=name, ends=TWENTY_YEARS)
        outside["devices" if name == "line-1" else "newcomers"] = outside.get(
            "devices" if name == "line-1" else "newcomers", {}
        ) | {name: kept(Identity(text + line.pem, key))}
    first = outside["devices"]["line-1"]
    identity = Identity(first["certificate"], first["key"])
    for _ in range(50):
        try:
            Device(server, identity, "line-1").close()
            break
        except Refused:
            time.sleep(0.1)

    # 5. People and programs.
    iam.create_user(UserName="operator", Path="/people/")
    iam.attach_user_policy(UserName="operator",
                           PolicyArn="arn:aws:iam::aws:policy/AWSIoTFullAccess")  # fmt: skip
    made = iam.create_access_key(UserName="operator")["AccessKey"]
    outside["operator"] = {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}
    role = fleet.role("function-execution", service="lambda.amazonaws.com")
    iot.create_role_alias(roleAlias="uploads", roleArn=role)
    make_client(server, "lambda").create_function(
        FunctionName="echo", Runtime="provided.al2023", Role=role, Handler="app.handler",
        Code={"ZipFile": bootstrap()}, Environment={"Variables": {"STAGE": "old"}}, Publish=True,
    )  # fmt: skip
    iot.register_thing(templateBody=json.dumps(direct_body()), parameters={
        "Serial": "9", "CSR": make_csr(make_key())})  # fmt: skip

    # 6. Messages that are kept.
    data = make_client(server, "iot-data")
    for topic, payload in {"kept/a": b"one", "kept/b": bytes(range(256))}.items():
        data.publish(topic=topic, payload=payload, qos=1, retain=True)
    return outside


def direct_body():
    """A template for RegisterThing, called by an operator."""
    name = {"Fn::Join": ["", ["direct-", {"Ref": "Serial"}]]}
    certificate = {"CertificateSigningRequest": {"Ref": "CSR"}, "Status": "ACTIVE"}
    return {
        "Parameters": {"Serial": {"Type": "String"}, "CSR": {"Type": "String"}},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": name}},
            "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
        },
    }


def audit(own, server):
    """The audit trail's records, as `fleetwright audit` prints them."""
    from serving import run

    done = run("audit", "--api", server.api.removeprefix("http://"), "--credentials",
               server.credentials, "--output", "json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(target):
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        with OwnServer(place, CONFIG) as own:
            fleet = Fleet(own.start())
            outside = fill(fleet)
            # Half of it is checkpointed, and half of it is in the log.
            assert own.stop() == 0
            server = own.start()
            late = make_client(server)
            late.create_thing(thingName="in-the-log", thingTypeName="lamp")
            with Device(server, Identity(outside["claim"]["certificate"],
                                         outside["claim"]["key"])) as asking:  # fmt: skip
                identity, token = asking.certificate_from_csr()
                assert asking.register("plain", token, SerialNumber="4").accepted
            outside["devices"]["sensor-4"] = kept(identity)
            time.sleep(1.5)  # dynamic groups and the audit trail follow
            expected = {"registry": snapshot(server), "audit": audit(own, server)}
            own.kill()
        (place / "outside.json").write_text(json.dumps(outside))
        (place / "expected.json").write_text(json.dumps(expected))
        with tarfile.open(target, "w:gz") as archive:
            for name in ("data", "outside.json", "expected.json"):
                archive.add(place / name, name)


if __name__ == "__main__":
    main(sys.argv[1])
