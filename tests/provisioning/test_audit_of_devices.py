"""What devices ask of the provisioning API is in the audit trail, with its outcome."""

import json
import os
import pathlib
import subprocess
import time

from device import CREATE, provision
from fleet import ALLOW_ALL

ROOT = pathlib.Path(__file__).resolve().parents[2]


def records_of(server, client_id, count):
    binary = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
    command = [binary, "audit", "--api", server.api, "--credentials", server.credentials]
    command += ["--who", client_id, "--output", "json"]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        if len(records) >= count:
            return records
        time.sleep(0.05)
    raise AssertionError("the records did not come")


def test_an_accepted_and_a_rejected_request_are_both_recorded(fleet, device, server):
    client_id = fleet.unique("client")
    identity = fleet.identity(ALLOW_ALL)
    asking = device(identity, client_id)
    asking.accepted(CREATE, {})
    token = {"certificateOwnershipToken": "not-a-token", "parameters": {"Pin": "hunter2"}}
    asking.rejected(provision("no-such-template"), token)
    created, refused = records_of(server, client_id, 2)
    assert created["operation"] == "CreateKeysAndCertificate"
    assert created["outcome"] == "Accepted" and created["clientId"] == client_id
    assert ":cert/" in created["principal"]
    assert refused["operation"] == "RegisterThing" and refused["outcome"] != "Accepted"
    assert refused["resource"] == "no-such-template" and refused["code"]
    assert "hunter2" not in json.dumps([created, refused])
