"""Many requests at once on one connection: answered in order, none lost."""

import json

import pytest

from device import CREATE, CREATE_FROM_CSR, VERSIONS, Device, provision
from fleet import Fleet
from identity import Identity, make_csr, make_key, public_bytes

KEYS = 40
CSRS = 400


@pytest.fixture(scope="module")
def small_pool(own_server):
    fleet = Fleet(own_server(keys_ahead=16).start())
    return fleet.server, fleet.claim("*")


def test_more_keys_than_the_pool_holds_are_all_made(small_pool):
    server, claim = small_pool
    with Device(server, claim) as asking:
        for _ in range(KEYS):
            asking.send(f"{CREATE}/json", b"{}")
        bodies = [asking.answer(CREATE).body for _ in range(KEYS)]
        for unique in ("certificateId", "privateKey", "certificateOwnershipToken"):
            assert len({body[unique] for body in bodies}) == KEYS
        asking.certificate_from_csr()
        assert asking.messages.empty()


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("version", VERSIONS)
def test_answers_come_in_the_order_of_the_requests(small_pool, version, qos):
    server, claim = small_pool
    keys = [make_key() for _ in range(20)]
    requests = []
    for n in range(CSRS // 4):
        csr = json.dumps({"certificateSigningRequest": make_csr(keys[n % len(keys)])})
        requests.append((CREATE_FROM_CSR, csr))
        if n % 3 == 0:
            requests.append((provision("any"), b"{}"))
        if n % 25 == 0:
            requests.append((CREATE, b""))
    with Device(server, claim, version=version) as asking:
        if qos:
            topics = [CREATE, CREATE_FROM_CSR, provision("any")]
            asking.subscribe(*(f"{t}/json/{o}" for t in topics for o in ("accepted", "rejected")))
        for topic, payload in requests:
            asking.send(f"{topic}/json", payload, qos)
        made = iter(range(len(requests)))
        for topic, _ in requests:
            body = asking.answer(topic).body
            if topic == CREATE_FROM_CSR:
                key = keys[next(made) % len(keys)]
                issued = Identity(body["certificatePem"], "").certificate.public_key()
                assert public_bytes(issued) == public_bytes(key.public_key())
        asking.certificate_from_csr()
        assert asking.messages.empty()
