import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from running import ACCOUNT, arn

PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo
DER = serialization.Encoding.DER


def make_csr(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def certificate(iot):
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()))
    return iot.create_certificate_from_csr(certificateSigningRequest=csr)


def test_keys_and_certificate_belong_together(iot):
    made = iot.create_keys_and_certificate(setAsActive=True)
    pem = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert made["certificateId"] == hashlib.sha256(pem.public_bytes(DER)).hexdigest()
    assert made["certificateArn"] == arn("cert", made["certificateId"])
    assert made["keyPair"]["PrivateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    key = serialization.load_pem_private_key(made["keyPair"]["PrivateKey"].encode(), None)
    public = serialization.load_pem_public_key(made["keyPair"]["PublicKey"].encode())
    texts = {k.public_bytes(DER, PUBLIC) for k in (key.public_key(), public, pem.public_key())}
    assert len(texts) == 1
    described = iot.describe_certificate(certificateId=made["certificateId"])
    assert described["certificateDescription"]["status"] == "ACTIVE"


def test_without_set_as_active_a_certificate_is_inactive(iot, certificate):
    for made in (iot.create_keys_and_certificate(), certificate):
        described = iot.describe_certificate(certificateId=made["certificateId"])
        assert described["certificateDescription"]["status"] == "INACTIVE"


def test_a_csr_is_issued_for_its_key(iot):
    key = ec.generate_private_key(ec.SECP256R1())
    csr = make_csr(key)
    first = iot.create_certificate_from_csr(certificateSigningRequest=csr, setAsActive=True)
    second = iot.create_certificate_from_csr(certificateSigningRequest=csr)
    assert first["certificateId"] != second["certificateId"]
    pem = x509.load_pem_x509_certificate(first["certificatePem"].encode())
    assert pem.public_key() == key.public_key()


def test_what_is_no_csr_is_refused(iot, refused):
    for csr in ("no CSR", make_csr(rsa.generate_private_key(65537, 1024))):
        code, status, message = refused(
            iot.create_certificate_from_csr, certificateSigningRequest=csr
        )
        assert (code, status) == ("InvalidRequestException", 400)
        assert message
    code, _, message = refused(
        iot.create_certificate_from_csr, certificateSigningRequest="x" * 4097
    )
    assert code == "InvalidRequestException" and "4096" in message


def test_a_description_has_awss_members(iot, certificate):
    found = iot.describe_certificate(certificateId=certificate["certificateId"])
    found = found["certificateDescription"]
    assert found["certificatePem"] == certificate["certificatePem"]
    assert found["certificateArn"] == certificate["certificateArn"]
    assert found["ownedBy"] == ACCOUNT
    assert found["customerVersion"] == 1
    assert found["certificateMode"] == "DEFAULT"
    assert found["generationId"]
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now - found["creationDate"]).total_seconds()) < 120
    assert found["lastModifiedDate"] >= found["creationDate"]
    assert found["validity"]["notBefore"] < now < found["validity"]["notAfter"]
    assert found["validity"]["notAfter"].year == 2049


def test_unknown_and_malformed_ids_are_refused(iot, refused):
    for operation, more in (
        (iot.describe_certificate, {}),
        (iot.update_certificate, {"newStatus": "ACTIVE"}),
        (iot.delete_certificate, {}),
    ):
        code, status, message = refused(operation, certificateId="0" * 64, **more)
        assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, message = refused(operation, certificateId="z" * 64, **more)
        assert (code, status) == ("InvalidRequestException", 400)
        assert "64 hexadecimal digits" in message


def test_the_status_follows_awss_rules(iot, certificate, refused):
    id = certificate["certificateId"]

    def status():
        return iot.describe_certificate(certificateId=id)["certificateDescription"]["status"]

    for wanted in ("ACTIVE", "ACTIVE", "INACTIVE"):
        iot.update_certificate(certificateId=id, newStatus=wanted)
        assert status() == wanted
    for forbidden in ("PENDING_TRANSFER", "PENDING_ACTIVATION", "nonsense"):
        code, _, _ = refused(iot.update_certificate, certificateId=id, newStatus=forbidden)
        assert code == "InvalidRequestException"
    iot.update_certificate(certificateId=id, newStatus="REVOKED")
    code, _, message = refused(iot.update_certificate, certificateId=id, newStatus="ACTIVE")
    assert code in ("InvalidRequestException", "CertificateStateException")
    assert status() == "REVOKED"


def test_an_active_certificate_cannot_be_deleted(iot, refused):
    id = iot.create_keys_and_certificate(setAsActive=True)["certificateId"]
    code, status, message = refused(iot.delete_certificate, certificateId=id)
    assert (code, status) == ("CertificateStateException", 406)
    assert message == f"Certificate must be deactivated (not ACTIVE) before deletion. Id: {id}"
    code, _, _ = refused(iot.delete_certificate, certificateId=id, forceDelete=True)
    assert code == "CertificateStateException"


def test_policies_hold_a_certificate_unless_forced(iot, certificate, policy, refused):
    id, target = certificate["certificateId"], certificate["certificateArn"]
    iot.attach_policy(policyName=policy, target=target)
    code, status, message = refused(iot.delete_certificate, certificateId=id)
    assert (code, status) == ("DeleteConflictException", 409)
    assert message == f"Certificate policies must be detached before deletion (arn: {target})"
    iot.delete_certificate(certificateId=id, forceDelete=True)
    code, _, _ = refused(iot.describe_certificate, certificateId=id)
    assert code == "ResourceNotFoundException"
    iot.delete_policy(policyName=policy)


def test_lists_are_paged_by_marker(iot, refused):
    made = [iot.create_keys_and_certificate()["certificateId"] for _ in range(3)]
    pages = iot.get_paginator("list_certificates").paginate(
        ascendingOrder=True, PaginationConfig={"PageSize": 2}
    )
    listed = [item for page in pages for item in page["certificates"]]
    ids = [item["certificateId"] for item in listed]
    assert len(ids) == len(set(ids)) and set(made) <= set(ids)
    created = [item["creationDate"] for item in listed]
    assert created == sorted(created)
    item = listed[-1]
    assert item["certificateArn"] == arn("cert", item["certificateId"])
    assert item["status"] and item["certificateMode"] == "DEFAULT"
    assert len(iot.list_certificates(pageSize=1)["certificates"]) == 1
    newest = iot.list_certificates(pageSize=1)["certificates"][0]
    assert newest["creationDate"] >= created[-1]
    for members in ({"pageSize": 251}, {"marker": "%%%"}, {"marker": "AAAA"}):
        code, status, _ = refused(iot.list_certificates, **members)
        assert (code, status) == ("InvalidRequestException", 400), members


def test_the_cli_walks_a_certificates_life(aws, tmp_path):
    csr = tmp_path / "device.csr"
    csr.write_text(make_csr(ec.generate_private_key(ec.SECP256R1())))
    made = aws("create-certificate-from-csr", "--certificate-signing-request", f"file://{csr}")
    id = made["certificateId"]
    aws("update-certificate", "--certificate-id", id, "--new-status", "ACTIVE")
    shown = aws("describe-certificate", "--certificate-id", id)["certificateDescription"]
    assert shown["status"] == "ACTIVE"
    assert "CertificateStateException" in aws(
        "delete-certificate", "--certificate-id", id, fails=True
    )
    assert id in [item["certificateId"] for item in aws("list-certificates")["certificates"]]
    aws("update-certificate", "--certificate-id", id, "--new-status", "INACTIVE")
    aws("delete-certificate", "--certificate-id", id)
    keys = aws(
        *("create-keys-and-certificate", "--set-as-active"),
        *("--private-key-outfile", tmp_path / "private.pem"),
        *("--certificate-pem-outfile", tmp_path / "certificate.pem"),
    )
    assert (tmp_path / "private.pem").read_text() == keys["keyPair"]["PrivateKey"]
