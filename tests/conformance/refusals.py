"""For every error that the model lists for an operation: a request that provokes it, or why there
is none. Here are those of every operation; `refusals_of_*` have those of their resources."""

import asking
import iam_and_sts
import service_model
from botocore.exceptions import ClientError
from running import ACCOUNT
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
