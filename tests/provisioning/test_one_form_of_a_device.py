"""A device that was switched off does not come back with its signature written another way."""

import hashlib
import sqlite3
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from device import Device, Refused
from fleet import ALLOW_ALL, ROLE, Fleet
from identity import Identity
from malleation import OF_ALL, OF_ECDSA, other_s
from own_ca import OwnCa
from test_just_in_time import jitp_body


def id_of(text):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()


def known(fleet):
    listed = fleet.iot.list_certificates(pageSize=250)["certificates"]
    return {each["certificateId"]: each["status"] for each in listed}


def knock(device, text, key):
    """Connects with a certificate, if the client can load it at all; whether it may."""
    try:
        device(Identity(text, key))
    except (Refused, ssl.SSLError):
        return False
    return True


class Line:
    """A CA whose devices are provisioned just in time, or only registered."""

    def __init__(self, fleet, provisions=True, key=None):
        self.ca = OwnCa(fleet.unique("ca"), key=key)
        body = {"templateBody": jitp_body(fleet.policy(ALLOW_ALL)), "roleArn": ROLE}
        members = {"registrationConfig": body} if provisions else {}
        self.ca.register(fleet.iot, allowAutoRegistration=True, **members)


@pytest.mark.parametrize("provisions", [True, False], ids=["JITP", "JITR"])
@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE", "REVOKED"])
def test_no_other_form_of_a_device_is_registered(fleet, device, status, provisions):
    line = Line(fleet, provisions)
    rsa_line = Line(fleet, provisions, rsa.generate_private_key(65537, 2048))
    for by, forms in ((line, OF_ALL + OF_ECDSA), (rsa_line, OF_ALL)):
        text, key = by.ca.issue(CN=fleet.unique("device"))
        assert not knock(device, text, key), "the first connection ends"
        assert id_of(text) in known(fleet)
        fleet.iot.update_certificate(certificateId=id_of(text), newStatus=status)
        for form in forms:
            other = form(text)
            # OpenSSL writes some of them as they should be, and then it is the device itself.
            connected = knock(device, other, key)
            assert not connected or (status == "ACTIVE" and form is not other_s), form.__name__
            found = known(fleet)
            assert id_of(other) not in found, form.__name__
            assert found[id_of(text)] == status, form.__name__


def test_a_form_of_its_own_is_never_the_first(fleet, device):
    """What is not DER is not registered either; what is, whichever comes first, is."""
    line = Line(fleet)
    for form in OF_ALL + OF_ECDSA:
        text, key = line.ca.issue(CN=fleet.unique("device"))
        other = form(text)
        assert not knock(device, other, key)
        assert (id_of(other) in known(fleet)) == (form is other_s), form.__name__


def test_what_was_revoked_and_deleted_comes_back_by_an_operator_only(fleet, device):
    line = Line(fleet)
    for status, comes_back in (("INACTIVE", True), ("REVOKED", False)):
        name = fleet.unique("device")
        text, key = line.ca.issue(CN=name)
        knock(device, text, key)
        identity = Identity(text, key)
        fleet.iot.update_certificate(certificateId=identity.id, newStatus=status)
        fleet.iot.detach_thing_principal(thingName=name, principal=fleet.arn(identity))
        fleet.iot.delete_certificate(certificateId=identity.id, forceDelete=True)
        for form in (other_s(text), text):
            assert not knock(device, form, key)
            assert (id_of(form) in known(fleet)) == (comes_back and form is not text)
    fleet.iot.register_certificate(certificatePem=text, status="ACTIVE")
    fleet.iot.attach_policy(policyName=fleet.policy(ALLOW_ALL), target=fleet.arn(identity))
    device(Identity(text, key), name)


def test_certificates_of_an_older_registry_are_read_at_the_start(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    line = Line(fleet)
    text, key = line.ca.issue(CN="old")
    again, again_key = line.ca.issue(CN="came-back")
    for each in ((text, key), (again, again_key)):
        knock_at(fleet, *each)
    fleet.iot.update_certificate(certificateId=id_of(text), newStatus="REVOKED")
    fleet.iot.update_certificate(certificateId=id_of(again), newStatus="REVOKED")
    issued = fleet.iot.create_keys_and_certificate(setAsActive=True)
    assert own.stop() == 0
    # As before: no TBSCertificate is known, and one device has come back already.
    with sqlite3.connect(own.data / "fleetwright.db") as registry:
        registry.execute("UPDATE certificates SET tbs = NULL")
        registry.execute("DROP TRIGGER certificate_is_one")
        registry.execute(
            "INSERT INTO certificates (id, status, origin, not_before, not_after, created, modified,"
            " version, ca_id, mode) SELECT ?, 'ACTIVE', origin, not_before, not_after, created,"
            " modified, 1, ca_id, mode FROM certificates WHERE id = ?",
            (bytes.fromhex(id_of(other_s(again))), bytes.fromhex(id_of(again))),
        )
        registry.execute(
            "INSERT INTO certificate_bodies VALUES ((SELECT max(row_id) FROM certificates), ?)",
            (ssl.PEM_cert_to_DER_cert(other_s(again)),),
        )
    fleet = Fleet(own.start())
    found = known(fleet)
    assert found[id_of(other_s(again))] == "REVOKED"
    assert found[issued["certificateId"]] == "ACTIVE"
    assert id_of(other_s(again)) in own.log.read_text()
    knock_at(fleet, other_s(text), key)
    assert id_of(other_s(text)) not in known(fleet)
    with pytest.raises(fleet.iot.exceptions.ResourceAlreadyExistsException):
        fleet.iot.register_certificate_without_ca(certificatePem=other_s(issued["certificatePem"]))
    assert own.stop() == 0


def knock_at(fleet, text, key):
    with pytest.raises(Refused):
        Device(fleet.server, Identity(text, key))
