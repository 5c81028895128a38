"""`fleetwright audit verify`: an intact trail verifies, and every kind of tampering is found."""

import base64
import hashlib
import json
import shutil
import sqlite3
import time

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from faults import full_while, no_sync_while
from fleet import Fleet
from serving import OwnServer, run

COLUMNS = (
    "at, principal, client_id, operation, resource, parameters, source, outcome, code, reason, "
    "request_id"
)


def verify(data, *arguments):
    """The exit code, and the report as JSON."""
    done = run("audit", "verify", "--data-dir", data, "--output", "json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def intact(data, *arguments):
    code, report = verify(data, *arguments)
    assert code == 0 and report["found"] == 0, report["findings"]
    return report


def kinds(report):
    return {finding["kind"] for finding in report["findings"]}


def changes(server, count):
    fleet = Fleet(server)
    for _ in range(count):
        fleet.iot.create_thing(thingName=fleet.unique("thing"))
    with pytest.raises(fleet.iot.exceptions.ResourceNotFoundException):
        fleet.iot.describe_thing(thingName="nobody")
    return fleet


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A data directory with two chains, of a server that was killed and one that was stopped; and
    a checkpoint that was kept elsewhere."""
    directory = tmp_path_factory.mktemp("chains")
    with OwnServer(directory) as own:
        changes(own.start(), 5)
        own.kill()
        changes(own.start(), 5)
        assert own.stop() == 0
    kept = directory / "elsewhere.json"
    made = run("audit", "checkpoint", "--data-dir", own.data, "--output", kept)
    assert made.returncode == 0, made.stderr
    return own.data, kept


@pytest.fixture
def copy(stopped, tmp_path):
    """The same, for one test to tamper with."""
    data, kept = stopped
    target = tmp_path / "data"
    shutil.copytree(data, target)
    return target, kept


def test_a_trail_verifies_after_a_kill_and_after_a_stop_and_while_the_server_runs(stopped, own_server):
    data, kept = stopped
    report = intact(data, "--checkpoint", kept)
    assert [head["chain"] for head in report["chains"]] == [1, 2]
    assert report["beforeTheChainBegan"] == 0 and report["checkpoints"] >= 2
    own = own_server()
    fleet = changes(own.start(), 3)
    assert intact(own.data)["records"] >= 3
    fleet.iot.create_thing(thingName="one-more")
    assert intact(own.data)["records"] > 0
    text = run("audit", "verify", "--data-dir", own.data)
    assert text.returncode == 0 and "as it was written" in text.stdout


def first(chain, position):
    return f"chain_row = {chain} AND position = {position}"


# Name: statements, whether only what was kept elsewhere shows it, and what is found.
TAMPERING = {
    "altered": ([f"UPDATE audit SET resource = 'other' WHERE {first(1, 3)}"], False, {"altered"}),
    "outcome altered": (
        [f"UPDATE audit SET outcome = 'Denied', code = 'X' WHERE {first(2, 2)}"],
        False,
        {"altered"},
    ),
    "hash altered": (
        [f"UPDATE audit SET hash = x'00' WHERE {first(1, 3)}"],
        False,
        {"altered"},
    ),
    "removed in the middle": ([f"DELETE FROM audit WHERE {first(1, 3)}"], False, {"removed"}),
    "removed at the beginning": ([f"DELETE FROM audit WHERE {first(1, 1)}"], False, {"removed"}),
    "end of a chain with a successor": (
        ["DELETE FROM audit WHERE row_id = (SELECT max(row_id) FROM audit WHERE chain_row = 1)"],
        False,
        {"removed"},
    ),
    "reordered": (
        [
            f"UPDATE audit SET row_id = -1 WHERE {first(1, 3)}",
            f"UPDATE audit SET row_id = row_id - 1 WHERE {first(1, 4)}",
            "UPDATE audit SET row_id = (SELECT row_id + 1 FROM audit WHERE "
            f"{first(1, 4)}) WHERE row_id = -1",
        ],
        False,
        {"reordered"},
    ),
    "inserted": (
        [
            f"INSERT INTO audit ({COLUMNS}, chain_row, position, hash) "
            f"SELECT {COLUMNS}, chain_row, position, hash FROM audit WHERE {first(1, 3)}"
        ],
        False,
        {"inserted"},
    ),
    "inserted without a chain": (
        [f"INSERT INTO audit ({COLUMNS}) SELECT {COLUMNS} FROM audit WHERE {first(1, 3)}"],
        False,
        {"inserted"},
    ),
    "all chains removed": (["DELETE FROM audit_chains"], False, {"inserted", "removed"}),
    "as if by retention": (
        [
            "UPDATE audit_chains SET removed = 2, removed_hash = "
            f"(SELECT hash FROM audit WHERE {first(1, 2)}) WHERE row_id = 1",
            "DELETE FROM audit WHERE chain_row = 1 AND position <= 2",
        ],
        False,
        {"removed"},
    ),
    "end of the last chain": (
        [
            "DELETE FROM audit WHERE row_id = (SELECT max(row_id) FROM audit)",
            "DELETE FROM audit_checkpoints",
        ],
        True,
        {"removed"},
    ),
    "a checkpoint altered": (
        ["UPDATE audit_checkpoints SET document = replace(document, 'position', 'positiom')"],
        False,
        {"checkpoint"},
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(name, copy):
    data, kept = copy
    statements, needs_checkpoint, expected = TAMPERING[name]
    registry = sqlite3.connect(data / "fleetwright.db")
    with registry:
        for statement in statements:
            assert registry.execute(statement).rowcount > 0, statement
    registry.close()
    code, report = verify(data)
    if needs_checkpoint:
        assert code == 0, report
        code, report = verify(data, "--checkpoint", kept)
    assert code == 1 and kinds(report) >= expected, report["findings"]
    finding = next(each for each in report["findings"] if each["kind"] in expected)
    assert finding["message"]


def digest(*value):
    """The canonical form of docs/audit.md."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def chain_of(registry, number):
    """The records of a chain with the hashes that we compute ourselves."""
    start = registry.execute(
        "SELECT started, unchained, follows_chain, follows_position, follows_hash "
        "FROM audit_chains WHERE row_id = ?",
        [number],
    ).fetchone()
    follows = None if start[2] is None else [start[2], start[3], start[4].hex()]
    previous = digest("fleetwright-audit-chain", number, start[0], start[1], follows)
    rows = registry.execute(
        f"SELECT row_id, position, hash, {COLUMNS} FROM audit WHERE chain_row = ? ORDER BY position",
        [number],
    ).fetchall()
    for row, position, stored, *record in rows:
        previous = digest("fleetwright-audit-record", previous.hex(), number, position, *record)
        yield row, stored, previous


def test_the_hashes_are_as_documented(stopped):
    registry = sqlite3.connect(f"file:{stopped[0] / 'fleetwright.db'}?mode=ro", uri=True)
    for number in (1, 2):
        found = list(chain_of(registry, number))
        assert len(found) > 5
        assert all(stored == computed for _, stored, computed in found)


def test_a_trail_that_was_computed_anew_contradicts_a_checkpoint(copy):
    data, kept = copy
    registry = sqlite3.connect(data / "fleetwright.db")
    with registry:
        registry.execute(f"UPDATE audit SET principal = 'x' WHERE {first(2, 2)}")
        for row, _, computed in list(chain_of(registry, 2)):
            registry.execute("UPDATE audit SET hash = ? WHERE row_id = ?", [computed, row])
    # The server's own checkpoint of its stop, and the one that was kept elsewhere.
    code, report = verify(data)
    assert code == 1 and kinds(report) == {"rewritten"}, report
    with registry:
        registry.execute("DELETE FROM audit_checkpoints")
    assert verify(data)[0] == 0
    code, report = verify(data, "--checkpoint", kept)
    assert code == 1 and kinds(report) == {"rewritten"}
    assert str(kept) in report["findings"][0]["message"]


def test_a_checkpoint_verifies_without_us(stopped):
    data, kept = stopped
    signed = json.loads(kept.read_text())
    printed = run("audit", "public-key", "--data-dir", data).stdout
    assert printed == signed["public-key"]
    key = load_pem_public_key(printed.encode())
    signature = base64.b64decode(signed["signature"])
    key.verify(signature, signed["statement"].encode())
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed["statement"].encode() + b" ")
    said = json.loads(signed["statement"])
    assert said["format"] == "fleetwright-audit-checkpoint-1"
    assert [head["chain"] for head in said["chains"]] == [1, 2]


def test_a_checkpoint_of_another_installation_is_not_believed(copy, own_server, tmp_path):
    data, _ = copy
    own = own_server()
    changes(own.start(), 1)
    other, key = tmp_path / "other.json", tmp_path / "key.pem"
    assert run("audit", "checkpoint", "--data-dir", own.data, "--output", other).returncode == 0
    code, report = verify(data, "--checkpoint", other)
    assert code == 1 and "another key" in report["findings"][0]["message"]
    key.write_text(run("audit", "public-key", "--data-dir", own.data).stdout)
    code, report = verify(data, "--public-key", key)
    assert code == 1 and kinds(report) == {"checkpoint"}


def test_what_cannot_be_verified_ends_with_2(tmp_path, copy):
    data, kept = copy
    missing = run("audit", "verify", "--data-dir", tmp_path / "nowhere")
    assert missing.returncode == 2 and "fleetwright.db" in missing.stderr
    gone = run("audit", "verify", "--data-dir", data, "--checkpoint", tmp_path / "gone.json")
    assert gone.returncode == 2 and "gone.json" in gone.stderr
    # An earlier checkpoint is never overwritten.
    again = run("audit", "checkpoint", "--data-dir", data, "--output", kept)
    assert again.returncode == 1 and "exists" in again.stderr


@pytest.mark.parametrize("fault", [no_sync_while, full_while])
def test_commits_that_failed_break_no_chain(tmp_path, fault):
    switch = tmp_path / "failing"
    with OwnServer(tmp_path) as own:
        fleet = changes(own.start(faults=fault(own.data, switch)), 3)
        answered, refused = [], []
        for number in range(6):
            if number in (2, 3):
                switch.touch()
            else:
                switch.unlink(missing_ok=True)
            try:
                made = fleet.iot.create_thing(thingName=f"thing-{number}")
                answered.append(made["ResponseMetadata"]["RequestId"])
            except ClientError as error:
                refused.append(error.response["ResponseMetadata"]["RequestId"])
        switch.unlink(missing_ok=True)
        assert len(answered) >= 2 and len(refused) >= 2
        own.kill()
        intact(own.data)
        changes(own.start(), 1)
        own.kill()
    intact(own.data)
    registry = sqlite3.connect(own.data / "fleetwright.db")
    accepted = [
        request
        for (request,) in registry.execute("SELECT request_id FROM audit WHERE outcome = 'Accepted'")
    ]
    assert all(accepted.count(request) == 1 for request in answered)
    # What was refused for want of a disk was not recorded as done.
    assert not set(refused) & set(accepted)


def test_what_retention_leaves_verifies(copy, tmp_path):
    data, kept = copy
    with OwnServer(tmp_path, "[audit]\nrecords = 6\n") as own:
        assert own.data == data
        changes(own.start(), 3)
        deadline = time.monotonic() + 60
        while (report := intact(data, "--checkpoint", kept))["chains"][0]["chain"] == 1:
            assert time.monotonic() < deadline, report
            own.kill()
            own.start()
        own.stop()
    report = intact(data, "--checkpoint", kept)
    assert report["passedByRetention"] > 0
    registry = sqlite3.connect(data / "fleetwright.db")
    told = registry.execute(
        "SELECT principal, resource FROM audit WHERE operation = 'RemoveAuditRecords'"
    ).fetchall()
    assert told and all(who == "fleetwright" for who, _ in told)
