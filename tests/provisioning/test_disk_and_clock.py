"""A disk that is full or cannot be trusted, a clock that is wrong, a directory that is taken away:
what was acknowledged stays, and what is refused says why."""

import contextlib
import http.client
import json
import shutil
import sqlite3
import time
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from faults import full_while, no_sync_while
from fleet import Fleet, make_client
from identity import make_csr, make_key
from serving import OwnServer, run

DAY = 24 * 60 * 60


def wait_until(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def query(own, text):
    with contextlib.closing(sqlite3.connect(own.data / "fleetwright.db")) as registry:
        return registry.execute(text).fetchall()


def logged(own):
    lines = own.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def health(server):
    """Status and answer of /healthz."""
    url = urllib.parse.urlsplit(server.api)
    with contextlib.closing(http.client.HTTPConnection(url.netloc, timeout=30)) as connection:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def contents(directory):
    return {path: path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def test_a_start_on_a_full_disk_reads_and_after_room_was_made_writes(own_server, tmp_path):
    """Nothing that is as it should be is written again."""
    own = own_server()
    full = tmp_path / "full"
    Fleet(own.start()).iot.create_thing(thingName="before")
    own.kill()
    kept = {path: content for path, content in contents(own.data).items()
            if path.name.startswith("root-ca") or "ca" in path.parts}  # fmt: skip
    faults = full_while(own.data, full)
    full.touch()
    iot = make_client(own.start(faults=faults))
    assert iot.describe_thing(thingName="before")["thingName"] == "before"
    with pytest.raises(ClientError) as refused:
        iot.create_thing(thingName="during")
    assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"
    full.unlink()
    iot.create_thing(thingName="after")
    assert own.stop() == 0
    for path, content in kept.items():
        assert path.read_bytes() == content, path


def test_health_is_that_of_writes(own_server, tmp_path):
    own, full = own_server(), tmp_path / "full"
    server = own.start(faults=full_while(own.data, full))
    iot = make_client(server)
    iot.create_thing(thingName="before")
    assert health(server) == (200, {"status": "ok"})
    full.touch()
    with pytest.raises(ClientError):
        iot.create_thing(thingName="during")
    for wait in (0, 1.5):
        # What is known of the last write; then one is tried.
        time.sleep(wait)
        status, told = health(server)
        assert status == 503 and told["status"] == "unavailable", told
        assert "full" in told["reason"] and str(own.data) not in told["reason"], told
    full.unlink()
    wait_until(lambda: health(server) == (200, {"status": "ok"}))
    full.touch()
    with pytest.raises(ClientError):
        iot.create_thing(thingName="during")
    full.unlink()
    iot.create_thing(thingName="after")
    assert health(server) == (200, {"status": "ok"})
    assert own.stop() == 0


def test_health_says_that_the_registrys_file_is_gone(own_server):
    own = own_server()
    server = own.start()
    (own.data / "fleetwright.db").rename(own.directory / "away")
    status, told = health(server)
    assert (status, told["status"]) == (503, "unavailable")
    assert "its file was removed" in told["reason"]


def test_damage_in_a_large_registry_is_found_beside_the_server_and_stops_writes(own_server):
    """A file that is too large to be looked at whole before the start."""
    own = own_server()
    data = make_client(own.start(), "iot-data")
    payload = bytes(128 * 1024)
    for number in range(560):
        data.publish(topic=f"kept/{number}", payload=payload, qos=1, retain=True)
    assert own.stop() == 0
    database = own.data / "fleetwright.db"
    size = database.stat().st_size
    assert size > 64 * 1024 * 1024
    with database.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096 * 40)
    server = own.start()
    wait_until(lambda: health(server)[0] == 503, seconds=120)
    status, told = health(server)
    assert told["status"] == "unavailable" and "damage" in told["reason"], told
    with pytest.raises(ClientError) as refused:
        make_client(server).create_thing(thingName="lost")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    assert any("damage" in json.dumps(line) for line in logged(own))


def test_a_start_that_has_no_room_at_all_says_that_the_disk_is_full(own_server, tmp_path):
    own = own_server()
    own.start()
    own.kill()
    before = contents(own.data)
    full = tmp_path / "full"
    full.touch()
    with pytest.raises(AssertionError, match="the disk is full or its quota is used up"):
        own.start(faults=full_while(own.data, full, spare_index=False))
    assert "permission" not in own.log.read_text()
    after = contents(own.data)
    assert {path for path in before if before[path] != after[path]} <= {
        own.data / "fleetwright.db-shm"
    }
    own.start()
    assert own.stop() == 0


def test_of_a_commit_that_failed_every_answer_is_the_failure(own_server, tmp_path):
    """No client is told of a thing that does not exist."""
    own = own_server()
    bad = tmp_path / "bad"
    server = own.start(faults=no_sync_while(own.data, bad))
    iot = make_client(server)
    for n in range(10):
        bad.touch()
        for _ in range(2):
            with pytest.raises(ClientError) as refused:
                iot.create_thing(thingName=f"thing-{n}")
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        bad.unlink()
        with pytest.raises(iot.exceptions.ResourceNotFoundException):
            iot.describe_thing(thingName=f"thing-{n}")
        iot.create_thing(thingName=f"thing-{n}")
    assert own.stop() == 0


def test_a_clock_that_is_ahead_for_one_start_deletes_nothing(own_server):
    own = own_server("[audit]\ndays = 30\n")
    Fleet(own.start()).iot.create_thing(thingName="recorded")
    assert own.stop() == 0
    before = query(own, "SELECT count(*) FROM audit WHERE operation = 'CreateThing'")
    assert before == [(1,)]
    own.start(later="+90d")
    wait_until(lambda: any("far ahead" in line.get("message", "") for line in logged(own)))
    assert own.stop() == 0
    assert query(own, "SELECT count(*) FROM audit WHERE operation = 'CreateThing'") == before
    # What the wrong clock said is not remembered: the next jump is none the nearer.
    (seen,) = query(own, "SELECT last_seen FROM installation")[0]
    assert abs(seen / 1000 - time.time()) < DAY
    own.start()
    assert own.stop() == 0
    assert query(own, "SELECT count(*) FROM audit WHERE operation = 'CreateThing'") == before


def test_a_clock_that_is_vouched_for_deletes_what_is_too_old(own_server):
    own = own_server("[audit]\ndays = 30\n")
    Fleet(own.start()).iot.create_thing(thingName="recorded")
    assert own.stop() == 0
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 91 * DAY))
    own.start(later="+90d", options=["--accept-clock-until", until])
    count = "SELECT count(*) FROM audit WHERE operation = 'CreateThing'"
    wait_until(lambda: query(own, count) == [(0,)])
    assert own.stop() == 0


def test_a_first_start_with_a_clock_that_is_ahead_is_told_of_later(own_server):
    own = own_server()
    own.start(later="+40d")
    assert own.stop() == 0
    own.start()
    told = [line["message"] for line in logged(own)]
    assert any("not valid yet" in line and "certificate" in line for line in told), told
    assert any("behind the time that was seen last" in line for line in told), told
    assert own.stop() == 0


def test_a_directory_that_is_removed_under_a_server_ends_it(own_server):
    own = own_server()
    iot = Fleet(own.start()).iot
    shutil.rmtree(own.data)
    with pytest.raises(ClientError) as refused:
        iot.create_thing(thingName="nowhere")
    assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"
    assert own.process.wait(timeout=30) == 1
    assert "removed or replaced" in own.log.read_text()
    assert not (own.directory / "ready.json").exists()


def test_a_ready_file_that_a_killed_server_left_says_nothing_of_the_next(own_server):
    own = own_server()
    own.start()
    ready = own.directory / "ready.json"
    # A server that is refused leaves the file of the one that runs.
    assert run("serve", *own.arguments()).returncode == 1
    assert ready.exists()
    own.kill()
    assert ready.exists()
    (own.data / "ca/root.pem").rename(own.directory / "root.pem")
    assert run("serve", *own.arguments()).returncode == 1
    assert not ready.exists()
    (own.directory / "root.pem").rename(own.data / "ca/root.pem")
    own.start()
    assert own.stop() == 0
    assert not ready.exists()


def test_what_others_could_read_is_made_private(own_server):
    own = own_server()
    Fleet(own.start())
    own.kill()
    public = {own.data / "root-ca.pem"}
    private = [own.data, own.data / "ca", own.data / "ca/issuing.key", own.data / "sealing.key",
               own.data / "fleetwright.db", own.data / "fleetwright.db-wal", own.data / "key-pool",
               own.data / "admin.credentials", own.data / "functions",
               own.data / "functions/logs"]  # fmt: skip
    for path in private:
        assert path.stat().st_mode & 0o077 == 0, f"{path} as it was made"
        path.chmod(0o777 if path.is_dir() else 0o644)
    own.start()
    for path in private:
        assert path.stat().st_mode & 0o077 == 0, path
    for path in public:
        assert path.stat().st_mode & 0o777 == 0o644, path
    told = [line for line in logged(own) if "it was taken away" in line["message"]]
    assert len(told) >= len(private)
    assert own.stop() == 0


def test_a_directory_of_another_user_is_refused(tmp_path):
    own = OwnServer(tmp_path)
    own.data.mkdir()
    try:
        shutil.chown(own.data, 12345)
    except PermissionError:
        pytest.skip("only root gives a directory away")
    done = run("serve", *own.arguments())
    assert done.returncode == 1
    assert "12345" in done.stderr and "chown" in done.stderr
    assert list(own.data.iterdir()) == []


@pytest.mark.parametrize("part", ["functions", "functions/logs", "functions/code"])
def test_trouble_with_the_directory_of_functions_names_it(own_server, part):
    own = own_server()
    own.start()
    assert own.stop() == 0
    shutil.rmtree(own.data / part)
    (own.data / part).touch()
    done = run("serve", *own.arguments())
    assert done.returncode == 1
    assert str(own.data / part) in done.stderr


def test_half_written_files_and_inputs_of_tasks_that_ended_are_removed(own_server):
    own = own_server()
    own.start()
    assert own.stop() == 0
    left = [own.data / ".root-ca.pem.4711.new", own.data / "ca/.installation.4711.new",
            own.data / "registration-tasks/01234567-89ab-4def-8123-456789abcdef.jsonl",
            own.data / "registration-tasks/01234567-89ab-4def-8123-456789abcdef.part"]  # fmt: skip
    (own.data / "registration-tasks").mkdir(exist_ok=True)
    for path in left:
        path.write_text('{"SerialNumber": "secret"}')
    own.start()
    wait_until(lambda: not any(path.exists() for path in left))
    assert own.stop() == 0


def test_a_bulk_task_outlives_a_disk_that_is_full_for_a_moment(own_server, tmp_path):
    buckets = tmp_path / "buckets"
    (buckets / "plant").mkdir(parents=True)
    csr = make_csr(make_key())
    lines = [json.dumps({"SerialNumber": name, "CSR": csr}) for name in ("one", "two")]
    (buckets / "plant/in.jsonl").write_text("\n".join(lines))
    own = own_server(f'[bulk]\ndirectory = "{buckets}"\n')
    full = tmp_path / "full"
    # The disk of the copies alone: the task itself is registered.
    server = own.start(faults=full_while(own.data / "registration-tasks", full))
    fleet = Fleet(server)
    body = {
        "Parameters": {"SerialNumber": {"Type": "String"}, "CSR": {"Type": "String"}},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing",
                      "Properties": {"ThingName": {"Ref": "SerialNumber"}}},
            "certificate": {"Type": "AWS::IoT::Certificate",
                            "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}}},
        },
    }  # fmt: skip
    full.touch()
    task = fleet.iot.start_thing_registration_task(
        templateBody=json.dumps(body), inputFileBucket="plant", inputFileKey="in.jsonl",
        roleArn="arn:aws:iam::123456789012:role/provisioning")["taskId"]  # fmt: skip
    wait_until(lambda: any("goes on later" in line.get("message", "") for line in logged(own)))
    line = next(line for line in logged(own) if "goes on later" in line["message"])
    assert "keep a copy" in line["failure"] and "No space left" in line["failure"]
    describe = fleet.iot.describe_thing_registration_task
    assert describe(taskId=task)["status"] == "InProgress"
    full.unlink()
    wait_until(lambda: describe(taskId=task)["status"] == "Completed")
    assert fleet.exists("one") and fleet.exists("two")
    wait_until(lambda: not list((own.data / "registration-tasks").iterdir()))
    assert own.stop() == 0
