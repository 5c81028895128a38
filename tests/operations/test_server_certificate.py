"""A server certificate of one's own: presented by name, taken anew when it changes, never half."""

import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from company import Company
from own_ca import OwnCa, key_text
from serving import PATIENCE, OwnServer

NAME = "mqtt.example.com"
CONFIG = """
api-tls = true
server-certificate = ["site.pem", "site-rsa.pem", "wild.pem"]
server-key = ["site.key", "site-rsa.key", "wild.key"]
[provisioning]
key-pool-capacity = 2
"""


CLIENT = tempfile.NamedTemporaryFile("w", suffix=".pem")  # noqa: SIM115
CLIENT.write("".join(OwnCa("anybody").issue(CN="client")))
CLIENT.flush()


def put(directory, name, chain, key):
    """Both files, each replaced whole, the key first."""
    for suffix, text in ((".key", key_text(key)), (".pem", chain)):
        new = directory / (name + ".new")
        new.write_text(text)
        os.replace(new, directory / (name + suffix))


@pytest.fixture(scope="module")
def company():
    return Company("Example Ltd Root")


@pytest.fixture(scope="module")
def site(tmp_path_factory, company):
    """A server with three pairs, started where their files are."""
    directory = tmp_path_factory.mktemp("site")
    issuing = company.issuing("Example Ltd Servers")
    for name, names, key in (
        ("site", [NAME], ec.generate_private_key(ec.SECP256R1())),
        ("site-rsa", [NAME], rsa.generate_private_key(65537, 2048)),
        ("wild", ["*.fleet.example.com"], ec.generate_private_key(ec.SECP384R1())),
    ):
        put(directory, name, issuing.server(names, key), key)
    files = CONFIG.replace('"site', f'"{directory}/site').replace('"wild', f'"{directory}/wild')
    with OwnServer(directory, files) as own:
        own.start()
        own.issuing = issuing
        yield own


def presented(port, name, ca, *, ciphers=None, check=True):
    """The certificate that a client is given, verified by its chain and name."""
    context = ssl.create_default_context(cafile=str(ca))
    # In TLS 1.2 the gateway wants one before the handshake ends; whose it is matters afterwards.
    context.load_cert_chain(CLIENT.name)
    context.check_hostname = check
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as tcp:
        try:
            with context.wrap_socket(tcp, server_hostname=name) as tls:
                return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
        except ssl.SSLCertVerificationError as error:
            raise AssertionError(f"{name}: {error}") from error


def names(certificate):
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def logged(own, event, after=0):
    """Waits for an event of the log; gives its record and where the log then ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        text = own.log.read_text()
        for line in text[after:].splitlines():
            if f'"{event}"' in line and line.endswith("}"):
                return json.loads(line), len(text)
        time.sleep(0.05)
    raise AssertionError(f"no {event} in the log: {own.log.read_text()[after:]}")


@pytest.mark.parametrize("port", [0, 1], ids=["gateway", "control plane"])
def test_a_name_decides_which_certificate_is_presented(site, company, tmp_path, port):
    root = tmp_path / "company.pem"
    root.write_text(company.pem)
    at = site.ports[port]
    found = presented(at, NAME, root)
    assert names(found) == [NAME] and isinstance(found.public_key(), ec.EllipticCurvePublicKey)
    # The same name to a client that verifies RSA only.
    found = presented(at, NAME, root, ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    assert names(found) == [NAME] and isinstance(found.public_key(), rsa.RSAPublicKey)
    assert names(presented(at, "a.fleet.example.com", root)) == ["*.fleet.example.com"]
    # None of that name that this client can verify: the installation's own RSA certificate.
    ours = site.data / "root-ca.pem"
    found = presented(at, "a.fleet.example.com", ours, ciphers="ECDHE-RSA-AES128-GCM-SHA256", check=False)
    assert "localhost" in names(found)
    # A name of none of them: the installation's own.
    assert "localhost" in names(presented(at, "localhost", site.data / "root-ca.pem"))
    with pytest.raises(AssertionError, match="localhost"):
        presented(at, "localhost", root)


def test_openssl_without_a_name_is_given_the_first(site):
    command = ["openssl", "s_client", "-noservername", "-connect", f"127.0.0.1:{site.ports[0]}"]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=PATIENCE)
    assert "Example Ltd Servers" in done.stdout
    # The intermediate CA is sent with it.
    assert " 1 s:" in done.stdout


def test_a_changed_pair_is_presented_and_a_bad_one_is_not(site, company, tmp_path):
    root = tmp_path / "company.pem"
    root.write_text(company.pem)
    port, at = site.ports[0], len(site.log.read_text())
    key = ec.generate_private_key(ec.SECP256R1())
    put(site.directory, "site", site.issuing.server([NAME, "second.example.com"], key), key)
    _, at = logged(site, "ServerCertificateReloaded", at)
    good = presented(port, "second.example.com", root)

    other = Company("Another Root").issuing("Another")
    wrong_key = ec.generate_private_key(ec.SECP256R1())
    for chain, key_of_it, part in (
        (site.issuing.server([NAME], key), wrong_key, "is not the key"),
        (site.issuing.server([NAME], key, ends=-1), key, "ended at"),
        (site.issuing.server([NAME], key, chain=other.pem), key, "is not signed by"),
        (site.issuing.server([], key), key, "subjectAltName"),
    ):
        put(site.directory, "site", chain, key_of_it)
        record, at = logged(site, "ServerCertificateRefused", at)
        assert part in json.dumps(record), record
        kept = presented(port, "second.example.com", root)
        assert kept.fingerprint(hashes.SHA256()) == good.fingerprint(hashes.SHA256())


def test_files_that_are_gone_leave_what_is_in_force_until_they_are_back(site, company, tmp_path):
    root = tmp_path / "company.pem"
    root.write_text(company.pem)
    at = len(site.log.read_text())
    (site.directory / "wild.key").unlink()
    record, at = logged(site, "ServerCertificateRefused", at)
    assert "wild.key cannot be read" in json.dumps(record)
    assert names(presented(site.ports[0], "a.fleet.example.com", root)) == ["*.fleet.example.com"]
    key = rsa.generate_private_key(65537, 3072)
    put(site.directory, "wild", site.issuing.server(["*.fleet.example.com"], key), key)
    # An administrator who does not want to wait.
    site.process.send_signal(signal.SIGHUP)
    logged(site, "ServerCertificateReloaded", at)
    found = presented(site.ports[0], "b.fleet.example.com", root)
    assert isinstance(found.public_key(), rsa.RSAPublicKey)


def test_a_start_with_a_bad_pair_is_refused(tmp_path, company):
    key = ec.generate_private_key(ec.SECP256R1())
    put(tmp_path, "site", company.issuing("Servers").server([NAME], key, ends=-1), key)
    with OwnServer(tmp_path, "") as own:
        for options, part in (
            (["--server-certificate", tmp_path / "site.pem"], "each certificate needs its key"),
            (pair(tmp_path / "site.pem", tmp_path / "site.key"), "ended at"),
            (pair(tmp_path / "site.pem", tmp_path / "none.key"), "none.key.*No such file"),
        ):
            with pytest.raises(AssertionError, match=part):
                own.start(options=list(map(str, options)))
            assert not (own.data / "fleetwright.db").exists()


def pair(certificate, key):
    return ["--server-certificate", certificate, "--server-key", key]


def test_a_domain_configuration_is_valid_where_its_certificate_is_presented(site, monkeypatch):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(site.data / "admin.credentials"))
    iot = boto3.Session().client(
        "iot",
        region_name="us-east-1",
        endpoint_url=f"https://localhost:{site.ports[1]}",
        verify=str(site.data / "root-ca.pem"),
    )
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    for name, domain, status in (
        ("ours", NAME, "VALID"),
        ("wild", "b.fleet.example.com", "VALID"),
        ("invented", "elsewhere.example.org", "INVALID"),
    ):
        iot.create_domain_configuration(
            domainConfigurationName=name, domainName=domain, serverCertificateArns=[arn]
        )
        found = iot.describe_domain_configuration(domainConfigurationName=name)
        assert found["serverCertificates"][0]["serverCertificateStatus"] == status


def test_a_certificate_put_into_the_data_directory_is_not_overwritten(own, company):
    own.start()
    assert own.stop() == 0
    key = ec.generate_private_key(ec.SECP256R1())
    put(own.data / "ca", "mine", company.issuing("Servers").server([NAME], key), key)
    theirs = (own.data / "ca/mine.key").read_text() + (own.data / "ca/mine.pem").read_text()
    (own.data / "ca/server.pem").write_text(theirs)
    with pytest.raises(AssertionError, match="server.pem.*server-certificate"):
        own.start()
    assert (own.data / "ca/server.pem").read_text() == theirs
    (own.data / "ca/server.pem").unlink()
    own.start()
