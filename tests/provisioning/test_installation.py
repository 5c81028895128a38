"""The parts of a data directory know one another: what is missing beside others, damaged, or
another installation's is refused with nothing changed; a mere cache is made anew."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import sqlite3
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from faults import kill_at
from fleet import Fleet, make_client
from serving import OwnServer, run

REFUSED, HEALED = "refused", "healed"
BEFORE_IDS = pathlib.Path(__file__).parents[1] / "upgrade/77a7044.tar.gz"
# Part, and what comes of it when it is: missing, empty, cut in half, of another installation, of
# another that has no id yet, something else altogether.
STATES = ["missing", "empty", "truncated", "foreign", "old", "unreadable"]
PARTS = {
    "fleetwright.db": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca": {**dict.fromkeys(STATES, REFUSED), "truncated": None},
    "ca/root.pem": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca/issuing.key": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca/issuing.pem": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca/installation": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca/server.pem": {**dict.fromkeys(STATES, REFUSED), "missing": HEALED},
    "ca/rsa": {**dict.fromkeys(STATES, REFUSED), "truncated": None},
    "ca/rsa/root.pem": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "ca/rsa/issuing.key": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "sealing.key": dict.fromkeys(STATES, REFUSED),
    "key-pool": {**dict.fromkeys(STATES, REFUSED), "missing": HEALED, "empty": HEALED,
                 "truncated": None},
    "key-pool/installation": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "key-pool/seal.key": {**dict.fromkeys(STATES, REFUSED), "missing": HEALED, "foreign": HEALED,
                          "old": HEALED},
    "functions": {**dict.fromkeys(STATES, REFUSED), "missing": HEALED, "empty": HEALED,
                  "truncated": None},
    "functions/installation": {**dict.fromkeys(STATES, REFUSED), "old": None},
    "root-ca.pem": {**dict.fromkeys(STATES, HEALED), "unreadable": REFUSED},
    "admin.credentials": {**dict.fromkeys(STATES, HEALED), "unreadable": HEALED},
    "lock": {**dict.fromkeys(STATES, HEALED), "unreadable": REFUSED},
}  # fmt: skip
CASES = [
    (part, state, outcome)
    for part, states in PARTS.items()
    for state, outcome in states.items()
    if outcome
]


def digest(directory, but=()):
    """Everything in a directory: names, kinds, bytes, links; but files of these names."""
    whole = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.name.startswith(but or "\0"):
            continue
        whole.update(f"{path.relative_to(directory)} {path.lstat().st_mode}".encode())
        if path.is_symlink():
            whole.update(os.readlink(path).encode())
        elif path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()


def access_key(path):
    """Of admin.credentials, what a start never changes; where the server listens follows it."""
    return [line for line in path.read_text().splitlines() if line.startswith("aws_")]


def made(own_server, thing):
    """An installation with something in its registry, and with its log: killed, not stopped."""
    own = own_server(keys_ahead=4)
    fleet = Fleet(own.start())
    fleet.iot.create_thing(thingName=thing)
    own.kill()
    assert (own.data / "fleetwright.db-wal").stat().st_size > 0
    return own


@pytest.fixture(scope="module")
def ours(own_server):
    return made(own_server, "survivor")


@pytest.fixture(scope="module")
def another(own_server):
    return made(own_server, "stranger")


@pytest.fixture(scope="module")
def old(another, tmp_path_factory):
    """As a version that knew no ids left it, in what matters here."""
    copy = tmp_path_factory.mktemp("old") / "data"
    shutil.copytree(another.data, copy)
    for mark in copy.rglob("installation"):
        mark.unlink()
    return copy


def remove(path):
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def put(source, target):
    """A part of one directory in the place of another's, as an operator copies it."""
    if source.is_dir():
        shutil.copytree(source, target)
        return
    shutil.copy2(source, target)
    if target.name == "fleetwright.db":
        shutil.copy2(f"{source}-wal", f"{target}-wal")


def bring_about(data, part, state, another, old):
    path = data / part
    if state == "truncated":
        size = path.stat().st_size // 2
        # A database is cut between its pages, or SQLite would see it at once.
        os.truncate(path, size // 4096 * 4096 if part.endswith(".db") else size)
        if part.endswith(".db"):
            os.truncate(f"{path}-wal", 0)
        return
    is_directory = path.is_dir()
    remove(path)
    if state == "empty":
        path.mkdir(0o700) if is_directory else path.touch(0o600)
    elif state == "foreign":
        put(another / part, path)
    elif state == "old":
        put(old / part, path)
    elif state == "unreadable":
        path.touch(0o600) if is_directory else path.mkdir(0o700)


@pytest.fixture
def copy(ours, tmp_path):
    own = OwnServer(tmp_path, "[provisioning]\nkey-pool-capacity = 4\n")
    shutil.copytree(ours.data, own.data)
    with own:
        yield own


def serve(own):
    return run("serve", *own.arguments())


def check_refused(own, *named, but=()):
    before = digest(own.data, but)
    done = serve(own)
    assert done.returncode == 1, done.stderr
    assert digest(own.data, but) == before, f"something changed: {done.stderr}"
    error = done.stderr.partition("fleetwright: ")[2]
    for name in named:
        assert name in error, error
    return error


def check_works(own, thing="survivor"):
    fleet = Fleet(own.start())
    assert fleet.exists(thing)
    assert own.stop() == 0


@pytest.mark.parametrize(("part", "state", "outcome"), CASES)
def test_a_part_that_is_not_as_it_was(copy, another, old, part, state, outcome):
    bring_about(copy.data, part, state, another.data, old)
    if outcome == REFUSED:
        # The server's own certificate is looked at when the registry has been opened: its log may
        # have been written into the database by then, as at the end of every server.
        but = ("fleetwright.db", "lock") if part == "ca/server.pem" else ()
        # Of a pair that does not fit, either may be named.
        named = "issuing." if "issuing" in part else part.rpartition("/")[2]
        check_refused(copy, named, but=but)
        return
    credentials = copy.data / "admin.credentials"
    if part == credentials.name:
        # It may be kept elsewhere, and is never made anew.
        before = digest(copy.data / part) if credentials.is_dir() else None
        copy.start()
        assert copy.stop() == 0
        assert credentials.is_dir() == (before is not None)
        assert credentials.exists() == (state != "missing")
        return
    root = copy.data / "ca/root.pem"
    kept = access_key(credentials)
    check_works(copy)
    assert access_key(credentials) == kept
    assert root.read_bytes() in (copy.data / "root-ca.pem").read_bytes()


def test_the_parts_of_two_installations_swapped(copy, another):
    """Each part alone, and all but one."""
    ours = copy.directory / "ours"
    copy.data.rename(ours)
    parts = ["fleetwright.db", "ca", "sealing.key", "key-pool", "functions"]
    for odd in parts:
        for base, other in ((ours, another.data), (another.data, ours)):
            if copy.data.exists():
                shutil.rmtree(copy.data)
            shutil.copytree(base, copy.data)
            remove(copy.data / odd)
            put(other / odd, copy.data / odd)
            check_refused(copy, "installation", "Nothing was changed")


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_a_registry_that_is_gone_costs_nothing_that_was_acknowledged(copy, what):
    """With its log: what was acknowledged is there when the database is put back."""
    database = copy.data / "fleetwright.db"
    kept = database.rename(copy.directory / "kept.db")
    if what == "empty":
        database.touch()
    error = check_refused(copy, "fleetwright.db-wal", "missing or empty")
    assert "backup" in error
    os.replace(kept, database)
    check_works(copy)


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_a_registry_that_is_gone_without_a_log_is_no_new_installation(copy, what):
    own, log = copy, copy.data / "fleetwright.db-wal"
    # A stop while the pages are still looked through leaves the log.
    for _ in range(10):
        own.start()
        assert own.stop() == 0
        if not log.exists():
            break
    database = own.data / "fleetwright.db"
    assert not log.exists()
    kept = database.rename(own.directory / "kept.db")
    if what == "empty":
        database.touch()
    check_refused(own, "fleetwright.db is missing or empty", "ca/", "--data-dir")
    os.replace(kept, database)
    check_works(own)


def test_a_single_file_of_an_installation_is_no_place_for_a_new_one(ours, tmp_path):
    for part in ("sealing.key", "admin.credentials", "root-ca.pem", "ca", "key-pool", "functions"):
        own = OwnServer(tmp_path / part)
        own.data.mkdir(mode=0o700)
        put(ours.data / part, own.data / part)
        check_refused(own, part, "fleetwright.db is missing")


@pytest.fixture
def without_ids(tmp_path):
    """As the last version before there were ids left it."""
    with tarfile.open(BEFORE_IDS) as packed:
        packed.extractall(tmp_path, filter="fully_trusted")
    with OwnServer(tmp_path, "[audit]\ndays = 3650\n") as own:
        yield own


def change(own, *statements):
    with contextlib.closing(sqlite3.connect(own.data / "fleetwright.db")) as registry:
        for statement in statements:
            registry.execute(statement)
        registry.commit()


def check_old_works(own):
    assert make_client(own.start()).list_things()["things"]
    assert own.stop() == 0


def marks(data):
    return {path.parent.name: path.read_text() for path in data.rglob("installation")}


def test_an_installation_of_before_there_were_ids_gains_one(without_ids):
    own = without_ids
    credentials = access_key(own.data / "admin.credentials")
    check_old_works(own)
    first = marks(own.data)
    assert set(first) == {"ca", "rsa", "key-pool", "functions"} and len(set(first.values())) == 1
    check_old_works(own)
    assert marks(own.data) == first
    assert access_key(own.data / "admin.credentials") == credentials


@pytest.mark.parametrize("told", [["ca"], ["ca", "key-pool"], ["ca", "key-pool", "functions"]])
def test_gaining_an_id_goes_on_after_a_cut(without_ids, told):
    """Wherever the start was cut; tests/upgrade cuts it before each of its calls."""
    id = "01234567-89ab-4def-8123-456789abcdef\n"
    for part in told:
        (without_ids.data / part / "installation").write_text(id)
    check_old_works(without_ids)
    assert set(marks(without_ids.data).values()) == {id}


def test_parts_of_before_there_were_ids_are_tried_on_one_another(without_ids, old):
    own = without_ids
    for part, named in (("sealing.key", "sealing.key"), ("ca", "root-ca.pem")):
        kept = (own.data / part).rename(own.directory / "kept")
        put(old / part, own.data / part)
        check_refused(own, named, "another installation's")
        remove(own.data / part)
        kept.rename(own.data / part)
    for part in ("sealing.key", "ca", "fleetwright.db"):
        kept = (own.data / part).rename(own.directory / "kept")
        check_refused(own, part, "missing")
        kept.rename(own.data / part)
    check_old_works(own)


UNUSED = (
    "DELETE FROM sqlite_sequence WHERE name <> 'identities'",
    "UPDATE sqlite_sequence SET seq = 1",
)


def test_an_administrator_whom_a_cut_left_without_rights_gets_them(without_ids):
    """Earlier versions made the user and attached the policy in two commits."""
    own = without_ids
    change(own, "DELETE FROM managed_attachments", *UNUSED)
    credentials = access_key(own.data / "admin.credentials")
    check_old_works(own)
    assert access_key(own.data / "admin.credentials") == credentials


def test_an_administrator_without_rights_by_intent_gets_none(without_ids):
    """An installation that was in use is left as its operator wants it."""
    change(without_ids, "DELETE FROM managed_attachments")
    iot = make_client(without_ids.start())
    with pytest.raises(ClientError, match="not authorized"):
        iot.list_things()
    assert without_ids.stop() == 0


def test_a_runtime_that_was_installed_before_the_first_start_is_in_nobodys_way(tmp_path):
    own = OwnServer(tmp_path)
    (own.data / "functions/runtimes/python3.11").mkdir(parents=True)
    with own:
        own.start()
        assert own.stop() == 0
    assert (own.data / "functions/runtimes/python3.11").is_dir()


def cut_first_start(directory, call):
    """Kills a first start at a call; whether it came that far."""
    own = OwnServer(directory, "[provisioning]\nkey-pool-capacity = 1\n")
    with own:
        try:
            own.start(faults=kill_at(own.data, call))
        except AssertionError:
            assert own.process.returncode == -9, own.log.read_text()
            return own, True
        own.kill()
    return own, False


def test_a_first_start_that_was_cut_anywhere_is_finished_by_the_next(tmp_path):
    """Killed before each call that changes the directory; the administrator works afterwards."""
    most = 400

    def cut(call):
        own, was_cut = cut_first_start(tmp_path / f"{call}", call)
        with own:
            iot = Fleet(own.start()).iot
            iot.create_thing(thingName="first")
            assert own.stop() == 0
        assert not (own.data / "first-start").exists()
        # The last of them may have been making a key when it was told to stop.
        left = [path for path in own.data.rglob(".*.new") if path.parent.name != "key-pool"]
        assert not left, f"{call}: {left}"
        shutil.rmtree(own.directory)
        return was_cut

    with ThreadPoolExecutor(4) as workers:
        cuts = 0
        while cuts < most:
            came = list(workers.map(cut, range(cuts + 1, cuts + 9)))
            if not all(came):
                break
            cuts += len(came)
    assert 30 < cuts + sum(came) < most
