"""A data directory that an earlier version made and left killed, opened by this one."""

import json
import shutil
import sqlite3
import tarfile
import pathlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from device import Device, Refused
from faults import kill_at
from fleet import Fleet, make_client
from identity import Identity
from make_fixture import CONFIG, audit
from registry import differences, snapshot
from serving import OwnServer, run

FIXTURES = sorted(pathlib.Path(__file__).parent.glob("*.tar.gz"))
# The fixture's records are as old as the fixture; here they are not too old.
KEPT = "[audit]\ndays = 3650\n"
MOST_CUTS = 400


class Old:
    """A fixture, unpacked once, and copied for each who opens it."""

    def __init__(self, archive, place):
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="fully_trusted")
        self.data = place / "data"
        self.outside = json.loads((place / "outside.json").read_text())
        self.expected = json.loads((place / "expected.json").read_text())

    def copy(self, place):
        own = OwnServer(place, CONFIG + KEPT)
        shutil.copytree(self.data, own.data)
        return own

    def identity(self, *path):
        found = self.outside
        for each in path:
            found = found[each]
        return Identity(found["certificate"], found["key"])


@pytest.fixture(scope="module", params=FIXTURES, ids=lambda path: path.name.split(".")[0])
def old(request, tmp_path_factory):
    return Old(request.param, tmp_path_factory.mktemp("old"))


@pytest.fixture
def own(old, tmp_path):
    with old.copy(tmp_path) as own:
        yield own


@pytest.fixture(scope="module")
def opened(old, tmp_path_factory):
    """Open, for those who only look and connect."""
    with old.copy(tmp_path_factory.mktemp("opened")) as own:
        yield own, own.start()


def as_today(registry):
    """What 77a7044 said of thing groups was there although there was none of it: AWS leaves it out."""
    for group in registry["groups"].values():
        if group["thingGroupMetadata"].get("rootToParentThingGroups") == []:
            del group["thingGroupMetadata"]["rootToParentThingGroups"]
        if group["thingGroupProperties"].get("attributePayload") == {"attributes": {}}:
            del group["thingGroupProperties"]["attributePayload"]
    return registry


def check_registry(old, server):
    changed = differences(as_today(old.expected["registry"]), snapshot(server))
    assert not changed, "\n".join(changed)


def test_there_is_a_fixture_of_each_version_that_is_supported():
    assert [path.name for path in FIXTURES] == ["77a7044.tar.gz"]


def test_everything_in_the_registry_is_still_there(old, opened):
    check_registry(old, opened[1])


def test_the_audit_trail_is_still_there(old, opened):
    own, server = opened
    kept = {record["requestId"]: record for record in audit(own, server)}
    # Other members may come in addition.
    lost = differences({r["requestId"]: r for r in old.expected["audit"]}, kept)
    assert len(old.expected["audit"]) > 30 and not lost, lost


def test_the_audit_trail_has_a_chain_from_now_on(old, own):
    def verified():
        done = run("audit", "verify", "--data-dir", own.data, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    with sqlite3.connect(own.data / "fleetwright.db") as registry:
        (before,) = registry.execute("SELECT count(*) FROM audit").fetchone()
    registry.close()
    fleet = Fleet(own.start())
    fleet.iot.create_thing(thingName="after-the-upgrade")
    assert before > 30 and verified()["beforeTheChainBegan"] == before
    own.kill()
    own.start()
    assert own.stop() == 0
    report = verified()
    assert report["beforeTheChainBegan"] == before and report["records"] > 0
    # Nobody puts in a record as if it were from before.
    with sqlite3.connect(own.data / "fleetwright.db") as registry:
        registry.execute(
            "INSERT INTO audit (at, principal, operation, parameters, outcome, request_id) "
            "VALUES (1, 'somebody', 'CreateThing', '', 'Accepted', 'forged')"
        )
    done = run("audit", "verify", "--data-dir", own.data)
    assert done.returncode == 1 and "forged" in done.stdout, done.stdout


def test_devices_connect_as_before(old, opened):
    server = opened[1]
    for name in old.outside["devices"]:
        with Device(server, old.identity("devices", name), name) as device:
            topic = f"fleet/{name}/hello"
            device.subscribe(topic)
            device.publish(topic, b"again")
            assert device.next().payload == b"again"
    for identity in (old.identity("revoked"), old.identity("newcomers", "line-2")):
        with pytest.raises(Refused):
            Device(server, identity).close()
    # The newcomer was registered by coming.
    for _ in range(50):
        try:
            Device(server, old.identity("newcomers", "line-2"), "line-2").close()
            break
        except Refused:
            continue
    else:
        pytest.fail("a device of the registered CA is not let in")


@pytest.mark.parametrize("template", ["plain", "hooked"])
def test_the_old_claim_provisions(old, opened, template):
    server = opened[1]
    with Device(server, old.identity("claim")) as asking:
        identity, token = asking.certificate_from_csr()
        answer = asking.register(template, token, SerialNumber=f"new-{template}")
        assert answer.accepted, answer.body
    thing = f"sensor-new-{template}"
    assert Fleet(server).principals(thing)
    Device(server, identity, thing).close()


def test_the_old_claim_is_given_keys(old, opened):
    with Device(opened[1], old.identity("claim")) as asking:
        body = asking.accepted("$aws/certificates/create")
        assert "RSA PRIVATE KEY" in body["privateKey"]


def test_old_access_keys_open_the_control_plane(old, opened):
    operator = old.outside["operator"]
    core = make_client(opened[1], aws_access_key_id=operator["id"],
                       aws_secret_access_key=operator["secret"])  # fmt: skip
    assert core.list_things()["things"]


def test_opening_it_again_changes_nothing(old, own):
    for _ in range(2):
        check_registry(old, own.start())
        assert own.stop() == 0
    own.start()
    own.kill()
    check_registry(old, own.start())


def rows(data):
    """Everything in the tables of before, but the audit trail, which grows by itself."""
    with sqlite3.connect(f"file:{data / 'fleetwright.db'}?mode=ro", uri=True) as registry:
        tables = [name for (name,) in registry.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]  # fmt: skip
        return {name: registry.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in tables}


def test_a_migration_that_was_cut_anywhere_is_done_by_the_next_start(old, tmp_path):
    """Killed before each call that changes the directory or makes it durable."""

    def cut(call):
        with old.copy(tmp_path / str(call)) as own:
            try:
                own.start(faults=kill_at(own.data, call))
                own.kill()
                was_cut = False
            except AssertionError:
                assert own.process.returncode == -9, own.log.read_text()
                was_cut = True
            server = own.start()
            Device(server, old.identity("devices", "sensor-1"), "sensor-1").close()
            if call % 8 == 1:
                check_registry(old, server)
            assert own.stop() == 0
            found = rows(own.data)
            shutil.rmtree(own.directory)
            return was_cut, found

    with ThreadPoolExecutor(4) as workers:
        calls = 0
        seen = []
        while calls < MOST_CUTS:
            came = list(workers.map(cut, range(calls + 1, calls + 9)))
            calls += len(came)
            seen += [found for _, found in came]
            if not all(was_cut for was_cut, _ in came):
                break
    assert 5 < calls < MOST_CUTS
    # Everything but what a start itself writes is the same, wherever the cut was.
    for table in ("things", "certificates", "policies", "policy_versions", "templates"):
        assert len({found[table] for found in seen}) == 1, table


def test_an_older_version_leaves_a_newer_directory_alone(old, own):
    """The schema's number says so, and nothing is changed."""
    own.start()
    assert own.stop() == 0
    with sqlite3.connect(own.data / "fleetwright.db") as registry:
        (schema,) = registry.execute("PRAGMA user_version").fetchone()
        registry.execute(f"PRAGMA user_version = {schema + 1}")
    done = run("serve", *own.arguments())
    assert done.returncode == 1 and "newer" in done.stderr.lower(), done.stderr
