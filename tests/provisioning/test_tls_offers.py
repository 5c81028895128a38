"""What a client may offer: docs/tls.md, row by row, with OpenSSL's client."""

import re
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fleet import Fleet
from identity import Identity, key_pem, make_csr, make_key
from serving import OwnServer

ECDSA, RSA = "ecdsa", "rsa"
# What s_client is told, and the chain that it is presented, or None and what the log names.
OFFERS = {
    "TLS 1.3": ("-tls1_3", ECDSA),
    "TLS 1.2": ("-tls1_2", ECDSA),
    "RSA only, 1.2": ("-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", RSA),
    "RSA only, 256, 1.2": ("-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384", RSA),
    "RSA only, ChaCha20, 1.2": ("-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305", RSA),
    "RSA signatures only, 1.2": ("-tls1_2 -sigalgs RSA+SHA256:RSA-PSS+SHA256", RSA),
    "PKCS#1 signatures only, 1.2": ("-tls1_2 -sigalgs RSA+SHA256", RSA),
    "RSA signatures only, 1.3": ("-tls1_3 -sigalgs RSA-PSS+SHA256", RSA),
    "ECDSA only, 1.2": ("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", ECDSA),
    "P-384 only, 1.2": ("-tls1_2 -groups P-384", RSA),
    "X25519 only, 1.2": ("-tls1_2 -groups X25519", RSA),
    "P-384 only, 1.3": ("-tls1_3 -groups P-384", ECDSA),
    "X25519 only, 1.3": ("-tls1_3 -groups X25519", ECDSA),
    "P-521 only, 1.2": ("-tls1_2 -groups P-521", "no key exchange group"),
    "P-521 only, 1.3": ("-tls1_3 -groups P-521", "no key exchange group"),
    "X448 only, 1.2": ("-tls1_2 -groups X448", "no key exchange group"),
    "X448 only, 1.3": ("-tls1_3 -groups X448", "no key exchange group"),
    "SHA-1 only, 1.2": ("-tls1_2 -sigalgs RSA+SHA1:ECDSA+SHA1 -cipher ALL:@SECLEVEL=0", "signature"),
    "AES-256, 1.3": ("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384", ECDSA),
    "ChaCha20, 1.3": ("-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256", ECDSA),
    "CBC, 1.2": ("-tls1_2 -cipher ECDHE-RSA-AES128-SHA256", "no cipher suite in common"),
    "static RSA, 1.2": ("-tls1_2 -cipher AES128-GCM-SHA256", "no key exchange group"),
}


def rsa_identity(fleet):
    key = make_key("RSA-2048")
    made = fleet.iot.create_certificate_from_csr(
        certificateSigningRequest=make_csr(key), setAsActive=True
    )
    return Identity(made["certificatePem"], key_pem(key))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    config = "[provisioning]\nkey-pool-capacity = 1\n"
    with OwnServer(tmp_path_factory.mktemp("tls"), config) as own:
        own.server = own.start()
        # A client that knows RSA alone can sign with no other key of its own.
        own.identity = rsa_identity(Fleet(own.server))
        yield own


def shake(own, options, roots="root-ca.pem"):
    """Whether a handshake with this root succeeds, and the certificate that was presented."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", own.server.mqtt, "-servername", "localhost",
         "-verify_hostname", "localhost", "-verify_return_error", "-CAfile", own.data / roots,
         "-cert", own.identity.certificate_file, "-key", own.identity.key_file,
         *options.split()],
        input="", capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    pem = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.S)
    kind = None
    if pem:
        key = x509.load_pem_x509_certificate(pem[0].encode()).public_key()
        kind = {ec.EllipticCurvePublicKey: ECDSA, rsa.RSAPublicKey: RSA}[
            next(c for c in (ec.EllipticCurvePublicKey, rsa.RSAPublicKey) if isinstance(key, c))
        ]
    return "Verification: OK" in done.stdout and done.returncode == 0, kind, done.stderr


@pytest.mark.parametrize("offer", OFFERS)
def test_each_offer_gets_the_chain_that_it_can_verify_or_a_line_of_the_log(own, offer):
    options, expected = OFFERS[offer]
    before = len(own.log.read_text())
    verified, kind, errors = shake(own, options)
    if expected in (ECDSA, RSA):
        assert (verified, kind) == (True, expected), errors
        # Its own root alone is enough, and the other is not.
        other = {ECDSA: RSA, RSA: ECDSA}[expected]
        assert shake(own, options, f"root-ca-{expected}.pem")[0]
        assert not shake(own, options, f"root-ca-{other}.pem")[0]
    else:
        assert not verified and "handshake failure" in errors, errors
        line = own.log.read_text()[before:]
        assert expected in line and "the client offers cipher suites" in line, line


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_versions_before_1_2_are_refused(own, version):
    before = len(own.log.read_text())
    verified, kind, errors = shake(own, f"{version} -cipher ALL:@SECLEVEL=0")
    assert (verified, kind) == (False, None) and "handshake failure" in errors, errors
    line = own.log.read_text()[before:]
    assert "the client names no signature algorithms, which means SHA-1" in line, line


def test_an_existing_directory_gains_the_rsa_chain_and_keeps_its_own(tmp_path):
    import shutil

    config = "[provisioning]\nkey-pool-capacity = 1\n"
    with OwnServer(tmp_path, config) as own:
        own.start()
        own.stop()
        old = (own.data / "root-ca-ecdsa.pem").read_text()
        assert (own.data / "root-ca.pem").read_text().startswith(old)
        # As an earlier version left it.
        shutil.rmtree(own.data / "ca/rsa")
        for name in ("root-ca-ecdsa.pem", "root-ca-rsa.pem"):
            (own.data / name).unlink()
        (own.data / "root-ca.pem").write_text(old)
        issuing = (own.data / "ca/issuing.pem").read_text()
        own.start()
        own.stop()
        rsa_root = (own.data / "root-ca-rsa.pem").read_text()
        assert (own.data / "root-ca.pem").read_text() == old + rsa_root
        assert (own.data / "root-ca-ecdsa.pem").read_text() == old
        assert (own.data / "ca/issuing.pem").read_text() == issuing
        # An interrupted start is finished by the next: the key is there, its certificate is not.
        (own.data / "root-ca-rsa.pem").unlink()
        for name in ("root.pem", "issuing.key", "issuing.pem", "server.pem"):
            (own.data / "ca/rsa" / name).unlink()
        own.start()
        own.stop()
        # A lost one is not made anew in silence.
        shutil.rmtree(own.data / "ca/rsa")
        with pytest.raises(AssertionError, match="ca/rsa/root.pem.*from a backup"):
            own.start()
