"""For every error that the model lists for an operation: a request that provokes it, or why there
is none."""

import base64
import json

import asking
import iam_and_sts
import service_model
from botocore.exceptions import ClientError
from documents import POLICY
from running import ACCOUNT
from scene import FUNCTION, OwnCa
from trouble import WHO_ASKS

# Errors that an operation lists and no cause of ours brings about.
SERIAL = "changes of a template follow one another"
NO_CAUSE = {
    "UpdateProvisioningTemplate.ConflictingResourceUpdateException": SERIAL,
    "DeleteProvisioningTemplate.ConflictingResourceUpdateException": SERIAL,
    "CreateProvisioningTemplateVersion.ConflictingResourceUpdateException": SERIAL,
    "DeleteProvisioningTemplateVersion.ConflictingResourceUpdateException": SERIAL,
    "DeleteThing.ResourceNotFoundException": "a thing that is not there is deleted already",
    "ListBillingGroups.ResourceNotFoundException": "its request names nothing",
    "TestAuthorization.LimitExceededException": "asking exceeds nothing",
    "DetachPolicy.LimitExceededException": "detaching exceeds nothing",
    "ListAttachedPolicies.LimitExceededException": "listing exceeds nothing",
    "ListTargetsForPolicy.LimitExceededException": "listing exceeds nothing",
    "GetEffectivePolicies.LimitExceededException": "looking up exceeds nothing",
    "DeleteCertificateProvider.DeleteConflictException": "nothing refers to a provider",
    "DeleteRoleAlias.DeleteConflictException": "nothing refers to a role alias",
    "ClearDefaultAuthorizer.InvalidRequestException": "its request has no members",
    "DescribeDefaultAuthorizer.InvalidRequestException": "its request has no members",
    "GetRegistrationCode.InvalidRequestException": "its request has no members",
    "GetLoggingOptions.InvalidRequestException": "its request has no members",
    "GetIndexingConfiguration.InvalidRequestException": "its request has no members",
    "DescribeEncryptionConfiguration.InvalidRequestException": "its request has no members",
    "CreateDomainConfiguration.CertificateValidationException": (
        "server certificates are kept, not looked up (DIVERGENCES.md)"
    ),
    "UpdateDomainConfiguration.CertificateValidationException": (
        "server certificates are kept, not looked up (DIVERGENCES.md)"
    ),
    "ListNamedShadowsForThing.ResourceNotFoundException": "a shadow's thing need not be there",
    "GetThingShadow.UnsupportedDocumentEncodingException": "its request has no document",
    "DeleteThingShadow.UnsupportedDocumentEncodingException": "its request has no document",
    "CancelJob.LimitExceededException": "cancelling exceeds nothing",
    "DeleteJob.LimitExceededException": "a job of few executions is gone at once",
    **iam_and_sts.NO_CAUSE,
}

# Requests are signed; certificates have an entrance of their own.
NO_CAUSE |= {
    f"iot-jobs-data:{operation}.CertificateValidationException": "requests are signed"
    for operation in (
        "GetPendingJobExecutions", "StartNextPendingJobExecution", "DescribeJobExecution",
        "UpdateJobExecution",
    )
}  # fmt: skip
NO_CAUSE["ListManagedJobTemplates.InternalServerException"] = "it reads nothing"

# The model of these operations alone calls it so.
NO_CAUSE |= {
    f"{operation}.InternalException": "an internal failure is InternalFailureException everywhere"
    for operation in (
        "SetV2LoggingOptions", "GetV2LoggingOptions", "SetV2LoggingLevel", "ListV2LoggingLevels",
        "DeleteV2LoggingLevel", "SetLoggingOptions", "GetLoggingOptions",
    )
}  # fmt: skip

# A value of the right form that names nothing.
ABSENT = {
    "thingName": "absent",
    "thingTypeName": "absent",
    "thingGroupName": "absent",
    "billingGroupName": "absent",
    "policyName": "absent",
    "policyVersionId": "9",
    "templateName": "absent",
    "versionId": 99,
    "certificateId": "0" * 64,
    "caCertificateId": "0" * 64,
    "principal": f"arn:aws:iot:us-east-1:{ACCOUNT}:cert/{'0' * 64}",
    "target": f"arn:aws:iot:us-east-1:{ACCOUNT}:cert/{'0' * 64}",
    "taskId": "00000000-0000-4000-8000-000000000000",
    "resourceArn": f"arn:aws:iot:us-east-1:{ACCOUNT}:billinggroup/absent",
    "domainConfigurationName": "absent",
    "roleAlias": "absent",
    "authorizerName": "absent",
    "certificateProviderName": "absent",
    "indexName": "absent",
    "topic": "absent",
    "jobId": "absent",
    "jobTemplateId": "absent",
    "parentGroup": "absent",
    "UserName": "absent",
    "GroupName": "absent",
    "RoleName": "absent",
    "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/absent",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/absent.example.com",
}

# A value that the model's own bounds let through and its pattern, or sense, does not.
SPOILED = {
    "nextToken": "!",
    "marker": "!",
    "templateBody": "no template",
    "certificateSigningRequest": "no request",
    "certificatePem": "no certificate",
    "caCertificate": "no certificate",
    "policyName": "not valid!",
    "thingName": "not valid!",
    "thingTypeName": "not valid!",
    "thingGroupName": "not valid!",
    "billingGroupName": "not valid!",
    "templateName": "not valid!",
    "certificateId": "g" * 64,
    "caCertificateId": "g" * 64,
    "principal": "not an ARN",
    "target": "not an ARN",
    "resourceArn": "not an ARN",
    "targetAwsAccount": "account12345",
    "taskId": "not valid!" * 5,
    "endpointType": "iot:Nothing",
    "domainConfigurationName": "not valid!",
    "roleAlias": "not valid!",
    "authorizerName": "not valid!",
    "certificateProviderName": "not valid!",
    "indexName": "not valid!",
    "jobId": "not valid!",
    "jobTemplateId": "not valid!",
    "queryVersion": "1999-01-01",
    "eventConfigurations": {"THING": {"Enabled": True}, "THING_" * 30: {"Enabled": True}},
    "topic": "with/a/+/wildcard",
}

DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument")
# Requests of one operation in a second, of which the last is one too many.
TOO_OFTEN = 50
# What makes an operation work with the registry.
WITH_REGISTRY = {"Publish": {"retain": True}}

CASES = {}


def provokes(*cases):
    """Registers a function of (scene, call) whose last call must be refused."""

    def register(function):
        for case in cases:
            CASES[case] = function
        return function

    return register


def case_of(name, error):
    """What provokes an error of an operation: a function of (scene, call), or the reason why
    nothing does."""
    case = f"{name}.{error}"
    if case in CASES:
        return CASES[case]
    if case in NO_CAUSE:
        return NO_CAUSE[case]
    of_any = f"{name.partition(':')[0]}.{error}"
    if of_any in iam_and_sts.NO_CAUSE_OF_ANY:
        return iam_and_sts.NO_CAUSE_OF_ANY[of_any]
    return {
        "EntityAlreadyExistsException": the_same_again,
        "InternalException": has_no_registry,
        "InternalFailureException": has_no_registry,
        "MethodNotAllowedException": has_another_method,
        "ServiceUnavailableException": finds_no_place,
        "ThrottlingException": comes_too_often,
        "MalformedPolicyDocumentException": has_no_document,
        "NoSuchEntityException": names_nothing,
        "ResourceNotFoundException": names_nothing,
        "ServiceFailureException": has_no_registry,
        "InvalidRequestException": is_spoiled,
        "UnauthorizedException": has_no_permission,
        "VersionConflictException": has_another_version,
        "InvalidQueryException": has_no_query,
    }.get(error)


def changed(scene, call, table):
    """The minimal request with its most telling member replaced from a table."""
    request = asking.minimal(scene, call.service, call.operation)
    shape = service_model.operation(call.service, call.operation).input_shape
    members = list(shape.members) if shape else []
    first = [name for name in members if name in request and name in table]
    others = [name for name in members if name in table]
    for name in first or others:
        return request | {name: table[name]}
    raise LookupError(f"{call.operation} has no member to change")


def names_nothing(scene, call):
    call(**changed(scene, call, ABSENT))


def is_spoiled(scene, call):
    call(**changed(scene, call, SPOILED))


def has_no_permission(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call.as_nobody(**request)


def has_no_document(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    member = next(name for name in (*DOCUMENTS, "Policy") if name in (*request, "Policy"))
    call(**request | {member: "no policy"})


def has_another_version(scene, call):
    call(**asking.minimal(scene, call.service, call.operation) | {"expectedVersion": 99})


def has_no_query(scene, call):
    scene.indexed()
    call(**asking.minimal(scene, call.service, call.operation) | {"queryString": "a:(("})


def comes_too_often(_, call):
    for _ in range(TOO_OFTEN):
        try:
            call.probe(call.trouble.throttling)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ThrottlingException":
                # The way out stands in the message.
                assert "requests-per-second" in error.response["Error"]["Message"]
                raise


def finds_no_place(_, call):
    full = call.trouble.full
    with full.taken():
        call.probe(full.clients)


def has_no_registry(_, call):
    """The operation's own tables are gone; for one that reads none, those of its caller as well.
    The cause stands in the log and nowhere else."""
    broken = call.trouble.broken
    scene = broken.scene()
    request = asking.minimal(scene, call.service, call.operation)
    scene.no_task()
    request |= WITH_REGISTRY.get(call.operation, {})
    try:
        with broken.without_tables(WHO_ASKS):
            call.of(broken.clients, request)
        unseen = broken.unseen()
        with broken.without_tables():
            call.of(unseen, request)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 500:
            cause = "no such table"
            assert cause in broken.cause_in_log(error.response["ResponseMetadata"]["RequestId"])
            assert cause not in str(error.response)
        raise


def has_another_method(scene, call):
    def change(request):
        request["method"] = "PATCH"

    request = asking.minimal(scene, call.service, call.operation)
    call.changed_on_the_way(change, **request)


@provokes("CreateJob.LimitExceededException")
def a_document_that_is_too_long(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"document": json.dumps({"a": "x" * 40_000})})


@provokes("AssociateTargetsWithJob.LimitExceededException")
def the_101st_target(scene, call):
    targets = [scene.arn("thing", f"absent-{n}") for n in range(101)]
    call(jobId=scene.continuous_job, targets=targets)


@provokes("DeleteJob.InvalidStateTransitionException")
def a_job_in_progress(scene, call):
    call(jobId=scene.job)


@provokes(
    "CancelJobExecution.InvalidStateTransitionException",
    "DeleteJobExecution.InvalidStateTransitionException",
)
def an_execution_in_progress(scene, call):
    scene.jobs_data.update_job_execution(
        jobId=scene.job, thingName=scene.thing, status="IN_PROGRESS"
    )
    number = {"executionNumber": 1} if call.operation == "DeleteJobExecution" else {}
    call(jobId=scene.job, thingName=scene.thing, **number)


@provokes("iot-jobs-data:UpdateJobExecution.InvalidStateTransitionException")
def an_execution_that_is_over(scene, call):
    call(jobId=scene.canceled_job, thingName=scene.thing, status="SUCCEEDED")


@provokes("iot-jobs-data:DescribeJobExecution.TerminalStateException")
def an_execution_that_has_ended(scene, call):
    call(jobId=scene.canceled_job, thingName=scene.thing)


@provokes("ListManagedJobTemplates.InvalidRequestException")
def a_token_of_nobody(_, call):
    call(nextToken="!")


@provokes("CreateJobTemplate.ConflictException")
def a_template_of_that_name(scene, call):
    call(jobTemplateId=scene.job_template, description="again", document="{}")


@provokes("CreateJobTemplate.ResourceNotFoundException")
def a_template_of_a_job_that_is_not_there(scene, call):
    arn = scene.arn("job", "absent")
    call(jobTemplateId=scene.fresh("t"), description="a description", jobArn=arn)


@provokes("CreateJob.ResourceNotFoundException")
def a_job_of_a_thing_that_is_not_there(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"targets": [scene.arn("thing", "absent")]})


@provokes("CreateJob.ResourceAlreadyExistsException")
def a_job_of_that_id(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"jobId": scene.job})


@provokes("CreateJobTemplate.LimitExceededException")
def the_101st_job_template(scene, call):
    made = []
    try:
        for _ in range(102):
            made.append(scene.fresh("job-template"))
            call(jobTemplateId=made[-1], description="one", document="{}", goes_on=True)
    finally:
        for name in made:
            try:
                scene.iot.delete_job_template(jobTemplateId=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass
@provokes(
    "DeleteConnection.ResourceNotFoundException",
    "GetConnection.ResourceNotFoundException",
    "ListSubscriptions.ResourceNotFoundException",
)
def a_client_that_is_not_known(scene, call):
    call(clientId=scene.fresh("client"))


@provokes("SendDirectMessage.ResourceNotFoundException")
def a_message_for_nobody(scene, call):
    call(clientId=scene.fresh("client"), topic="to/one")


@provokes(
    "DeleteConnection.InvalidRequestException",
    "GetConnection.InvalidRequestException",
    "ListSubscriptions.InvalidRequestException",
)
def a_client_id_that_is_reserved(scene, call):
    call(clientId="$client")


@provokes("SendDirectMessage.InvalidRequestException")
def a_reserved_topic(scene, call):
    call(clientId=scene.client, topic="$aws/things/a/shadow/get")


@provokes("SendDirectMessage.RequestEntityTooLargeException")
def a_message_that_is_too_large(scene, call):
    call(clientId=scene.client, topic="to/one", payload=b"x" * (128 * 1024 + 1))


@provokes("SendDirectMessage.GatewayTimeoutException")
def a_message_that_is_not_acknowledged(scene, call):
    silent = scene.connected(acknowledges=False)
    call(clientId=silent.id, topic="to/one", confirmation=True, timeout=1)


@provokes("UpdateThingShadow.ConflictException")
def a_document_of_another_version(scene, call):
    call(thingName=scene.shadow(), payload=b'{"state":{},"version":99}')


@provokes("UpdateThingShadow.RequestEntityTooLargeException")
def a_document_that_is_too_large(scene, call):
    large = b'{"state":{"desired":{"a":"%s"}}}' % (b"x" * 8192)
    call(thingName=scene.shadow(), payload=large)


@provokes("UpdateThingShadow.UnsupportedDocumentEncodingException")
def a_document_in_another_encoding(scene, call):
    call(thingName=scene.shadow(), payload=b'{"state":"\xff"}')


@provokes("CreateKeysAndCertificate.InvalidRequestException")
def a_flag_that_is_none(_, call):
    def change(request):
        request["url"] += "?setAsActive=perhaps"

    call.changed_on_the_way(change)


@provokes(
    "CreateThing.ResourceAlreadyExistsException",
    "CreateThingGroup.ResourceAlreadyExistsException",
    "CreateBillingGroup.ResourceAlreadyExistsException",
    "CreateThingType.ResourceAlreadyExistsException",
    "CreateDynamicThingGroup.ResourceAlreadyExistsException",
)
def a_name_in_use_with_other_properties(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call.accepted(**request)
    call(
        **request
        | {
            "CreateThing": {"attributePayload": {"attributes": {"a": "b"}}},
            "CreateThingGroup": {"thingGroupProperties": {"thingGroupDescription": "other"}},
            "CreateBillingGroup": {"billingGroupProperties": {"billingGroupDescription": "other"}},
            "CreateThingType": {"thingTypeProperties": {"thingTypeDescription": "other"}},
            "CreateDynamicThingGroup": {"queryString": "attributes.kind:other"},
        }[call.operation]
    )


@provokes(
    "CreatePolicy.ResourceAlreadyExistsException",
    "CreateProvisioningTemplate.ResourceAlreadyExistsException",
    "CreateRoleAlias.ResourceAlreadyExistsException",
    "CreateAuthorizer.ResourceAlreadyExistsException",
    "CreateDomainConfiguration.ResourceAlreadyExistsException",
    "CreateCertificateProvider.ResourceAlreadyExistsException",
    "RegisterCertificate.ResourceAlreadyExistsException",
    "RegisterCertificateWithoutCA.ResourceAlreadyExistsException",
    "RegisterCACertificate.ResourceAlreadyExistsException",
)
def the_same_again(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call.accepted(**request)
    call(**request)


@provokes("SetDefaultAuthorizer.ResourceAlreadyExistsException")
def a_second_default_authorizer(scene, call):
    asking.no_default(scene)
    call.accepted(authorizerName=scene.authorizer)
    try:
        call(authorizerName=scene.signed_authorizer)
    finally:
        asking.no_default(scene)


@provokes(
    "ClearDefaultAuthorizer.ResourceNotFoundException",
    "DescribeDefaultAuthorizer.ResourceNotFoundException",
)
def without_a_default_authorizer(scene, call):
    asking.no_default(scene)
    call()


@provokes("DeleteAuthorizer.DeleteConflictException")
def the_default_authorizer(scene, call):
    asking.no_default(scene)
    scene.iot.set_default_authorizer(authorizerName=scene.authorizer)
    try:
        call(authorizerName=scene.authorizer)
    finally:
        asking.no_default(scene)


@provokes("CreateAuthorizer.LimitExceededException")
def the_33rd_active_authorizer(scene, call):
    made = []
    try:
        for _ in range(40):
            request = asking.minimal(scene, call.service, call.operation)
            made.append(request["authorizerName"])
            call(**request | {"status": "ACTIVE"}, goes_on=True)
    finally:
        remove_authorizers(scene, made)


@provokes("UpdateAuthorizer.LimitExceededException")
def another_active_authorizer(scene, call):
    made = []
    try:
        for _ in range(40):
            request = asking.minimal(scene, call.service, "CreateAuthorizer")
            made.append(request["authorizerName"])
            scene.iot.create_authorizer(**request | {"status": "INACTIVE"})
            call(authorizerName=made[-1], status="ACTIVE", goes_on=True)
    finally:
        remove_authorizers(scene, made)


def remove_authorizers(scene, names):
    for name in names:
        try:
            scene.iot.update_authorizer(authorizerName=name, status="INACTIVE")
            scene.iot.delete_authorizer(authorizerName=name)
        except scene.iot.exceptions.ResourceNotFoundException:
            pass


@provokes("DeleteAuthorizer.InvalidRequestException")
def an_active_authorizer(scene, call):
    call(authorizerName=scene.signed_authorizer)


@provokes("TestInvokeAuthorizer.UnauthorizedException")
def a_token_of_another_key(scene, call):
    call(
        authorizerName=scene.signed_authorizer,
        token="another-token",
        tokenSignature=asking.signature(scene, "a-token"),
    )


@provokes("TestInvokeAuthorizer.InvalidResponseException")
def an_answer_that_is_none(scene, call):
    call(authorizerName=scene.working_authorizer("/nonsense"))


@provokes("CreateCertificateProvider.LimitExceededException")
def a_second_certificate_provider(scene, call):
    scene.certificate_provider
    call(
        certificateProviderName=scene.fresh("provider"),
        lambdaFunctionArn=FUNCTION,
        accountDefaultForOperations=["CreateCertificateFromCsr"],
    )


@provokes("ListCertificateProviders.InvalidRequestException")
def a_foreign_token(scene, call):
    call(nextToken="!")


@provokes("CreateDomainConfiguration.LimitExceededException")
def the_eleventh_domain_configuration(scene, call):
    for _ in range(12):
        call(domainConfigurationName=scene.fresh("domain"), serviceType="DATA", goes_on=True)


@provokes("DeleteDomainConfiguration.InvalidRequestException")
def an_enabled_domain_configuration(scene, call):
    asking.room(scene)
    call(domainConfigurationName=scene.domain_configuration)


@provokes("CreateRoleAlias.LimitExceededException")
def the_101st_role_alias(scene, call):
    made = []
    try:
        for _ in range(102):
            made.append(scene.fresh("alias"))
            call(roleAlias=made[-1], roleArn=scene.role, goes_on=True)
    finally:
        for name in made:
            try:
                scene.iot.delete_role_alias(roleAlias=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass


@provokes("CreatePolicy.MalformedPolicyException", "CreatePolicyVersion.MalformedPolicyException")
def a_document_that_is_none(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"policyDocument": "no policy"})


@provokes("CreatePolicyVersion.VersionsLimitExceededException")
def the_sixth_version_of_a_policy(scene, call):
    for _ in range(6):
        call(policyName=scene.policy, policyDocument=POLICY, goes_on=True)


@provokes("CreateProvisioningTemplateVersion.VersionsLimitExceededException")
def the_sixth_version_of_a_template(scene, call):
    for _ in range(6):
        call(
            templateName=scene.template, templateBody=scene.fleet_template_body, goes_on=True
        )


@provokes("CreateProvisioningTemplate.LimitExceededException")
def the_257th_template(scene, call):
    body, role, made = scene.fleet_template_body, scene.role, []
    try:
        for _ in range(257):
            made.append(scene.fresh("t"))
            call(
                templateName=made[-1],
                templateBody=body,
                provisioningRoleArn=role,
                goes_on=True,
            )
    finally:
        for name in made:
            try:
                scene.iot.delete_provisioning_template(templateName=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass


@provokes("DeletePolicy.DeleteConflictException")
def an_attached_policy(scene, call):
    call(policyName=scene.attached_policy)


@provokes("DeletePolicyVersion.DeleteConflictException")
def the_default_version_of_a_policy(scene, call):
    call(policyName=scene.policy, policyVersionId="1")


@provokes("DeleteProvisioningTemplateVersion.DeleteConflictException")
def the_default_version_of_a_template(scene, call):
    call(templateName=scene.template, versionId=1)


@provokes("DeleteProvisioningTemplate.DeleteConflictException")
def a_template_that_a_ca_names(scene, call):
    name = asking.jitp_template(scene)
    scene.iot.register_ca_certificate(
        caCertificate=scene.new_ca.pem,
        certificateMode="SNI_ONLY",
        registrationConfig={"templateName": name},
    )
    call(templateName=name)


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


@provokes("RegisterCACertificate.ResourceNotFoundException")
def a_missing_template(scene, call):
    call(
        caCertificate=scene.new_ca.pem,
        certificateMode="SNI_ONLY",
        registrationConfig={"templateName": "absent"},
    )


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


@provokes("AttachPolicy.LimitExceededException", "AttachPrincipalPolicy.LimitExceededException")
def the_eleventh_policy(scene, call):
    member = "target" if call.operation == "AttachPolicy" else "principal"
    for _ in range(11):
        name = scene.iot.create_policy(policyName=scene.fresh("p"), policyDocument=POLICY)
        call(**{"policyName": name["policyName"], member: scene.principal}, goes_on=True)


@provokes("CreateThing.ResourceNotFoundException")
def a_thing_of_no_type(scene, call):
    call(thingName=scene.fresh("thing"), thingTypeName="absent")


@provokes("ListThingGroups.ResourceNotFoundException")
def groups_of_no_parent(scene, call):
    call(parentGroup="absent")


@provokes("TagResource.LimitExceededException")
def the_51st_tag(scene, call):
    tags = [{"Key": f"key-{n}", "Value": "v"} for n in range(51)]
    call(resourceArn=scene.arn("billinggroup", scene.billing_group), tags=tags)


@provokes("RegisterThing.ResourceRegistrationFailureException")
def a_template_that_names_no_policy(scene, call):
    body = json.loads(scene.template_body)
    body["Resources"]["policy"]["Properties"]["PolicyName"] = "absent"
    call(templateBody=json.dumps(body))


@provokes("RegisterThing.ConflictingResourceUpdateException")
def a_thing_that_must_not_exist(scene, call):
    body = json.loads(scene.template_body)
    body["Parameters"]["ThingName"]["Default"] = scene.thing
    body["Resources"]["thing"]["OverrideSettings"] = {
        "AttributePayload": "FAIL",
        "ThingTypeName": "FAIL",
        "ThingGroups": "FAIL",
    }
    body["Resources"]["thing"]["Properties"]["AttributePayload"] = {"a": "b"}
    call(templateBody=json.dumps(body))


@provokes("DeleteThing.InvalidRequestException")
def a_thing_with_a_principal(scene, call):
    scene.principal_of_thing
    call(thingName=scene.thing)


@provokes("DeleteThingGroup.InvalidRequestException", "DeleteBillingGroup.InvalidRequestException")
def an_unfit_name(scene, call):
    call(**changed(scene, call, SPOILED))


@provokes(
    "SearchIndex.IndexNotReadyException",
    "GetStatistics.IndexNotReadyException",
    "GetCardinality.IndexNotReadyException",
    "GetPercentiles.IndexNotReadyException",
    "GetBucketsAggregation.IndexNotReadyException",
    "GetThingConnectivityData.IndexNotReadyException",
    "CreateDynamicThingGroup.ResourceNotFoundException",
)
def indexing_switched_off(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    scene.not_indexed()
    try:
        call(**request)
    finally:
        scene.indexed()


@provokes(
    "GetStatistics.InvalidAggregationException",
    "GetCardinality.InvalidAggregationException",
    "GetPercentiles.InvalidAggregationException",
    "GetBucketsAggregation.InvalidAggregationException",
)
def a_field_that_is_not_indexed(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"aggregationField": "attributes.unknown"})


@provokes("UpdateIndexingConfiguration.InvalidRequestException")
def connectivity_without_things(scene, call):
    scene.not_indexed()
    connectivity = {"thingIndexingMode": "OFF", "thingConnectivityIndexingMode": "STATUS"}
    call(thingIndexingConfiguration=connectivity)


@provokes("CreateDynamicThingGroup.LimitExceededException")
def the_hundred_and_first_dynamic_group(scene, call):
    scene.indexed()
    try:
        for _ in range(101 - len(scene.dynamic_groups())):
            name = scene.fresh("dynamic")
            call(goes_on=True, thingGroupName=name, queryString="thingName:nothing")
    finally:
        scene.not_indexed()
        scene.indexed()


@provokes("SetV2LoggingOptions.InvalidRequestException")
def a_role_of_too_many_characters(scene, call):
    call(roleArn="r" * 2049)


@provokes("SetLoggingOptions.InvalidRequestException")
def a_level_that_is_none(scene, call):
    call(loggingOptionsPayload={"roleArn": "arn:aws:iam::123456789012:role/a", "logLevel": "LOUD"})


@provokes("SetV2LoggingLevel.InvalidRequestException")
def a_target_of_no_type(scene, call):
    call(logTarget={"targetType": "PLANET", "targetName": "a"}, logLevel="INFO")


@provokes("DeleteV2LoggingLevel.InvalidRequestException")
def the_default_has_no_name(scene, call):
    call(targetType="DEFAULT", targetName="a")
