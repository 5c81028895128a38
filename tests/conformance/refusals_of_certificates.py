"""What provokes the errors that certificates and CA certificates list."""

import base64

import asking
from refusals import provokes
from running import ACCOUNT
from scene import OwnCa


@provokes("CreateKeysAndCertificate.InvalidRequestException")
def a_flag_that_is_none(_, call):
    def change(request):
        request["url"] += "?setAsActive=perhaps"

    call.changed_on_the_way(change)


@provokes(
    "RegisterCertificate.InvalidRequestException",
    "RegisterCertificateWithoutCA.InvalidRequestException",
)
def a_status_that_is_none(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"status": "NONSENSE"})


@provokes("RegisterCACertificate.InvalidRequestException")
def a_mode_that_is_none(scene, call):
    call(caCertificate=scene.new_ca.pem, certificateMode="NONSENSE")


@provokes("RegisterCACertificate.LimitExceededException")
def the_eleventh_ca_of_a_subject(scene, call):
    subject = scene.fresh("subject")
    for _ in range(11):
        call(caCertificate=OwnCa(subject).pem, certificateMode="SNI_ONLY", goes_on=True)


@provokes("RegisterCertificate.CertificateConflictException")
def two_cas_that_fit(scene, call):
    first = scene.new_ca
    second = OwnCa(first.common_name, first.key)
    for ca in (first, second):
        scene.iot.register_ca_certificate(caCertificate=ca.pem, certificateMode="SNI_ONLY",
                                          setAsActive=True)  # fmt: skip
    call(certificatePem=first.issue("device"))


@provokes("DeleteCertificate.DeleteConflictException")
def a_certificate_with_a_policy(scene, call):
    scene.attached_policy
    call(certificateId=scene.certificate["certificateId"])


@provokes("DeleteCertificate.CertificateStateException")
def an_active_certificate(scene, call):
    call(certificateId=scene.active_certificate["certificateId"])


@provokes("UpdateCertificate.CertificateStateException")
def a_certificate_on_its_way(scene, call):
    call(certificateId=scene.transferred, newStatus="ACTIVE")


@provokes("DeleteCACertificate.CertificateStateException")
def an_active_ca(scene, call):
    call(certificateId=scene.ca)


@provokes("TransferCertificate.CertificateStateException")
def a_revoked_certificate(scene, call):
    identifier = scene.certificate["certificateId"]
    scene.iot.update_certificate(certificateId=identifier, newStatus="REVOKED")
    call(certificateId=identifier, targetAwsAccount=ACCOUNT)


@provokes("TransferCertificate.TransferConflictException")
def a_certificate_with_a_thing(scene, call):
    scene.attached_policy
    call(certificateId=scene.certificate["certificateId"], targetAwsAccount=ACCOUNT)


@provokes(
    "AcceptCertificateTransfer.TransferAlreadyCompletedException",
    "RejectCertificateTransfer.TransferAlreadyCompletedException",
    "CancelCertificateTransfer.TransferAlreadyCompletedException",
)
def a_transfer_that_is_over(scene, call):
    identifier = scene.transferred
    scene.iot.accept_certificate_transfer(certificateId=identifier)
    call(certificateId=identifier)


@provokes("RegisterCACertificate.RegistrationCodeValidationException")
def a_foreign_registration_code(scene, call):
    wrong = scene.new_ca.issue("0" * 64)
    call(caCertificate=scene.new_ca.pem, verificationCertificate=wrong)


@provokes("RegisterCACertificate.CertificateValidationException")
def a_verification_by_another_ca(scene, call):
    code = scene.iot.get_registration_code()["registrationCode"]
    other = OwnCa("another").issue(code)
    call(caCertificate=scene.new_ca.pem, verificationCertificate=other)


@provokes("UpdateCACertificate.ResourceNotFoundException", "DescribeCACertificate.ResourceNotFoundException",
          "DeleteCACertificate.ResourceNotFoundException")  # fmt: skip
def an_unknown_ca(scene, call):
    call(certificateId="0" * 64)


@provokes("RegisterCertificate.CertificateValidationException")
def a_certificate_of_another_ca(scene, call):
    scene.ca
    call(certificatePem=OwnCa("another").issue("d"), caCertificatePem=scene.new_ca.pem)


@provokes("RegisterCertificate.CertificateStateException",
          "RegisterCertificateWithoutCA.CertificateStateException")  # fmt: skip
def a_status_that_no_registration_gives(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"status": "PENDING_TRANSFER"})


@provokes("RegisterCertificateWithoutCA.CertificateValidationException")
def text_that_is_no_certificate(scene, call):
    call(
        certificatePem="-----BEGIN CERTIFICATE-----\n"
        + base64.b64encode(b"no certificate").decode()
        + "\n-----END CERTIFICATE-----\n"
    )


@provokes("DeleteRegistrationCode.ResourceNotFoundException")
def no_registration_code(scene, call):
    scene.iot.get_registration_code()
    call.accepted()
    call()
