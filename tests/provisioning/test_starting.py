"""How a server starts, refuses to start, and ends; a refused start damages nothing."""

import json
import subprocess

import pytest

from device import CREATE, Device
from fleet import ALLOW_ALL, Fleet, make_client
from running import Server
from serving import BINARY, OwnServer, clean_environment, run


def refused(*arguments):
    """`serve` must end with an error; gives its text, which is for people."""
    if "--api-listen" not in arguments:
        arguments += ("--api-listen", "127.0.0.1:0")
    done = run("serve", "--mqtt-listen", "127.0.0.1:0", *arguments)
    assert done.returncode == 1, done
    assert "panicked" not in done.stderr, done.stderr
    _, found, error = done.stderr.partition("fleetwright: ")
    assert found, done.stderr
    return error


def contents(directory):
    """Every file with its bytes."""
    return {
        path.relative_to(directory): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def used(own_server):
    """A stopped server with something in its registry."""
    own = own_server()
    fleet = Fleet(own.start())
    fleet.iot.create_thing(thingName="survivor")
    assert own.stop() == 0
    return own


def check_unharmed(own):
    fleet = Fleet(own.start())
    assert fleet.exists("survivor")
    with Device(fleet.server, fleet.identity(ALLOW_ALL)) as device:
        device.accepted(CREATE)
    assert own.stop() == 0


def test_sigterm_tells_the_devices_and_ends_with_0(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    device = Device(fleet.server, fleet.identity(ALLOW_ALL), version=5)
    assert own.stop() == 0
    assert device.end() == 0x8B
    assert not (own.directory / "ready.json").exists()


def test_the_files_of_a_first_start(used):
    modes = {path.name: path.stat().st_mode & 0o777 for path in used.data.iterdir()}
    assert used.data.stat().st_mode & 0o777 == 0o700
    assert modes["admin.credentials"] == 0o600
    assert modes["root-ca.pem"] == 0o644
    for path, content in contents(used.data).items():
        if b"PRIVATE KEY" in content:
            assert (used.data / path).stat().st_mode & 0o077 == 0, path


def test_a_restart_keeps_what_was_there(used):
    before = contents(used.data)
    check_unharmed(used)
    check_unharmed(used)
    after = contents(used.data)
    for name in ("root-ca.pem", "admin.credentials"):
        assert [c for p, c in before.items() if p.name == name] == [
            c for p, c in after.items() if p.name == name
        ]


def test_a_second_server_on_the_same_directory_is_refused(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    error = refused("--data-dir", own.data)
    assert str(own.data) in error and "in use" in error and str(own.process.pid) in error
    fleet.iot.create_thing(thingName="still-here")
    assert own.stop() == 0


def test_a_data_directory_that_is_a_file(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    assert str(file) in refused("--data-dir", file)
    assert str(file) in refused("--data-dir", file / "below")
    assert file.read_text() == "mine"


def test_a_corrupt_registry(used):
    database = next(path for path in used.data.iterdir() if path.suffix == ".db")
    sound = contents(used.data)
    for damage in (
        lambda data: b"this is no database" * 100,
        lambda data: data[: len(data) // 2 // 4096 * 4096] + b"\xff" * 8192,
    ):
        damaged = damage(sound[database.relative_to(used.data)])
        database.write_bytes(damaged)
        try:
            error = refused("--data-dir", used.data)
            assert database.name in error, error
            assert database.read_bytes() == damaged, "a corrupt file is left for its repair"
        finally:
            for path, content in sound.items():
                (used.data / path).write_bytes(content)
    check_unharmed(used)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_garbage_ca_key(used, content):
    sound = contents(used.data)
    keys = [path for path, text in sound.items() if b"PRIVATE KEY" in text and "ca" in path.parts]
    assert keys, list(sound)
    for key in keys:
        (used.data / key).write_bytes(content)
        try:
            error = refused("--data-dir", used.data)
            assert key.name in error, error
            assert (used.data / key).read_bytes() == content
        finally:
            (used.data / key).write_bytes(sound[key])
    check_unharmed(used)


@pytest.mark.parametrize("name", ["ca/issuing.key", "ca/root.pem", "sealing.key"])
def test_what_is_lost_is_not_silently_made_anew(used, name):
    lost = used.data / name
    content, mode = lost.read_bytes(), lost.stat().st_mode
    lost.unlink()
    try:
        assert lost.name in refused("--data-dir", used.data)
        assert not lost.exists()
    finally:
        lost.write_bytes(content)
        lost.chmod(mode)
    check_unharmed(used)


def test_the_root_key_may_be_kept_elsewhere(used):
    root_key = used.data / "ca/root.key"
    elsewhere = root_key.rename(used.directory / "root.key")
    try:
        check_unharmed(used)
        assert not root_key.exists()
    finally:
        elsewhere.rename(root_key)


def test_a_control_plane_beyond_loopback_needs_tls(tmp_path):
    error = refused("--data-dir", tmp_path / "d", "--api-listen", "0.0.0.0:0")
    assert "--api-tls" in error and "0.0.0.0:0" in error
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mqtt-lissten = '127.0.0.1:0'", "'mqtt-listen'"),
        ("[claims]\nmax-device = 3", "'max-devices'"),
        ("[provisioning]\nkey-pool-capacity = 'many'", "key-pool-capacity"),
        ("[mqtt", "fleetwright.toml"),
        ("account = '12'", 'account = "12"'),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path, text, named):
    config = tmp_path / "fleetwright.toml"
    config.write_text(text)
    assert named in refused("--data-dir", tmp_path / "d", "--config", config)
    assert not (tmp_path / "d").exists()


def test_a_configuration_file_that_is_not_there(tmp_path):
    missing = tmp_path / "none.toml"
    assert str(missing) in refused("--data-dir", tmp_path / "d", "--config", missing)


def test_an_address_in_use_is_named(used, tmp_path):
    other = OwnServer(tmp_path / "other")
    with other:
        other.start()
        taken = f"127.0.0.1:{other.ports[0]}"
        done = run("serve", "--data-dir", tmp_path / "d", "--api-listen", "127.0.0.1:0",
                   "--mqtt-listen", taken)  # fmt: skip
        assert done.returncode == 1
        assert taken in done.stderr and "--mqtt-listen" in done.stderr


def test_the_control_plane_over_tls(tmp_path):
    """With `--api-tls` the operator trusts the same root as the devices."""
    ready = tmp_path / "ready.json"
    command = [BINARY, "serve", "--data-dir", tmp_path / "d", "--api-listen", "0.0.0.0:0",
               "--mqtt-listen", "127.0.0.1:0", "--api-tls", "--ready-file", ready]  # fmt: skip
    with subprocess.Popen(
        list(map(str, command)), env=clean_environment(), stderr=subprocess.PIPE
    ) as process:
        try:
            while not (ready.exists() and ready.stat().st_size):
                assert process.poll() is None, process.stderr.read()
            bound = json.loads(ready.read_text())
            port, data = bound["api"].rpartition(":")[2], tmp_path / "d"
            server = Server(f"https://localhost:{port}", bound["mqtt"], data / "root-ca.pem",
                            data / "admin.credentials")  # fmt: skip
            iot = make_client(server, verify=str(server.root_ca))
            assert iot.list_things()["things"] == []
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert process.returncode == 0
