"""What was accepted is there: after a stop, and after `kill -9` at any moment under load."""

import json
import queue
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from device import CREATE_FROM_CSR, Answer, Device, Refused, provision
from fleet import AS_ITSELF, Fleet, template_body
from identity import Identity, key_pem, make_csr, make_key

WORKERS = 8
CRASHES = 4


class Line:
    """Devices that provision until the server is gone, and what each was told."""

    def __init__(self, fleet, claim, template):
        self.fleet, self.claim, self.template = fleet, claim, template
        self.keys = [make_key() for _ in range(WORKERS)]
        self.accepted = {}  # serial: identity
        self.unanswered = {}  # serial: (identity, token)
        self.tokens = {}  # token: serial

    def work(self, worker, round_number):
        """One device after the other, until the connection is lost."""
        key = self.keys[worker]
        csr = json.dumps({"certificateSigningRequest": make_csr(key)})
        try:
            device = Device(self.fleet.server, self.claim)
        except (Refused, queue.Empty):
            return
        for count in range(1_000_000):
            serial = f"r{round_number}w{worker}n{count}"
            device.send(f"{CREATE_FROM_CSR}/json", csr)
            made = self._hear(device, CREATE_FROM_CSR)
            if made is None:
                break
            assert made.accepted, made
            identity = Identity(made.body["certificatePem"], key_pem(key))
            token = made.body["certificateOwnershipToken"]
            assert self.tokens.setdefault(token, serial) == serial
            self.unanswered[serial] = identity, token
            body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
            device.send(f"{provision(self.template)}/json", json.dumps(body))
            answer = self._hear(device, provision(self.template))
            if answer is None:
                break
            self.check(serial, answer)
        device.close()

    def _hear(self, device, topic):
        """The answer; `None` when the connection ended before it."""
        while True:
            try:
                message = device.next(timeout=0.05)
            except queue.Empty:
                if device.ends.empty() or not device.messages.empty():
                    continue
                return None
            outcome = message.topic.removeprefix(f"{topic}/json/")
            assert outcome in ("accepted", "rejected"), message.topic
            return Answer(outcome == "accepted", json.loads(message.payload))

    def check(self, serial, answer):
        assert answer.accepted, answer
        assert answer.body == {"deviceConfiguration": {}, "thingName": f"sensor-{serial}"}
        self.accepted[serial], _ = self.unanswered.pop(serial)

    def retry(self):
        """Devices whose answer was lost ask again with the same token, and once more."""
        with Device(self.fleet.server, self.claim) as device:
            for serial, (_, token) in list(self.unanswered.items()):
                first = device.register(self.template, token, SerialNumber=serial)
                self.check(serial, first)
                assert device.register(self.template, token, SerialNumber=serial) == first
                other = device.register(self.template, token, SerialNumber=f"{serial}-twice")
                assert other.body["errorCode"] == "InvalidCertificateOwnershipToken"


def names(fleet, operation, member, key):
    found = fleet.iot.get_paginator(operation).paginate()
    return [item[key] for page in found for item in page[member]]


def check_device(fleet, serial, identity, group, policy):
    """Everything that *accepted* promised."""
    thing = f"sensor-{serial}"
    assert fleet.status(identity) == "ACTIVE", serial
    assert fleet.principals(thing) == [fleet.arn(identity)], serial
    assert fleet.attributes(thing) == {"serial": serial}
    assert fleet.policies(identity) == [policy], serial
    with Device(fleet.server, identity, thing) as device:
        # Its right to this topic is the group's.
        assert device.publish(f"members/{group}") == 0, serial
        assert device.publish(f"fleet/{thing}/up") == 0, serial


def test_kill_9_under_load_loses_nothing_that_was_accepted(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    group, policy = fleet.group(), fleet.policy(*AS_ITSELF)
    template = fleet.template(template_body(policy, thing={"ThingGroups": [group]}))
    line = Line(fleet, fleet.claim("*"), template)
    seed = random.randrange(2**32)
    moment = random.Random(seed)
    print(f"moments of the crashes come from seed {seed}")
    with ThreadPoolExecutor(WORKERS) as workers:
        for crash in range(CRASHES):
            working = [workers.submit(line.work, worker, crash) for worker in range(WORKERS)]
            time.sleep(moment.uniform(0.3, 1.5))
            own.kill()
            for each in working:
                each.result()
            fleet.server = own.start()
            line.retry()
        own.kill()
        fleet.server = own.start()
        assert own.stop() == 0
        fleet.server = own.start()
        assert not line.unanswered and len(line.accepted) > CRASHES
        checks = [
            workers.submit(check_device, fleet, serial, identity, group, policy)
            for serial, identity in line.accepted.items()
        ]
        for each in checks:
            each.result()
    # No token registered two things, and nothing was registered that nobody asked for.
    things = names(fleet, "list_things", "things", "thingName")
    assert sorted(things) == sorted(f"sensor-{serial}" for serial in line.accepted)


def test_kill_9_while_an_operator_works_loses_nothing_that_was_answered(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    answered, stop = [], threading.Event()

    def operate():
        count = 0
        while not stop.is_set():
            try:
                fleet.iot.create_thing(thingName=f"thing-{count}")
            except Exception:
                return
            answered.append(f"thing-{count}")
            count += 1

    operator = threading.Thread(target=operate)
    operator.start()
    time.sleep(random.uniform(0.2, 0.8))
    own.kill()
    stop.set()
    operator.join()
    fleet.server = own.start()
    things = set(names(fleet, "list_things", "things", "thingName"))
    assert set(answered) <= things and len(things) <= len(answered) + 1


def test_an_answer_that_was_lost_is_given_again(own_server):
    """The device dies between its request and the answer; the server restarts in between, too."""
    own = own_server()
    fleet = Fleet(own.start())
    template, claim = fleet.template(), fleet.claim("*")
    device = Device(fleet.server, claim)
    identity, token = device.certificate_from_csr()
    body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": "lost"}}
    device.publish(f"{provision(template)}/json", json.dumps(body), qos=1)
    device.cut()
    with Device(fleet.server, claim) as again:
        first = again.register(template, token, SerialNumber="lost")
    assert first.accepted
    for _ in range(2):
        assert own.stop() == 0
        fleet.server = own.start()
        with Device(fleet.server, claim) as again:
            assert again.register(template, token, SerialNumber="lost") == first
    assert fleet.principals("sensor-lost") == [fleet.arn(identity)]


def test_a_session_survives_no_restart_but_its_certificate_does(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    template, claim = fleet.template(), fleet.claim("*")
    with Device(fleet.server, claim) as device:
        identity, token = device.certificate_from_csr()
    own.kill()
    fleet.server = own.start()
    # The token of before the crash is good, and the certificate still waits for it.
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    with Device(fleet.server, claim) as device:
        assert device.register(template, token, SerialNumber="after").accepted
    Device(fleet.server, identity, "sensor-after").close()
