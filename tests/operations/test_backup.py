"""`fleetwright backup` and `restore`: one file, made beside a server at work, that holds what was
acknowledged; and nothing that would be handed out twice."""

import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import threading
import time

import pytest
from botocore.exceptions import ClientError

from device import CREATE, Device, Refused
from faults import full_while, kill_at
from fleet import Fleet, make_client
from serving import BINARY, clean_environment, run

WAY_OUT = "--force"


def backup(own, to, *options):
    done = run("backup", "--data-dir", own.data, "--to", to, "--output", "json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["manifest"]


def restore(file, data):
    done = run("restore", file, "--data-dir", data)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*arguments, named, **options):
    done = run(*arguments, **options)
    assert done.returncode == 1, done
    for name in named if isinstance(named, (list, tuple)) else [named]:
        assert name in done.stderr, done.stderr
    return done.stderr


@pytest.fixture
def site(own):
    """A small fleet at work, and what its server has acknowledged."""
    fleet = Fleet(own.start())
    fleet.template_name, fleet.claim_identity = fleet.template(), fleet.claim("*")
    fleet.devices = {
        serial: fleet.device(fleet.claim_identity, fleet.template_name, serial)
        for serial in ("1", "2")
    }
    return fleet


def check_restored(server, fleet):
    restored = Fleet.__new__(Fleet)
    restored.server, restored.iot = server, make_client(server)
    for serial, identity in fleet.devices.items():
        assert restored.exists(f"sensor-{serial}")
        Device(server, identity, f"sensor-{serial}").close()
    with Device(server, fleet.claim_identity) as asking:
        _, token = asking.certificate_from_csr()
        serial = f"after-{time.monotonic_ns()}"
        assert asking.register(fleet.template_name, token, SerialNumber=serial).accepted


def test_a_backup_of_a_running_server_holds_what_was_acknowledged(own, elsewhere, site, tmp_path):
    file = tmp_path / "one.tar"
    manifest = backup(own, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob(".*")] == []
    counts = {each["of"]: each["count"] for each in manifest["counts"]}
    assert counts["things"] == 2
    own.kill()  # the old server is gone for good
    said = restore(file, elsewhere.data)
    assert "is not in it" in said and WAY_OUT in said
    check_restored(elsewhere.start(), site)


def test_a_backup_under_load_is_of_one_moment(own, elsewhere, site, tmp_path):
    """Whatever was acknowledged before the command began is in it, and the rest is whole."""
    acknowledged, stop = [], threading.Event()

    def work(worker):
        for count in range(100_000):
            if stop.is_set():
                return
            name = f"w{worker}n{count}"
            site.iot.create_thing(thingName=name, attributePayload={"attributes": {"n": str(count)}})
            acknowledged.append(name)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for each in workers:
        each.start()
    try:
        files = []
        for number in range(3):
            deadline = time.monotonic() + 60
            while len(acknowledged) < 10 * (number + 1):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            before = list(acknowledged)
            files.append((tmp_path / f"{number}.tar", before))
            backup(own, files[-1][0])
    finally:
        stop.set()
        for each in workers:
            each.join()
    for file, before in files:
        with tarfile.open(file) as archive:
            archive.extract("fleetwright.db", tmp_path, filter="data")
        with sqlite3.connect(tmp_path / "fleetwright.db") as registry:
            there = {name for (name,) in registry.execute("SELECT name FROM things")}
            assert registry.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert len(before) > 3 and set(before) <= there
        (tmp_path / "fleetwright.db").unlink()
    own.kill()
    restore(files[-1][0], elsewhere.data)
    check_restored(elsewhere.start(), site)


def test_no_private_key_is_handed_out_twice(own, elsewhere, site, tmp_path):
    """Keys that lay ready when the backup was made are not in it."""

    def keys(server, count):
        with Device(server, site.claim_identity) as asking:
            return {asking.accepted(CREATE)["privateKey"] for _ in range(count)}

    deadline = time.monotonic() + 60
    while len(list((own.data / "key-pool").glob("*.sealed"))) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    file = tmp_path / "one.tar"
    manifest = backup(own, file)
    assert not [m["name"] for m in manifest["members"] if m["name"].startswith("key-pool")]
    first = keys(site.server, 6)
    own.kill()
    restore(file, elsewhere.data)
    assert not (elsewhere.data / "key-pool").exists()
    assert not first & keys(elsewhere.start(), 6)


def test_a_backup_of_a_killed_server_holds_its_log(own, elsewhere, site, tmp_path):
    site.iot.create_thing(thingName="in-the-log")
    own.kill()
    assert (own.data / "fleetwright.db-wal").stat().st_size > 0
    before = (own.data / "fleetwright.db-wal").read_bytes()
    backup(own, tmp_path / "one.tar")
    assert (own.data / "fleetwright.db-wal").read_bytes() == before
    restore(tmp_path / "one.tar", elsewhere.data)
    server = elsewhere.start()
    assert make_client(server).describe_thing(thingName="in-the-log")
    check_restored(server, site)


def test_a_stopped_server_and_its_configuration(own, elsewhere, site, tmp_path):
    assert own.stop() == 0
    config = own.directory / "fleetwright.toml"
    backup(own, tmp_path / "one.tar", "--config", config)
    restore(tmp_path / "one.tar", elsewhere.data)
    assert (elsewhere.data / "fleetwright.toml").read_text() == config.read_text()
    check_restored(elsewhere.start(), site)


def test_a_server_at_rest_has_nothing_but_its_database(own, elsewhere, site):
    """Who copies fleetwright.db alone, against all advice, loses nothing that has rested."""
    deadline = time.monotonic() + 30
    while (own.data / "fleetwright.db-wal").stat().st_size:
        assert time.monotonic() < deadline, "the log is not brought into the database"
        time.sleep(0.2)
    with sqlite3.connect(f"file:{own.data}/fleetwright.db?immutable=1", uri=True) as registry:
        assert registry.execute("SELECT count(*) FROM things").fetchone() == (2,)
    site.iot.create_thing(thingName="later")
    own.kill()
    assert make_client(own.start()).describe_thing(thingName="later")


def test_the_restore_is_recorded_and_an_old_record_is_kept(own, elsewhere, site, tmp_path):
    backup(own, tmp_path / "one.tar")
    restore(tmp_path / "one.tar", elsewhere.data)
    server = elsewhere.start()
    done = run("audit", "--api", server.api.removeprefix("http://"), "--credentials",
               server.credentials, "--output", "json")  # fmt: skip
    operations = [json.loads(line)["operation"] for line in done.stdout.splitlines()]
    assert "fleetwright:RestoreBackup" in operations and "RegisterThing" in operations


def test_a_device_that_a_restored_server_does_not_know_is_told(own, elsewhere, site, tmp_path):
    file = tmp_path / "one.tar"
    backup(own, file)
    (tmp_path / "claim.pem").write_text(site.claim_identity.certificate_pem)
    (tmp_path / "claim.key").write_text(site.claim_identity.private_key_pem)

    def provision(server, *options):
        return run("device", "provision", "--endpoint", f"localhost:{server.mqtt.rpartition(':')[2]}",
                   "--ca", server.root_ca, "--claim-cert", tmp_path / "claim.pem",
                   "--claim-key", tmp_path / "claim.key", "--template", site.template_name,
                   "--parameter", "SerialNumber=late", "--identity", tmp_path / "late",
                   *options)  # fmt: skip

    for _ in range(2):  # the second time it is there already, and known
        done = provision(site.server)
        assert done.returncode == 0, done.stderr
    ports = own.ports
    own.kill()
    restore(file, elsewhere.data)
    elsewhere.ports = ports
    server = elsewhere.start()
    stranded = provision(server)
    assert stranded.returncode == 4 and WAY_OUT in stranded.stderr, stranded
    assert provision(server, WAY_OUT).returncode == 0
    assert provision(server).returncode == 0
    elsewhere.kill()
    # A server that cannot be reached says nothing against it.
    assert provision(server).returncode == 0


def members(file):
    with tarfile.open(file) as archive:
        return [(member, archive.extractfile(member).read()) for member in archive]


def rewrite(file, change):
    """The same tar file with other members."""
    found = change(members(file))
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in found:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def renamed(found, name, to):
    for member, _ in found:
        if member.name == name:
            member.name = to
    return found


def changed(found, name, change):
    return [(m, change(content) if m.name == name else content) for m, content in found]


def named_in_manifest(found, name, to):
    """A member under another name, in the manifest too."""
    found = changed(found, "manifest.json", lambda text: text.replace(
        f'"{name}"'.encode(), f'"{to}"'.encode()))  # fmt: skip
    return renamed(found, name, to)


def without_sealing_key(found):
    manifest = json.loads(found[0][1])
    manifest["members"] = [m for m in manifest["members"] if m["name"] != "sealing.key"]
    found = [(m, content) for m, content in found if m.name != "sealing.key"]
    return changed(found, "manifest.json", lambda _: json.dumps(manifest).encode())


DAMAGE = {
    "a byte of the registry": (lambda f: changed(
        f, "fleetwright.db", lambda c: c[:9000] + b"\xff" + c[9001:]), "fleetwright.db"),
    "a key cut short": (lambda f: changed(f, "sealing.key", lambda c: c[:-1]), "sealing.key"),
    "a member gone": (lambda f: [e for e in f if e[0].name != "ca/root.pem"], "ca/root.pem"),
    "a member in the place of another": (
        lambda f: renamed(f, "ca/issuing.pem", "ca/other.pem"), "ca/issuing.pem"),
    "a member that leads out": (
        lambda f: named_in_manifest(f, "root-ca.pem", "../root-ca.pem"), "root-ca.pem"),
    "no manifest": (lambda f: f[1:], "manifest.json"),
    "another format": (lambda f: changed(f, "manifest.json", lambda c: c.replace(
        b'"format": 1', b'"format": 2')), "format 2"),
    "no installation": (without_sealing_key, "sealing.key is missing"),
}  # fmt: skip


def test_what_is_not_sound_is_found_by_name_before_anything_is_written(own, site, tmp_path):
    good = tmp_path / "good.tar"
    backup(own, good)
    assert run("backup", "verify", good).returncode == 0
    for number, (what, (damage, named)) in enumerate(DAMAGE.items()):
        bad, target = tmp_path / f"{number}.tar", tmp_path / f"target-{number}"
        shutil.copy(good, bad)
        rewrite(bad, damage)
        for arguments in (["backup", "verify", bad], ["restore", bad, "--data-dir", target]):
            error = refused(*arguments, named=named)
            assert "panicked" not in error, what
        assert not target.exists(), what
    for size in (0, 511, 512, 5000, good.stat().st_size // 2, good.stat().st_size - 2000):
        bad = tmp_path / "cut.tar"
        shutil.copy(good, bad)
        os.truncate(bad, size)
        refused("backup", "verify", bad, named="cut.tar")
        refused("restore", bad, "--data-dir", tmp_path / "cut", named="cut.tar")
        assert not (tmp_path / "cut").exists()
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_ever_overwritten(own, site, tmp_path):
    file = tmp_path / "one.tar"
    backup(own, file)
    content = file.read_bytes()
    refused("backup", "--data-dir", own.data, "--to", file, named="exists")
    assert file.read_bytes() == content
    refused("restore", file, "--data-dir", own.data, named="not empty")
    used = tmp_path / "used"
    used.mkdir()
    (used / "notes.txt").write_text("mine")
    refused("restore", file, "--data-dir", used, named=["not empty", "notes.txt"])
    assert [path.name for path in used.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("part", ["sealing.key", "ca/issuing.pem", "ca/installation",
                                  "fleetwright.db"])  # fmt: skip
def test_what_is_no_whole_installation_is_not_backed_up(own, site, part, tmp_path):
    assert own.stop() == 0
    (own.data / part).rename(tmp_path / "aside")
    refused("backup", "--data-dir", own.data, "--to", tmp_path / "one.tar", named=part)
    assert not list(tmp_path.glob("*.tar")) and not list(tmp_path.glob(".*"))


def test_a_damaged_registry_is_not_backed_up(own, site, tmp_path):
    assert own.stop() == 0
    with (own.data / "fleetwright.db").open("r+b") as database:
        database.seek(4096 * 3)
        database.write(os.urandom(4096 * 8))
    done = run("backup", "--data-dir", own.data, "--to", tmp_path / "one.tar")
    assert done.returncode == 1 and not (tmp_path / "one.tar").exists(), done


def interrupted(arguments, faults):
    """Runs a command that may be killed or refused by the disk."""
    import subprocess

    command = [BINARY, *map(str, arguments)]
    return subprocess.run(command, env=clean_environment() | faults, capture_output=True, timeout=60)


def test_a_restore_that_was_cut_anywhere_leaves_nothing_that_starts(own, elsewhere, site, tmp_path):
    file = tmp_path / "one.tar"
    backup(own, file)
    own.kill()
    cuts = 0
    for call in range(1, 300):
        target = tmp_path / "target"
        arguments = ["restore", file, "--data-dir", target]
        done = interrupted(arguments, kill_at(target, call))
        if done.returncode == 0:
            break
        cuts += 1
        # Either there is nothing yet, or no server starts on it; or all of it was in its place.
        elsewhere.data = target
        if target.exists() and any(target.iterdir()):
            if not (target / "fleetwright.db").exists():
                tried = run("serve", *elsewhere.arguments())
                assert tried.returncode == 1, (call, tried.stderr)
            else:
                check_restored(elsewhere.start(), site)
                elsewhere.kill()
            if (target / "fleetwright.db.restoring").exists():
                refused(*arguments, named="cut off")
            shutil.rmtree(target)
    assert 5 < cuts < 299
    elsewhere.data = target
    check_restored(elsewhere.start(), site)


def test_a_full_disk_costs_nothing(own, site, tmp_path):
    switch, place = tmp_path / "full", tmp_path / "place"
    place.mkdir()
    file = tmp_path / "one.tar"
    backup(own, file)
    switch.touch()
    for arguments in (
        ["backup", "--data-dir", own.data, "--to", place / "two.tar"],
        ["restore", file, "--data-dir", place / "data"],
    ):
        done = interrupted(arguments, full_while(place, switch))
        assert done.returncode == 1 and b"No space left" in done.stderr, done
        assert not [path for path in place.iterdir() if path.name != "full"], arguments


def test_an_older_installation_is_backed_up_before_it_is_upgraded(elsewhere, tmp_path):
    """The registry of the fixture has an older schema, and no server of today has seen it."""
    fixture = next(iter((os.path.dirname(__file__) + "/../upgrade/77a7044.tar.gz",)))
    with tarfile.open(fixture) as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    done = run("backup", "--data-dir", tmp_path / "data", "--to", tmp_path / "one.tar")
    assert done.returncode == 0, done.stderr
    restore(tmp_path / "one.tar", elsewhere.data)
    outside = json.loads((tmp_path / "outside.json").read_text())["operator"]
    iot = make_client(elsewhere.start(), aws_access_key_id=outside["id"],
                      aws_secret_access_key=outside["secret"])  # fmt: skip
    assert iot.describe_thing(thingName="in-the-log")


def test_a_revocation_after_the_backup_is_to_be_made_again(own, elsewhere, site, tmp_path):
    """What the command says about it is so."""
    backup(own, tmp_path / "one.tar")
    site.set_status(site.devices["1"], "REVOKED")
    with pytest.raises(Refused):
        Device(site.server, site.devices["1"], "sensor-1")
    own.kill()
    said = restore(tmp_path / "one.tar", elsewhere.data)
    assert "revoked" in said
    server = elsewhere.start()
    Device(server, site.devices["1"], "sensor-1").close()
    with pytest.raises(ClientError, match="not be found|not exist|NotFound"):
        make_client(server).describe_thing(thingName="nobody")
