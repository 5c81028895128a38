"""`fleetwright admin reset-credentials`: a lost or leaked admin.credentials."""

import json

import pytest
from botocore.exceptions import ClientError

from fleet import Fleet, make_client
from serving import run


def reset(own, *options):
    done = run("admin", "reset-credentials", "--data-dir", own.data, "--output", "json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def records(server):
    done = run("audit", "--api", server.api.removeprefix("http://"), "--credentials",
               server.credentials, "--output", "json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_lost_credentials_are_made_again_and_the_old_ones_end(own, tmp_path):
    server = own.start()
    Fleet(server).iot.create_thing(thingName="kept")
    old = server.credentials.read_text()
    assert own.stop() == 0
    server.credentials.unlink()
    done = reset(own)
    assert server.credentials.stat().st_mode & 0o777 == 0o600
    server = own.start()
    iot = make_client(server)
    assert iot.describe_thing(thingName="kept")
    keys = make_client(server, "iam").list_access_keys(UserName="admin")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [done["accessKeyId"]]
    found = [each for each in records(server) if each["operation"] == "fleetwright:ResetCredentials"]
    assert len(found) == 1 and found[0]["outcome"] == "Accepted"
    server.credentials.write_text(old)
    with pytest.raises(ClientError, match="security token|InvalidClientTokenId|Unrecognized"):
        make_client(server).list_things()


def test_a_running_server_keeps_its_credentials(own):
    server = own.start()
    before = server.credentials.read_bytes()
    done = run("admin", "reset-credentials", "--data-dir", own.data)
    assert done.returncode == 1 and "in use" in done.stderr and "stop it" in done.stderr
    assert server.credentials.read_bytes() == before
    assert make_client(server).list_things()["things"] == []


def test_a_deleted_administrator_is_made_again(own):
    server = own.start()
    iam = make_client(server, "iam")
    iam.create_user(UserName="second")
    for policy in iam.list_attached_user_policies(UserName="admin")["AttachedPolicies"]:
        iam.attach_user_policy(UserName="second", PolicyArn=policy["PolicyArn"])
    key = iam.create_access_key(UserName="second")["AccessKey"]
    second = make_client(server, "iam", aws_access_key_id=key["AccessKeyId"],
                         aws_secret_access_key=key["SecretAccessKey"])  # fmt: skip
    for each in second.list_access_keys(UserName="admin")["AccessKeyMetadata"]:
        second.delete_access_key(UserName="admin", AccessKeyId=each["AccessKeyId"])
    for policy in second.list_attached_user_policies(UserName="admin")["AttachedPolicies"]:
        second.detach_user_policy(UserName="admin", PolicyArn=policy["PolicyArn"])
    second.delete_user(UserName="admin")
    assert own.stop() == 0
    assert reset(own)["madeUser"]
    assert make_client(own.start()).list_things()["things"] == []


def test_rights_that_were_taken_away_are_not_given_back(own):
    server = own.start()
    iam = make_client(server, "iam")
    arn = iam.list_attached_user_policies(UserName="admin")["AttachedPolicies"][0]["PolicyArn"]
    iam.detach_user_policy(UserName="admin", PolicyArn=arn)
    assert own.stop() == 0
    done = reset(own)
    assert not done["madeUser"] and not done["hasEveryRight"]
    with pytest.raises(ClientError, match="not authorized"):
        make_client(own.start()).list_things()


@pytest.mark.parametrize("what", ["nothing", "an empty directory", "another installation's key"])
def test_what_is_no_installation_is_left_alone(own, tmp_path, what):
    data = own.data
    if what == "an empty directory":
        data.mkdir()
    if what == "another installation's key":
        own.start()
        assert own.stop() == 0
        (data / "sealing.key").write_bytes(b"k" * 32)
    before = sorted(data.rglob("*")) if data.exists() else []
    done = run("admin", "reset-credentials", "--data-dir", data)
    assert done.returncode == 1 and data.name in done.stderr, done
    assert (sorted(data.rglob("*")) if data.exists() else []) == before
