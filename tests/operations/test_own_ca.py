"""An issuing CA under a company's root: imported, refused, rolled over; devices come and go on."""

import datetime
import json
import subprocess
import types

import pytest
from awscrt import mqtt
from awsiot import mqtt_connection_builder
from cryptography.hazmat.primitives.asymmetric import ec

from company import DAY, Company, key_usage
from device import Device, Refused
from fleet import Fleet
from own_ca import key_text
from serving import PATIENCE, OwnServer, run

CONFIG = "[provisioning]\nkey-pool-capacity = 2\n"


def ca(own, *command, ok=True):
    """`fleetwright ca` on the server's directory; gives what it prints, or why it refused."""
    done = run("ca", command[0], "--data-dir", own.data, *command[1:])
    assert (done.returncode == 0) == ok, done
    return done.stdout if ok else done.stderr


def show(own):
    return json.loads(ca(own, "show", "--output", "json"))


def request(own):
    return ca(own, "init", "--csr", "--name", "Example IoT")


def files(own, **texts):
    """Files beside the data directory, by name."""
    paths = [own.directory / f"{name}.pem" for name in texts]
    for path, text in zip(paths, texts.values()):
        path.write_text(text)
    return paths


def verify(own, identity, root, *intermediates):
    """Whether OpenSSL finds the chain of a device's certificate."""
    leaf, trusted, above = files(own, leaf=identity.certificate_pem, trusted=root,
                                 above="".join(intermediates))  # fmt: skip
    command = ["openssl", "verify", "-CAfile", trusted, "-untrusted", above, leaf]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode == 0


def provision(fleet, serial):
    """A new device, from its claim to its thing."""
    template = fleet.template()
    return fleet.device(fleet.claim(template), template, serial)


def connects(server, identity, thing, roots=None):
    """Whether the device connects, with the roots that it was given when it was made."""
    known = types.SimpleNamespace(mqtt=server.mqtt, root_ca=roots or server.root_ca)
    try:
        with Device(known, identity, thing) as device:
            device.subscribe(f"fleet/{thing}/in")
            device.publish(f"fleet/{thing}/in", b"here")
            return device.next().payload == b"here"
    except Refused:
        return False


@pytest.fixture(scope="module")
def company():
    return Company("Example Root")


def test_devices_of_a_new_installation_chain_to_the_companys_root(tmp_path, company):
    with OwnServer(tmp_path, CONFIG + '[issuance]\nvalidity = "90d"\n') as own:
        between = company.issuing("Example Intermediate", path_length=1)
        signed = between.sign(request(own), path_length=0)
        chain, root = files(own, chain=signed + between.pem, root=company.pem)
        # In two files, and in any order.
        assert "signs from the next start on" in ca(own, "import", root, chain)
        server = own.start()
        fleet = Fleet(server)
        identity = provision(fleet, "one")
        assert verify(own, identity, company.pem, signed, between.pem)
        assert not verify(own, identity, Company("Example Root").pem, signed, between.pem)
        left = identity.certificate.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
        assert 89 * DAY < left <= 90 * DAY
        assert connects(server, identity, "sensor-one")
        # Whoever trusts the company's root alone, and AWS's own SDK.
        (only,) = files(own, only=company.pem)
        assert connects(server, identity, "sensor-one", only)
        connection = mqtt_connection_builder.mtls_from_bytes(
            endpoint="localhost", port=int(server.mqtt.rpartition(":")[2]),
            cert_bytes=identity.certificate_pem.encode(),
            pri_key_bytes=identity.private_key_pem.encode(),
            ca_bytes=company.pem.encode(), client_id="sensor-one", clean_session=True,
        )  # fmt: skip
        connection.connect().result(PATIENCE)
        connection.subscribe("fleet/sensor-one/in", mqtt.QoS.AT_LEAST_ONCE)[0].result(PATIENCE)
        connection.disconnect().result(PATIENCE)
        shown = show(own)
        assert [each["subject"] for each in shown["signing"]] == ["CN=Example IoT", "CN=Example Intermediate"]
        assert [each["subject"] for each in shown["trusted"]] == ["CN=Example Root"]
        assert (shown["state"], shown["hasRootKey"], shown["fault"]) == ("steady", False, None)


def test_each_kind_of_wrong_chain_is_refused(own, company):
    ca(own, "init")
    before = show(own)
    csr = request(own)
    key = ec.generate_private_key(ec.SECP256R1())
    (other_key,) = files(own, key=key_text(key))
    narrow = Company("Narrow Root", path_length=0)
    below = narrow.issuing("Below Narrow")
    for what, chain, more, part in (
        ("another root", company.sign(csr) + Company("Other").pem, [], "names 'CN=Example Root' as its issuer"),
        ("a root of the same name", company.sign(csr) + Company("Example Root").pem, [], "the key is not"),
        ("no CA", company.sign(csr, is_ca=False) + company.pem, [], "not a CA"),
        ("no keyCertSign", company.sign(csr, usage=key_usage(ca=False)) + company.pem, [], "KeyUsage"),
        ("expired", company.sign(csr, ends=-1) + company.pem, [], "ended at"),
        ("not yet valid", company.sign(csr, begins=1) + company.pem, [], "not valid before"),
        ("path length", below.sign(csr) + below.pem + narrow.pem, [], "pathLenConstraint"),
        ("another key", company.sign(csr) + company.pem, ["--key", other_key], "for the key"),
        ("no root", company.sign(csr), [], "names 'CN=Example Root' as its issuer"),
        ("nothing", "", [], "no certificate"),
    ):  # fmt: skip
        (file,) = files(own, chain=chain)
        refusal = ca(own, "import", file, *more, ok=False)
        assert part in refusal and "Nothing was changed" in refusal, (what, refusal)
        assert show(own) == before | {"isWaiting": True, "state": "request waits for its certificate"}
    (file,) = files(own, chain=company.sign(csr) + company.pem)
    ca(own, "import", file)


def test_a_new_root_is_rolled_in_beside_the_old_one(own, elsewhere, company):
    server = own.start()
    fleet = Fleet(server)
    old = provision(fleet, "old")
    old_roots = own.directory / "old-roots.pem"
    old_roots.write_text(server.root_ca.read_text())
    # The request disturbs no running server; the import wants it stopped.
    csr = request(own)
    (chain,) = files(own, chain=company.sign(csr, path_length=0) + company.pem)
    assert "stop it" in ca(own, "import", chain, ok=False)
    assert own.stop() == 0
    assert "root-ca.pem holds both" in ca(own, "import", chain)

    server = own.start()
    shown = show(own)
    assert shown["state"] == "roll-over under way"
    assert [each["subject"] for each in shown["trusted"]] == ["CN=Example Root", "CN=Fleetwright Root CA"]
    roots = server.root_ca.read_text()
    assert company.pem.strip() in roots and roots.count("BEGIN") == 3
    new = provision(fleet, "new")
    assert verify(own, new, company.pem, company.sign(csr, path_length=0), chain.read_text())
    # A device of before, with the roots of before; and a new one with those of today.
    assert connects(server, old, "sensor-old", old_roots)
    assert connects(server, new, "sensor-new")
    # A backup has all of the roll-over.
    file = own.directory / "during.tar"
    for command in (["backup", "--data-dir", own.data, "--to", file], ["restore", file, "--data-dir", elsewhere.data]):
        done = run(*command)
        assert done.returncode == 0, done
    assert own.stop() == 0
    assert connects(elsewhere.start(), old, "sensor-old", old_roots)
    assert show(elsewhere) == shown

    assert "CN=Fleetwright Root CA' is no longer trusted" in ca(own, "retire")
    server = own.start()
    assert show(own)["state"] == "steady"
    assert server.root_ca.read_text().count("BEGIN") == 2
    # The old certificate goes on; the old root does not.
    assert connects(server, old, "sensor-old") and connects(server, new, "sensor-new")
    (ecdsa_only,) = files(own, ecdsa=old_roots.read_text().partition("-----END")[0] + "-----END CERTIFICATE-----\n")
    assert not connects(server, old, "sensor-old", ecdsa_only)
    assert [each["subject"] for each in show(own)["earlier"]] == ["CN=Fleetwright Issuing CA"]


def test_ends_are_said_ahead_and_an_end_stops_a_start(own, company):
    csr = request(own)
    (chain,) = files(own, chain=company.sign(csr, ends=20) + company.pem)
    ca(own, "import", chain)
    server = own.start()
    identity = provision(Fleet(server), "one")
    left = identity.certificate.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    assert 19 * DAY < left <= 20 * DAY
    assert own.stop() == 0
    lines = [json.loads(line) for line in own.log.read_text().splitlines()]
    (warned,) = [line for line in lines if line.get("event") == "CertificateEnds"]
    assert "Example IoT" in warned["certificate"] and warned["days"] == 19
    assert any("[issuance] validity" in line["message"] for line in lines)
    assert show(own)["signing"][0]["daysLeft"] == 19
    found = run("doctor", "--data-dir", own.data)
    assert "ca/issuing.pem ends in 19 days" in found.stdout

    with pytest.raises(AssertionError, match="'CN=Example IoT' ended at .*fleetwright ca import"):
        own.start(later="+21d")
    # The way out.
    renewed = company.sign(request(own), ends=900)
    (chain,) = files(own, chain=renewed)
    ca(own, "import", chain)
    server = own.start()
    assert connects(server, identity, "sensor-one")
    assert own.stop() == 0

    (own.data / "ca/root.pem").write_text(Company("Example Root").pem)
    with pytest.raises(AssertionError, match="is not signed by 'CN=Example Root'.*ca import"):
        own.start()
