"""Of every change that was acknowledged there is one record, whenever the server is killed."""

import json
import queue
import random
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, HTTPClientError

from device import CREATE_FROM_CSR, Answer, Device, Refused, provision
from fleet import Fleet, make_client
from identity import make_csr, make_key
from serving import run

KILLS = 10
OPERATORS = 4
DEVICES = 3


class Ledger:
    """What was acknowledged to somebody outside, whatever becomes of the server."""

    def __init__(self):
        self.requests, self.certificates, self.things = [], [], []


def clients_of(server, ledger):
    """For all operators, and for every start: the server keeps its ports."""

    def note(http_response, parsed, **_):
        if http_response.status_code < 300:
            ledger.requests.append(parsed["ResponseMetadata"]["RequestId"])

    clients = [make_client(server, each) for each in ("iot", "iam", "iot-data")]
    for client in clients:
        client.meta.events.register("after-call", note)
    return clients


def operate(clients, worker, round_number):
    """Changes of the control and data planes, until the server is gone."""
    iot, iam, data = clients
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]})  # fmt: skip
    key = make_key()
    for count in range(1_000_000):
        name = f"r{round_number}w{worker}n{count}"
        try:
            iot.create_thing(thingName=name)
            iot.create_policy(policyName=name, policyDocument=document)
            made = iot.create_certificate_from_csr(certificateSigningRequest=make_csr(key))
            iot.attach_policy(policyName=name, target=made["certificateArn"])
            iam.create_user(UserName=name)
            data.publish(topic=f"kept/{worker}", retain=True, payload=name)
            iot.delete_thing(thingName=name)
        except (HTTPClientError, BotoCoreError):
            return


def provision_devices(server, ledger, claim, template, worker, round_number):
    """Devices that provision over MQTT, until the server is gone."""
    csr = json.dumps({"certificateSigningRequest": make_csr(make_key())})
    try:
        device = Device(server, claim)
    except (Refused, queue.Empty):
        return
    for count in range(1_000_000):
        device.send(f"{CREATE_FROM_CSR}/json", csr)
        made = hear(device, CREATE_FROM_CSR)
        if made is None:
            break
        ledger.certificates.append(made.body["certificateId"])
        serial = f"r{round_number}d{worker}n{count}"
        token = made.body["certificateOwnershipToken"]
        body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
        device.send(f"{provision(template)}/json", json.dumps(body))
        answer = hear(device, provision(template))
        if answer is None:
            break
        ledger.things.append((answer.body["thingName"], made.body["certificateId"]))
    device.close()


def hear(device, topic):
    """The answer, an acceptance; `None` when the connection ended before it."""
    while True:
        try:
            message = device.next(timeout=0.05)
        except queue.Empty:
            if device.ends.empty() or not device.messages.empty():
                continue
            return None
        answer = Answer(message.topic.endswith("/accepted"), json.loads(message.payload))
        assert answer.accepted, (topic, answer)
        return answer


def test_what_was_acknowledged_before_kill_9_has_its_record(own_server):
    own, ledger = own_server(), Ledger()
    fleet = Fleet(own.start())
    template, claim = fleet.template(), fleet.claim("*")
    clients = clients_of(fleet.server, ledger)
    seed = random.randrange(2**32)
    moment = random.Random(seed)
    print(f"moments of the kills come from seed {seed}")
    with ThreadPoolExecutor(OPERATORS + DEVICES) as workers:
        for kill in range(KILLS):
            working = [
                workers.submit(operate, clients, worker, kill)
                for worker in range(OPERATORS)
            ] + [
                workers.submit(
                    provision_devices, fleet.server, ledger, claim, template, worker, kill
                )
                for worker in range(DEVICES)
            ]
            time.sleep(moment.uniform(0.2, 0.7))
            own.kill()
            for each in working:
                each.result()
            fleet.server = own.start()
    own.kill()

    registry = sqlite3.connect(own.data / "fleetwright.db")
    rows = registry.execute(
        "SELECT request_id, operation, resource FROM audit WHERE outcome = 'Accepted'"
    ).fetchall()
    requests = Counter(request for request, _, _ in rows)
    made = Counter(resource for _, operation, resource in rows if operation == "CreateCertificateFromCsr")
    registered = Counter(resource for _, operation, resource in rows if operation == "RegisterThing")
    assert len(ledger.requests) > 3 * KILLS and ledger.things
    assert not [each for each in ledger.requests if requests[each] != 1]
    assert not [each for each in ledger.certificates if made[f"cert/{each}"] != 1]
    expected = [f"{template} cert/{cert} thing/{thing}" for thing, cert in ledger.things]
    assert not [each for each in expected if registered[each] != 1]
    # Each server wrote a chain of its own, and nothing is missing in between.
    done = run("audit", "verify", "--data-dir", own.data, "--output", "json")
    assert done.returncode == 0, done.stdout
    assert len(json.loads(done.stdout)["chains"]) > KILLS / 2
