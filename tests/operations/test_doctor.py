"""`fleetwright doctor`: each kind of damage is found by name, and a sound directory is clean."""

import contextlib
import datetime
import json
import os
import shutil
import socket
import sqlite3
import subprocess

import pytest

from fleet import Fleet, make_client
from own_ca import OwnCa
from packages import package
from serving import BINARY, OwnServer, clean_environment, run


# Root without the right to make namespaces.
NO_NAMESPACES = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
# Where there is no other user.
ONE_ID = ["unshare", "--map-root-user"]
LOW_LIMITS = ["sh", "-c", 'ulimit -n 32 && exec "$@"', "sh"]
PARTS_OF_PROC = ["unshare", "--mount", "sh", "-c",
                 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh"]  # fmt: skip
# Where nobody may make a user namespace of his own, and root no other.
NOTHING = [*ONE_ID, "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh",
           *NO_NAMESPACES]  # fmt: skip


def doctor(own, more="", within=(), **options):
    """The findings by check, the worst first, and the exit code."""
    config = own.directory / "doctor.toml"
    mqtt, api = own.ports
    config.write_text(f'mqtt-listen = "127.0.0.1:{mqtt}"\napi-listen = "127.0.0.1:{api}"\n'
                      f"[mqtt]\nmax-connections = 100\n{more}")  # fmt: skip
    command = [*within, BINARY, "doctor", "--data-dir", own.data, "--config", config, "--output", "json"]
    done = subprocess.run(list(map(str, command)), env=clean_environment() | options,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    order = {"error": 0, "warning": 1, "ok": 2}
    findings = sorted(found["findings"], key=lambda each: order[each["severity"]])
    assert (done.returncode == 1) == (found["worst"] == "error"), done
    return findings, done.returncode


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A stopped server's directory with something in it; damaged copies are made of it."""
    config = "[provisioning]\nkey-pool-capacity = 2\n"
    with OwnServer(tmp_path_factory.mktemp("sound"), config) as own:
        fleet = Fleet(own.start())
        fleet.iot.create_thing(thingName="one")
        fleet.claim("*")
        role = fleet.role("functions", service="lambda.amazonaws.com")
        make_client(fleet.server, "lambda").create_function(
            FunctionName="echo", Runtime="python3.12", Role=role, Handler="app.handler",
            Code={"ZipFile": package()},
        )  # fmt: skip
        assert own.stop() == 0
        yield own


@pytest.fixture
def copy(sound, tmp_path):
    with OwnServer(tmp_path, "[provisioning]\nkey-pool-capacity = 2\n") as own:
        shutil.copytree(sound.data, own.data)
        yield own


def registry(own, *statements):
    with contextlib.closing(sqlite3.connect(own.data / "fleetwright.db")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def damage_pages(own):
    with (own.data / "fleetwright.db").open("r+b") as database:
        database.seek(4096 * 5)
        database.write(os.urandom(4096 * 20))


def other_ca(own):
    """A CA of another root in the place of the issuing one."""
    ca = OwnCa("a stranger")
    (own.data / "ca/issuing.pem").write_text(ca.pem)
    key = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt"], input=ca.key_text, text=True,
                         capture_output=True, check=True)  # fmt: skip
    (own.data / "ca/issuing.key").write_text(key.stdout)


def unlink(name):
    return lambda own: (own.data / name).unlink()


def write(name, content, mode=0o600):
    def do(own):
        (own.data / name).write_bytes(content)
        (own.data / name).chmod(mode)

    return do


def chmod(name, mode):
    return lambda own: (own.data / name).chmod(mode)


def later(days):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return int(at.timestamp() * 1000)


OTHER_ID = b"00000000-0000-4000-8000-000000000000\n"
# What is done, which check finds it, what it names, and what the remedy names.
DAMAGE = {
    "no registry": (unlink("fleetwright.db"), "parts", "fleetwright.db is missing", "backup"),
    "an empty registry": (write("fleetwright.db", b""), "parts", "fleetwright.db", "backup"),
    "no database at all": (write("fleetwright.db", b"x" * 8192), "registry", "not a SQLite", "restore"),
    "damaged pages": (damage_pages, "registry", "damaged", "restore"),
    "a newer schema": (
        lambda own: registry(own, "PRAGMA user_version = 9999"), "schema", "9999", "newer"),
    "no root": (unlink("ca/root.pem"), "parts", "ca/root.pem is missing", "backup"),
    "no issuing key": (unlink("ca/issuing.key"), "parts", "ca/issuing.key", "backup"),
    "a root that is none": (write("ca/root.pem", b"nothing"), "authority", "root.pem", "backup"),
    "a foreign issuing CA": (other_ca, "authority", "not signed by", "backup"),
    "another's ca/": (write("ca/installation", OTHER_ID), "parts", "ca/ belongs to", "backup"),
    "another's key pool": (write("key-pool/installation", OTHER_ID), "parts", "key-pool/", "backup"),
    "another sealing key": (write("sealing.key", b"k" * 32), "sealing key", "does not open", "backup"),
    "half a sealing key": (write("sealing.key", b"k" * 16), "sealing key", "does not open", "backup"),
    "no sealing key": (unlink("sealing.key"), "parts", "sealing.key is missing", "backup"),
    "a directory for all": (
        lambda own: own.data.chmod(0o755), "permissions", "others may enter", "chmod 700"),
    "a key for all": (chmod("ca/issuing.key", 0o644), "permissions", "ca/issuing.key", "chmod"),
    "credentials for all": (
        chmod("admin.credentials", 0o640), "permissions", "admin.credentials", "chmod"),
    "a strange key in the pool": (
        write("key-pool/keys.sealed", b"x"), "key pool", "keys.sealed", "rm -r"),
    "code that was changed": (
        lambda own: registry(own, "UPDATE function_code SET content = x'00'"),
        "functions", "not as uploaded", "update-function-code"),
    "a row that names nothing": (
        lambda own: registry(own, "PRAGMA foreign_keys = OFF",
                             "UPDATE function_versions SET code_sha256 = x'01'"),
        "registry", "function_code", "restore"),
    "an altered record": (
        lambda own: registry(own, "UPDATE audit SET principal = 'nobody' WHERE row_id = 3"),
        "audit trail", "", "audit verify"),
    "a clock that is behind": (
        lambda own: registry(own, f"UPDATE installation SET last_seen = {later(2)}"),
        "clock", "behind", "timedatectl"),
}  # fmt: skip


def test_a_sound_directory_is_clean_live_or_not(copy):
    findings, code = doctor(copy)
    assert code == 0 and {each["severity"] for each in findings} == {"ok"}, findings
    assert {"parts", "permissions", "registry", "authority", "sealing key", "audit trail", "clock",
            "disk", "limits", "addresses", "functions", "containment"} <= {each["check"] for each in findings}
    before = {path: path.read_bytes() for path in copy.data.rglob("*") if path.is_file()}
    doctor(copy)
    after = {path: path.read_bytes() for path in copy.data.rglob("*") if path.is_file()
             and not path.name.startswith("fleetwright.db-")}  # fmt: skip
    assert after == {path: content for path, content in before.items()
                     if not path.name.startswith("fleetwright.db-")}  # fmt: skip
    copy.start()
    findings, code = doctor(copy)
    assert code == 0 and {each["severity"] for each in findings} == {"ok"}, findings
    assert str(copy.process.pid) in next(e["found"] for e in findings if e["check"] == "server")
    assert copy.stop() == 0


@pytest.mark.parametrize("what", DAMAGE)
def test_each_kind_of_damage_is_found_and_named(copy, what):
    bring_about, check, named, remedy = DAMAGE[what]
    bring_about(copy)
    findings, code = doctor(copy)
    assert code == 1, findings
    found = [each for each in findings if each["severity"] == "error" and each["check"] == check]
    assert found and named in found[0]["found"], findings
    assert any(remedy in each["remedy"] for each in found), found


def test_left_overs_are_told_with_the_way_to_be_rid_of_them(copy):
    for name in (".root-ca.pem.77.new", "key-pool/0.sealed.unreadable"):
        (copy.data / name).write_bytes(b"")
    findings, code = doctor(copy)
    assert code == 0 and findings[0]["check"] == "left-overs", findings
    assert findings[0]["severity"] == "warning" and "root-ca.pem.77.new" in findings[0]["remedy"]
    subprocess.run(findings[0]["remedy"].partition(": ")[2], shell=True, check=True)
    assert {each["severity"] for each in doctor(copy)[0]} == {"ok"}


def test_an_address_that_another_program_has(copy):
    with socket.create_server(("127.0.0.1", copy.ports[0])):
        findings, code = doctor(copy)
    assert code == 1 and findings[0]["check"] == "addresses"
    assert str(copy.ports[0]) in findings[0]["found"] and "--mqtt-listen" in findings[0]["remedy"]


def containment(own, more="", **options):
    finding, = (each for each in doctor(own, more, **options)[0] if each["check"] == "containment")
    return finding["severity"], finding["found"], finding.get("remedy", "")


def test_whether_functions_can_be_contained_is_tried(copy, tmp_path):
    severity, found, _ = containment(copy)
    assert severity == "ok" and "functions are contained; their memory is bounded by" in found
    severity, found, remedy = containment(copy, '[functions]\ncontainment = "limits"\n')
    user = "root" if os.geteuid() == 0 else "this user"
    assert severity == "warning" and f"functions see and may do what {user} does" in found
    assert '"full"' in remedy
    finding = within(copy, NOTHING)
    assert finding["severity"] == "warning" and "functions cannot run here" in finding["found"]
    assert "user namespaces" in finding["found"] and "user namespaces" in finding["remedy"]


def within(own, machine):
    """What is found of containment there."""
    findings, _ = doctor(own, within=machine)
    finding, = (each for each in findings if each["check"] == "containment")
    return finding


@pytest.mark.parametrize("machine", [NO_NAMESPACES, ONE_ID, LOW_LIMITS, PARTS_OF_PROC],
                         ids=["no-sys-admin", "one-id", "low-limits", "parts-of-proc"])  # fmt: skip
def test_functions_are_contained_in_ordinary_containers(copy, machine):
    finding = within(copy, machine)
    assert finding["severity"] == "ok", finding


def test_a_control_group_that_is_none_is_told(copy):
    """One that is not there is refused when the configuration is read."""
    config = '[functions]\ncgroup = "/tmp"\n'
    severity, found, remedy = containment(copy, config)
    assert severity == "error" and "/tmp is no control group" in found and "leave" in remedy
    copy.configure(config)
    done = run("serve", *copy.arguments())
    assert done.returncode == 1
    assert '[functions] cgroup = "/tmp": /tmp is no control group' in done.stderr


def test_what_is_no_data_directory(tmp_path):
    own = OwnServer(tmp_path)
    findings, code = doctor(own)
    assert code == 1 and findings[0]["check"] == "directory"
    own.data.mkdir(mode=0o700)
    findings, code = doctor(own)
    assert code == 0 and "empty directory" in next(e["found"] for e in findings if e["check"] == "parts")
    assert list(own.data.iterdir()) == []


def test_the_table_is_for_people(copy):
    (copy.data / "sealing.key").unlink()
    done = run("doctor", "--data-dir", copy.data)
    assert done.returncode == 1 and "sealing.key is missing" in done.stdout
    assert "error" in done.stdout and "→" in done.stdout
    assert run("doctor", "--frobnicate").returncode == 2
