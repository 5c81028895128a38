import pytest

from running import ACCOUNT

ELSEWHERE = "999999999999"


@pytest.fixture
def certificate(iot):
    return iot.create_keys_and_certificate()["certificateId"]


def described(iot, id):
    return iot.describe_certificate(certificateId=id)["certificateDescription"]


def test_a_transfer_to_another_account_waits_until_it_is_cancelled(iot, certificate, refused):
    answer = iot.transfer_certificate(
        certificateId=certificate, targetAwsAccount=ELSEWHERE, transferMessage="for you"
    )
    there = answer["transferredCertificateArn"]
    assert there == f"arn:aws:iot:us-east-1:{ELSEWHERE}:cert/{certificate}"
    found = described(iot, certificate)
    assert found["status"] == "PENDING_TRANSFER"
    assert found["transferData"]["transferMessage"] == "for you"
    assert found["transferData"]["transferDate"] >= found["creationDate"]
    outgoing = iot.list_outgoing_certificates(pageSize=250)["outgoingCertificates"]
    line = next(item for item in outgoing if item["certificateId"] == certificate)
    assert (line["transferredTo"], line["transferMessage"]) == (ELSEWHERE, "for you")
    for operation in (iot.accept_certificate_transfer, iot.reject_certificate_transfer):
        found = refused(operation, certificateId=certificate)
        assert found[:2] == ("InvalidRequestException", 400) and ELSEWHERE in found[2]
    found = refused(iot.delete_certificate, certificateId=certificate)
    assert found[:2] == ("CertificateStateException", 406)
    found = refused(iot.update_certificate, certificateId=certificate, newStatus="ACTIVE")
    assert found[:2] == ("CertificateStateException", 406)
    iot.cancel_certificate_transfer(certificateId=certificate)
    found = described(iot, certificate)
    assert (found["status"], found["transferData"]) == ("INACTIVE", {})
    outgoing = iot.list_outgoing_certificates(pageSize=250)["outgoingCertificates"]
    assert certificate not in [item["certificateId"] for item in outgoing]
    iot.update_certificate(certificateId=certificate, newStatus="ACTIVE")


def test_a_transfer_to_this_account_is_accepted(iot, certificate, refused):
    iot.transfer_certificate(certificateId=certificate, targetAwsAccount=ACCOUNT)
    iot.accept_certificate_transfer(certificateId=certificate, setAsActive=True)
    found = described(iot, certificate)
    assert (found["status"], found["previousOwnedBy"]) == ("ACTIVE", ACCOUNT)
    assert found["transferData"]["acceptDate"] >= found["transferData"]["transferDate"]
    for operation in (
        iot.accept_certificate_transfer, iot.reject_certificate_transfer,
        iot.cancel_certificate_transfer,
    ):  # fmt: skip
        found = refused(operation, certificateId=certificate)
        assert found[:2] == ("TransferAlreadyCompletedException", 410)
        found = refused(operation, certificateId="0" * 64)
        assert found[:2] == ("ResourceNotFoundException", 404)


def test_a_transfer_to_this_account_is_rejected(iot, certificate):
    iot.transfer_certificate(certificateId=certificate, targetAwsAccount=ACCOUNT)
    iot.reject_certificate_transfer(certificateId=certificate, rejectReason="not mine")
    found = described(iot, certificate)
    assert (found["status"], found["transferData"]["rejectReason"]) == ("INACTIVE", "not mine")
    assert "previousOwnedBy" not in found


def test_only_an_inactive_certificate_without_policies_is_transferred(
    iot, certificate, policy, refused
):
    active = iot.create_keys_and_certificate(setAsActive=True)["certificateId"]
    found = refused(
        iot.transfer_certificate, certificateId=active, targetAwsAccount=ELSEWHERE
    )
    assert found[:2] == ("CertificateStateException", 406)
    target = described(iot, certificate)["certificateArn"]
    iot.attach_policy(policyName=policy, target=target)
    found = refused(
        iot.transfer_certificate, certificateId=certificate, targetAwsAccount=ELSEWHERE
    )
    assert found[:2] == ("TransferConflictException", 409)


def test_a_transfers_words_are_checked(iot, certificate, refused):
    for members in (
        {"targetAwsAccount": "12345678901x"},
        {"targetAwsAccount": ELSEWHERE, "transferMessage": "x" * 129},
    ):
        found = refused(iot.transfer_certificate, certificateId=certificate, **members)
        assert found[:2] == ("InvalidRequestException", 400), members
    found = refused(
        iot.transfer_certificate, certificateId="0" * 64, targetAwsAccount=ELSEWHERE
    )
    assert found[:2] == ("ResourceNotFoundException", 404)
