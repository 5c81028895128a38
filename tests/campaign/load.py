"""Mixed load whose every acknowledgement goes into the ledger, and what a server shows of it."""

import json
import queue
import sqlite3

from botocore.exceptions import BotoCoreError, ClientError

from device import CREATE_FROM_CSR, Device, Refused, provision
from fleet import Fleet, allow, document, make_client
from identity import Identity, key_pem, make_csr, make_key

OPERATORS, DEVICES = 3, 2
# What a server with a broken disk or a wrong clock answers. Whether the change was made is then for
# the ledger to allow both ways.
UNAVAILABLE = (
    "ServiceUnavailable", "InternalFailure", "InternalServer", "ServiceFailure", "Throttl",
    "RequestExpired", "RequestTimeTooSkewed", "InvalidSignature", "SignatureDoesNotMatch",
)  # fmt: skip


class Scene:
    """What the load needs of an installation, made once."""

    def __init__(self, server):
        fleet = Fleet(server)
        self.template, self.claim = fleet.template(), fleet.claim("*")


class Gone(Exception):
    """The server does not answer any more."""


def operate(server, ledger, worker, round_number, stopped):
    """Changes over HTTP, until the server is gone."""
    iot, data = make_client(server), make_client(server, "iot-data")
    key = make_key()

    def change(name, value, call, **members):
        entry = ledger.ask(name, value)
        try:
            answer = call(**members)
        except ClientError as refused:
            if not refused.response["Error"]["Code"].startswith(UNAVAILABLE):
                raise
            return None
        except (BotoCoreError, OSError) as gone:
            raise Gone from gone
        ledger.acknowledge(entry, answer["ResponseMetadata"]["RequestId"])
        return answer

    count = 0
    try:
        while not stopped.is_set():
            name, count = f"r{round_number}w{worker}n{count}", count + 1
            thing, policy = ("thing", name), ("policy", name)
            if change(thing, {}, iot.create_thing, thingName=name):
                change(
                    thing, {"n": str(count)}, iot.update_thing, thingName=name,
                    attributePayload={"attributes": {"n": str(count)}},
                )  # fmt: skip
                if count % 3 == 0:
                    change(thing, None, iot.delete_thing, thingName=name)
            rights = {"policyDocument": document(allow("iot:Connect", "*"))}
            if change(policy, "1", iot.create_policy, policyName=name, **rights):
                change(
                    policy, "2", iot.create_policy_version, policyName=name, setAsDefault=True,
                    **rights,
                )  # fmt: skip
            kept = f"kept/{worker}"
            change(
                ("retained", kept), name, data.publish, topic=kept, retain=True, qos=1, payload=name
            )
            made = certificate(ledger, iot, key, change)
            if made:
                change(
                    ("certificate", made), "REVOKED", iot.update_certificate, certificateId=made,
                    newStatus="REVOKED",
                )  # fmt: skip
    except Gone:
        return


def certificate(ledger, iot, key, change):
    """A certificate has no name before it is there: it is in the ledger once it is acknowledged."""
    request = {"certificateSigningRequest": make_csr(key), "setAsActive": True}
    try:
        made = iot.create_certificate_from_csr(**request)
    except ClientError:
        return None
    except (BotoCoreError, OSError) as gone:
        raise Gone from gone
    ledger.acknowledge(
        ledger.ask(("certificate", made["certificateId"]), "ACTIVE"),
        made["ResponseMetadata"]["RequestId"],
    )
    return made["certificateId"]


def provision_devices(server, scene, ledger, worker, round_number, stopped):
    """Devices over MQTT, one after the other, until the server is gone."""
    key = make_key()
    csr = json.dumps({"certificateSigningRequest": make_csr(key)})
    try:
        asking = Device(server, scene.claim)
    except (Refused, queue.Empty, OSError):
        return
    count = 0
    while not stopped.is_set():
        serial, count = f"r{round_number}d{worker}n{count}", count + 1
        made = answer(asking, CREATE_FROM_CSR, csr)
        if made is None:
            break
        identity = Identity(made["certificatePem"], key_pem(key))
        token, thing = made["certificateOwnershipToken"], f"sensor-{serial}"
        entry = ledger.ask(("device", thing), identity.id)
        body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
        if answer(asking, provision(scene.template), json.dumps(body)) is None:
            break
        ledger.acknowledge(entry)
        ledger.identities[thing] = identity
    asking.close()


def answer(device, topic, body):
    """What an acceptance holds; `None` when the connection ended, or the disk was broken."""
    device.send(f"{topic}/json", body)
    while True:
        try:
            message = device.next(timeout=0.05)
        except queue.Empty:
            if device.ends.empty() or not device.messages.empty():
                continue
            return None
        return json.loads(message.payload) if message.topic.endswith("/accepted") else None


def look(server):
    """What a server shows of everything that the load writes."""
    iot, data = make_client(server), make_client(server, "iot-data")

    def every(operation, member, **members):
        pages = iot.get_paginator(operation).paginate(**members)
        return [each for page in pages for each in page[member]]

    seen = {}
    for thing in every("list_things", "things"):
        name = thing["thingName"]
        if name.startswith("sensor-"):
            principals = iot.list_thing_principals(thingName=name)["principals"]
            seen["device", name] = principals[0].rpartition("/")[2] if len(principals) == 1 else principals
        else:
            seen["thing", name] = thing["attributes"]
    for policy in every("list_policies", "policies"):
        name = policy["policyName"]
        versions = iot.list_policy_versions(policyName=name)["policyVersions"]
        default = [version["versionId"] for version in versions if version["isDefaultVersion"]]
        seen["policy", name] = ",".join(default)
    for each in every("list_certificates", "certificates"):
        seen["certificate", each["certificateId"]] = each["status"]
    for each in data.list_retained_messages().get("retainedTopics", []):
        kept = data.get_retained_message(topic=each["topic"])["payload"]
        seen["retained", each["topic"]] = kept.decode()
    return seen


def connect(server, ledger, chance, most=3):
    """Some devices connect as themselves; a sentence for each that cannot."""
    found = []
    ready = sorted(ledger.identities)
    for thing in chance.sample(ready, min(most, len(ready))):
        try:
            with Device(server, ledger.identities[thing], thing) as device:
                if device.publish(f"fleet/{thing}/up") != 0:
                    found.append(f"{thing} cannot publish")
        except Refused as refused:
            found.append(f"{thing} cannot connect: {refused}")
    return found


def records(database):
    """The ids of the requests that the audit trail has as accepted, of a server that is stopped."""
    with sqlite3.connect(database) as registry:
        rows = registry.execute("SELECT request_id FROM audit WHERE outcome = 'Accepted'")
        return [request for (request,) in rows]
