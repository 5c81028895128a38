"""Every way in which a device comes into the registry has its record in the commit of its change:
on a server that writes the records of reads and refusals an hour later, each is there at once."""

import sqlite3

import pytest

from device import Device, Refused
from fleet import ALLOW_ALL, ROLE
from identity import make_csr, make_key
from test_just_in_time import Line, jitp_body, registered
from test_registration_tasks import Plant

LATER = "[audit]\ngather-millis = 3600000\n"


@pytest.fixture(scope="module")
def plant(own_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("buckets")
    (directory / "plant").mkdir()
    return Plant(own_server(f'[bulk]\ndirectory = "{directory}"\n{LATER}'), directory)


@pytest.fixture
def records(plant):
    """The records that are on disk: outcome by operation and resource, of one principal."""

    def read(principal):
        registry = sqlite3.connect(f"file:{plant.own.data / 'fleetwright.db'}?mode=ro", uri=True)
        rows = registry.execute(
            "SELECT operation, resource, outcome, client_id FROM audit WHERE principal LIKE ? "
            "ORDER BY row_id",
            [f"%{principal}%"],
        ).fetchall()
        registry.close()
        return rows

    return read


def test_the_first_administrator(records):
    assert records("fleetwright")[0][:3] == ("iam:CreateUser", "admin", "Accepted")


def test_the_provisioning_operations(plant, records):
    fleet = plant.fleet
    template, claim = fleet.template(), fleet.claim("*")
    with Device(fleet.server, claim) as asking:
        keys = asking.accepted("$aws/certificates/create")
        identity, token = asking.certificate_from_csr()
        answer = asking.register(template, token, SerialNumber="recorded")
        assert answer.accepted
        name = f"{template} cert/{identity.id} thing/sensor-recorded"
        expected = [
            ("CreateKeysAndCertificate", f"cert/{keys['certificateId']}"),
            ("CreateCertificateFromCsr", f"cert/{identity.id}"),
            ("RegisterThing", name),
        ]
        assert records(claim.id) == [
            (operation, resource, "Accepted", asking.client_id) for operation, resource in expected
        ]
        # The same answer again changes nothing, and a refusal did not either.
        assert asking.register(template, token, SerialNumber="recorded") == answer
        assert not asking.register(template, token, SerialNumber="other").accepted
        assert len(records(claim.id)) == 3


def test_a_trusted_users_claim(plant, records):
    made = plant.iot.create_provisioning_claim(templateName=plant.fleet.template())
    found = [each for each in records("user/admin") if made["certificateId"] in (each[1] or "")]
    assert [each[0] for each in found] == ["CreateProvisioningClaim"]


@pytest.mark.parametrize("provisions", [True, False])
def test_devices_of_a_registered_ca(plant, records, provisions):
    fleet = plant.fleet
    config = {"templateBody": jitp_body(fleet.policy(ALLOW_ALL)), "roleArn": ROLE}
    line = Line(fleet, **({"registrationConfig": config} if provisions else {}))
    name = fleet.unique("device")
    identity, _ = line.identity(CN=name)
    with pytest.raises(Refused):
        Device(fleet.server, identity).close()
    assert registered(fleet, identity)
    expected = [("JustInTimeRegistration", line.ca.id, "Accepted", None)]
    if provisions:
        resource = f"{line.ca.id} thing/{name}"
        expected.append(("JustInTimeProvisioning", resource, "Accepted", None))
    assert records(identity.id) == expected


def test_lines_of_a_registration_task(plant, records):
    thing = plant.fleet.unique("thing")
    task = plant.start(plant.put(plant.line(thing), "[]", plant.line("bad name")))
    assert plant.end(task)["successCount"] == 1
    found = sorted(each for each in records(ROLE) if task in (each[1] or ""))
    good, bad, worse = found
    place = f"thingregistrationtask/{task} line/"
    assert good[1].startswith(f"{place}1 cert/") and good[1].endswith(f" thing/{thing}")
    assert (good[0], good[2]) == ("RegisterThing", "Accepted")
    assert (bad[1], worse[1]) == (f"{place}2", f"{place}3")
    assert bad[2] == worse[2] == "Rejected"


def test_register_thing_over_rest(plant, records):
    thing = plant.fleet.unique("thing")
    parameters = {"ThingName": thing, "Serial": "1", "CSR": make_csr(make_key())}
    made = plant.iot.register_thing(templateBody=plant.body, parameters=parameters)
    certificate = next(arn for arn in made["resourceArns"].values() if ":cert/" in arn)
    resource = f"cert/{certificate.rpartition('/')[2]} thing/{thing}"
    assert ("RegisterThing", resource, "Accepted", None) in records("user/admin")
