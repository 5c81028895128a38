"""Requests of every operation, minimal and maximal: members come from the model, values from the
tables below. A value is a constant or a function of the scene."""

import base64
import datetime
import json

import iam_and_sts
import service_model
from documents import POLICY
from running import ACCOUNT
from scene import FUNCTION, Scene

# A member's value by its name, unless VALUES says otherwise for an operation.
BY_NAME = {
    "thingName": lambda s: s.thing,
    "thingArn": lambda s: s.arn("thing", s.thing),
    "thingTypeName": lambda s: s.thing_type,
    "thingGroupName": lambda s: s.group,
    "thingGroupArn": lambda s: s.arn("thinggroup", s.group),
    "billingGroupName": lambda s: s.billing_group,
    "billingGroupArn": lambda s: s.arn("billinggroup", s.billing_group),
    "policyName": lambda s: s.policy,
    "policyVersionId": lambda s: s.second_version,
    "policyDocument": POLICY,
    "principal": lambda s: s.principal,
    "target": lambda s: s.principal,
    "certificateId": lambda s: s.certificate["certificateId"],
    "caCertificateId": lambda s: s.ca,
    "certificateSigningRequest": lambda s: s.csr,
    "certificatePem": lambda s: s.foreign_pem,
    "caCertificate": lambda s: s.new_ca.pem,
    "caCertificatePem": lambda s: s.ca and s.new_ca.pem,
    "certificateMode": "SNI_ONLY",
    "templateName": lambda s: s.template,
    "templateBody": lambda s: s.template_body,
    "provisioningRoleArn": lambda s: s.role,
    "roleArn": lambda s: s.role,
    "versionId": lambda s: s.second_template_version,
    "targetArn": lambda s: s.hook + "/allow",
    "payloadVersion": "2020-04-01",
    "inputFileBucket": "bucket",
    "inputFileKey": "devices.json",
    "taskId": lambda s: s.task,
    "reportType": "RESULTS",
    "resourceArn": lambda s: s.arn("billinggroup", s.billing_group),
    "tagKeys": ["first"],
    "domainConfigurationName": lambda s: s.domain_configuration,
    "roleAlias": lambda s: s.role_alias,
    "authorizerName": lambda s: s.authorizer,
    "defaultAuthorizerName": lambda s: s.authorizer,
    "authorizerFunctionArn": FUNCTION,
    "tokenKeyName": "token",
    "tokenSigningPublicKeys": lambda s: {"first": s.public_key},
    "certificateProviderName": lambda s: s.certificate_provider,
    "lambdaFunctionArn": FUNCTION,
    "accountDefaultForOperations": ["CreateCertificateFromCsr"],
    "clientToken": "a-client-token-of-at-least-36-characters",
    "queryString": "thingName:*",
    "queryVersion": "2017-09-30",
    "indexName": "AWS_Things",
    "aggregationField": "registry.version",
    "maxResults": 10,
    "pageSize": 10,
    "Key": "first",
    "Value": "a value",
    "description": "a description",
    "thingGroupDescription": "a description",
    "thingTypeDescription": "a description",
    "billingGroupDescription": "a description",
    "searchableAttributes": ["serial"],
    "attributes": {"serial": "1"},
    "attributeName": "serial",
    "attributeValue": "1",
    "propagatingAttributes": [
        {"userPropertyKey": "serial", "thingAttribute": "serial"},
        {"userPropertyKey": "client", "connectionAttribute": "iot:ClientId"},
    ],
    "topic": lambda s: s.retained_topic,
    "clientId": "a-client",
    "jobId": lambda s: s.job,
    "jobTemplateId": lambda s: s.job_template,
    "targets": lambda s: [s.arn("thing", s.thing)],
    "document": '{"operation": "reboot"}',
    "documentSource": "https://s3.us-east-1.amazonaws.com/bucket/job.json",
    "jobArn": lambda s: s.arn("job", s.job),
    "jobTemplateArn": lambda s: s.arn("jobtemplate", s.job_template),
    "namespaceId": "a-namespace",
    "comment": "a comment",
    "reasonCode": "A_REASON",
    "executionNumber": 1,
    "statusDetails": {"step": "1"},
    "stepTimeoutInMinutes": 5,
    "documentParameters": {"unused": "a value"},
    "destinationPackageVersions": [
        f"arn:aws:iot:us-east-1:{ACCOUNT}:package/a-package/version/1.0"
    ],
    "presignedUrlConfig": lambda s: {"roleArn": s.role, "expiresInSec": 600},
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 100,
        "exponentialRate": {
            "baseRatePerMinute": 50,
            "incrementFactor": 1.5,
            "rateIncreaseCriteria": {"numberOfNotifiedThings": 10},
        },
    },
    "abortConfig": {
        "criteriaList": [
            {
                "failureType": "ALL",
                "action": "CANCEL",
                "thresholdPercentage": 99.5,
                "minNumberOfExecutedThings": 10,
            }
        ]
    },
    "timeoutConfig": {"inProgressTimeoutInMinutes": 5},
    "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 1}]},
    "maintenanceWindows": [{"startTime": "cron(0 3 ? * SUN *)", "durationInMinutes": 60}],
    "schedulingConfig": lambda _: {
        "startTime": minute(60),
        "endTime": minute(120),
        "endBehavior": "CANCEL",
        "maintenanceWindows": [{"startTime": "cron(0 3 ? * SUN *)", "durationInMinutes": 60}],
    },
    "targetAwsAccount": ACCOUNT,
    "transferMessage": "take it",
    "rejectReason": "not mine",
    "logDestination": "a/destination",
    "eventConfigurations": {"CERTIFICATE": {"Enabled": True}},
    "namePrefixFilter": "no-such-prefix",
    "parameters": {"Unused": "a value"},
    "cognitoIdentityPoolId": "us-east-1:a-pool",
    "ocspLambdaArn": FUNCTION,
    "clientCertificateCallbackArn": FUNCTION,
    "securityPolicy": "IoTSecurityPolicy_TLS13_1_2_2022_10",
    "credentialDurationSeconds": 900,
    **iam_and_sts.BY_NAME,
}

# By operation and path; these win.
VALUES = {
    "CreateProvisioningTemplate.templateName": lambda s: s.fresh("t"),
    "CreateProvisioningTemplate.templateBody": lambda s: s.fleet_template_body,
    "CreateProvisioningTemplateVersion.templateBody": lambda s: s.fleet_template_body,
    "UpdateProvisioningTemplate.defaultVersionId": lambda s: s.second_template_version,
    "CreateProvisioningTemplate.type": "FLEET_PROVISIONING",
    "StartThingRegistrationTask.templateBody": lambda s: s.template_body,
    "RegisterCertificate.certificatePem": lambda s: s.ca and s.foreign_pem,
    "RegisterCertificateWithoutCA.certificatePem": lambda s: s.foreign_pem,
    "RegisterCertificate.status": "INACTIVE",
    "RegisterCertificateWithoutCA.status": "INACTIVE",
    "RegisterCACertificate.verificationCertificate": lambda s: s.verification,
    "RegisterCACertificate.registrationConfig": lambda s: {
        "templateName": jitp_template(s)
    },
    "DescribeCACertificate.certificateId": lambda s: s.ca,
    "UpdateCACertificate.certificateId": lambda s: s.ca,
    "UpdateCACertificate.registrationConfig": lambda s: {
        "templateBody": s.fleet_template_body,
        "roleArn": s.role,
    },
    "DeleteCACertificate.certificateId": lambda s: s.inactive_ca,
    "ListCACertificates.templateName": lambda s: s.template,
    "UpdateCertificate.newStatus": "ACTIVE",
    "AcceptCertificateTransfer.certificateId": lambda s: s.transferred,
    "RejectCertificateTransfer.certificateId": lambda s: s.transferred,
    "CancelCertificateTransfer.certificateId": lambda s: s.transferred,
    "CreatePolicy.policyName": lambda s: s.fresh("policy"),
    "DetachPolicy.policyName": lambda s: s.attached_policy,
    "DetachPrincipalPolicy.policyName": lambda s: s.attached_policy,
    "DeletePolicy.policyName": lambda s: s.policy,
    "TestAuthorization.authInfos": lambda s: [
        {"actionType": "CONNECT", "resources": [s.arn("client", "a-client")]}
    ],
    "TestAuthorization.policyNamesToAdd": lambda s: [s.policy],
    "TestAuthorization.policyNamesToSkip": lambda s: [s.attached_policy],
    "CreateThing.thingName": lambda s: s.fresh("thing"),
    "UpdateThing.expectedVersion": 1,
    "DeleteThing.expectedVersion": 1,
    "AttachThingPrincipal.thingPrincipalType": "EXCLUSIVE_THING",
    "DetachThingPrincipal.principal": lambda s: s.principal_of_thing,
    "CreateThingType.thingTypeName": lambda s: s.fresh("type"),
    "UpdateThingType.thingTypeName": lambda s: s.described_type,
    "DeleteThingType.thingTypeName": lambda s: s.deprecated_type,
    "StopThingRegistrationTask.taskId": lambda s: s.long_task,
    "CreateThingGroup.thingGroupName": lambda s: s.fresh("group"),
    "CreateThingGroup.parentGroupName": lambda s: s.group,
    "ListThingGroups.parentGroup": lambda s: s.group,
    # The rest of a type's properties cannot be changed.
    "UpdateThingType.thingTypeProperties": {
        "mqtt5Configuration": {
            "propagatingAttributes": [{"userPropertyKey": "serial", "thingAttribute": "serial"}]
        }
    },
    "UpdateThingGroup.expectedVersion": 1,
    "DeleteThingGroup.expectedVersion": 1,
    "RemoveThingFromThingGroup.thingGroupName": lambda s: s.group_of_thing,
    "UpdateThingGroupsForThing.thingGroupsToAdd": lambda s: [s.group],
    "UpdateThingGroupsForThing.thingGroupsToRemove": lambda s: [s.other_group],
    "CreateDynamicThingGroup.thingGroupName": lambda s: s.indexed() and s.fresh("dynamic"),
    "CreateDynamicThingGroup.queryString": "attributes.kind:pump",
    "UpdateDynamicThingGroup.thingGroupName": lambda s: s.indexed() and s.dynamic_group,
    "UpdateDynamicThingGroup.queryString": "attributes.kind:valve",
    "UpdateDynamicThingGroup.expectedVersion": 1,
    "DeleteDynamicThingGroup.thingGroupName": lambda s: s.indexed() and s.dynamic_group,
    "DeleteDynamicThingGroup.expectedVersion": 1,
    "CreateBillingGroup.billingGroupName": lambda s: s.fresh("billing"),
    "UpdateBillingGroup.expectedVersion": 1,
    "DeleteBillingGroup.expectedVersion": 1,
    "RemoveThingFromBillingGroup.billingGroupName": lambda s: s.billing_group_of_thing,
    "DescribeEndpoint.endpointType": "iot:Data-ATS",
    "SearchIndex.queryString": lambda s: s.indexed() and "thingName:*",
    "DescribeIndex.indexName": lambda s: s.indexed() and "AWS_Things",
    "GetStatistics.queryString": lambda s: s.indexed() and "thingName:*",
    "GetCardinality.queryString": lambda s: s.indexed() and "thingName:*",
    "GetPercentiles.queryString": lambda s: s.indexed() and "thingName:*",
    "GetPercentiles.percents": [50.0],
    "GetBucketsAggregation.queryString": lambda s: s.indexed() and "thingName:*",
    "GetBucketsAggregation.bucketsAggregationType.termsAggregation.maxBuckets": 10,
    "GetThingConnectivityData.thingName": lambda s: s.indexed() and s.thing,
    "UpdateIndexingConfiguration.thingIndexingConfiguration": {
        "thingIndexingMode": "REGISTRY",
        "thingConnectivityIndexingMode": "STATUS",
        "deviceDefenderIndexingMode": "OFF",
        "namedShadowIndexingMode": "OFF",
        "managedFields": [{"name": "registry.version", "type": "Number"}],
        "customFields": [{"name": "attributes.serial", "type": "String"}],
        "filter": {},
    },
    "UpdateIndexingConfiguration.thingGroupIndexingConfiguration": {
        "thingGroupIndexingMode": "ON",
        "managedFields": [{"name": "thingGroupName", "type": "String"}],
        "customFields": [{"name": "attributes.serial", "type": "String"}],
    },
    "CreateDomainConfiguration.domainConfigurationName": lambda s: free_domain(s),
    "CreateDomainConfiguration.domainName": lambda s: f"{s.fresh('d')}.example.com",
    "CreateDomainConfiguration.serviceType": "DATA",
    "CreateDomainConfiguration.serverCertificateArns": [
        "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    ],
    "CreateDomainConfiguration.validationCertificateArn": (
        "arn:aws:acm:us-east-1:123456789012:certificate/1a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    ),
    "CreateDomainConfiguration.serverCertificateConfig.ocspAuthorizedResponderArn": (
        "arn:aws:acm:us-east-1:123456789012:certificate/2a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    ),
    "UpdateDomainConfiguration.serverCertificateConfig.ocspAuthorizedResponderArn": (
        "arn:aws:acm:us-east-1:123456789012:certificate/2a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    ),
    "DescribeDomainConfiguration.domainConfigurationName": lambda s: room(s) and s.domain_configuration,
    "UpdateDomainConfiguration.domainConfigurationName": lambda s: room(s) and s.domain_configuration,
    "DeleteDomainConfiguration.domainConfigurationName": lambda s: (
        room(s) and s.disabled_domain_configuration
    ),
    "CreateRoleAlias.roleAlias": lambda s: s.fresh("alias"),
    "CreateAuthorizer.authorizerName": lambda s: s.fresh("authorizer"),
    "CreateAuthorizer.status": "INACTIVE",
    "CreateAuthorizer.signingDisabled": True,
    "UpdateAuthorizer.authorizerName": lambda s: s.signed_authorizer,
    "UpdateAuthorizer.status": "INACTIVE",
    "SetDefaultAuthorizer.authorizerName": lambda s: no_default(s) and s.authorizer,
    "TestInvokeAuthorizer.authorizerName": lambda s: s.signed_authorizer,
    "TestInvokeAuthorizer.token": "a-token",
    "TestInvokeAuthorizer.tokenSignature": lambda s: signature(s, "a-token"),
    "TestInvokeAuthorizer.httpContext": {"headers": {"a": "b"}, "queryString": "c=d"},
    "TestInvokeAuthorizer.mqttContext": {"username": "u", "password": b"p", "clientId": "c"},
    "TestInvokeAuthorizer.tlsContext": {"serverName": "localhost"},
    "CreateCertificateProvider.certificateProviderName": lambda s: (
        s.no_certificate_provider() and s.fresh("provider")
    ),
    "SetV2LoggingLevel.logTarget": {"targetType": "CLIENT_ID", "targetName": "a-client"},
    "ListV2LoggingLevels.targetType": "CLIENT_ID",
    "DeleteV2LoggingLevel.targetType": "CLIENT_ID",
    "DeleteV2LoggingLevel.targetName": "a-client",
    "SetLoggingOptions.loggingOptionsPayload": lambda s: {"roleArn": s.role, "logLevel": "INFO"},
    "SetV2LoggingOptions.eventConfigurations": [{"eventType": "Connect", "logLevel": "INFO"}],
    "UpdateEncryptionConfiguration.encryptionType": "AWS_OWNED_KMS_KEY",
    "Publish.topic": lambda s: s.fresh("topic"),
    "Publish.qos": 1,
    "Publish.payload": b"a payload",
    "Publish.userProperties": lambda s: json.dumps([{"first": "1"}, {"second": "2"}]),
    "Publish.payloadFormatIndicator": "UTF8_DATA",
    "Publish.contentType": "text/plain",
    "Publish.responseTopic": "an/answer",
    "Publish.correlationData": "YQ==",
    "Publish.messageExpiry": 60,
    "CreateJob.jobId": lambda s: s.fresh("job"),
    "CreateJob.targetSelection": "CONTINUOUS",
    "ListJobs.status": "IN_PROGRESS",
    "ListJobs.targetSelection": "SNAPSHOT",
    "ListJobs.thingGroupId": lambda s: s.iot.describe_thing_group(thingGroupName=s.group)[
        "thingGroupId"
    ],
    "AssociateTargetsWithJob.jobId": lambda s: s.continuous_job,
    "DeleteJob.jobId": lambda s: s.canceled_job,
    "DeleteJobExecution.jobId": lambda s: s.canceled_job,
    "CancelJobExecution.expectedVersion": 1,
    "ListJobExecutionsForJob.status": "QUEUED",
    "ListJobExecutionsForThing.status": "QUEUED",
    "ListJobExecutionsForThing.thingName": lambda s: s.thing,
    "CreateJobTemplate.jobTemplateId": lambda s: s.fresh("job-template"),
    "ListManagedJobTemplates.templateName": "AWS-Reboot",
    "StartNextPendingJobExecution.thingName": lambda s: s.job and s.thing,
    "GetPendingJobExecutions.thingName": lambda s: s.job and s.thing,
    "UpdateJobExecution.status": "SUCCEEDED",
    "UpdateJobExecution.expectedVersion": 1,
    "DeleteConnection.clientId": lambda s: s.client,
    "GetConnection.clientId": lambda s: s.client,
    "ListSubscriptions.clientId": lambda s: s.client,
    "SendDirectMessage.clientId": lambda s: s.client,
    "SendDirectMessage.topic": "to/one",
    "SendDirectMessage.timeout": 10,
    "SendDirectMessage.confirmation": True,
    "SendDirectMessage.payload": b"a payload",
    "SendDirectMessage.userProperties": lambda s: json.dumps([{"first": "1"}]),
    "SendDirectMessage.payloadFormatIndicator": "UTF8_DATA",
    "SendDirectMessage.contentType": "text/plain",
    "SendDirectMessage.responseTopic": "an/answer",
    "SendDirectMessage.correlationData": "YQ==",
    "GetThingShadow.thingName": lambda s: s.shadow(),
    "UpdateThingShadow.thingName": lambda s: s.shadow(),
    "DeleteThingShadow.thingName": lambda s: s.shadow(),
    "ListNamedShadowsForThing.thingName": lambda s: s.shadow(),
    "GetThingShadow.shadowName": "named",
    "UpdateThingShadow.shadowName": "named",
    "DeleteThingShadow.shadowName": "named",
    "UpdateThingShadow.payload": b'{"state":{"desired":{"a":1}}}',
    **iam_and_sts.VALUES,
}

# Optional for the model, but without them there is nothing to do.
NEEDED = {
    "AddThingToThingGroup": {"thingGroupName", "thingName"},
    "RemoveThingFromThingGroup": {"thingGroupName", "thingName"},
    "UpdateThingGroupsForThing": {"thingName", "thingGroupsToAdd"},
    "AddThingToBillingGroup": {"billingGroupName", "thingName"},
    "RemoveThingFromBillingGroup": {"billingGroupName", "thingName"},
    "GetEffectivePolicies": {"principal"},
    "TestAuthorization": {"principal"},
    "RegisterCACertificate": {"certificateMode"},
    "CreateAuthorizer": {"tokenKeyName", "tokenSigningPublicKeys"},
    "TestInvokeAuthorizer": {"token", "tokenSignature"},
    "UpdateThing": {"attributePayload"},
    "CreateJob": {"document"},
    "CreateJobTemplate": {"document"},
    "CreateDomainConfiguration": {"serviceType"},
    "UpdateEventConfigurations": {"eventConfigurations"},
    **iam_and_sts.NEEDED,
}

# What must be so before an operation that names no resource.
BEFORE = {
    "DeleteRegistrationCode": lambda s: s.iot.get_registration_code(),
    "ClearDefaultAuthorizer": lambda s: s.default_authorizer(),
    "DescribeDefaultAuthorizer": lambda s: s.default_authorizer(),
}

# Members that exclude one another: several maximal requests, each without some members, which
# together send every member.
APART = {
    "UpdateProvisioningTemplate": [{"removePreProvisioningHook"}, {"preProvisioningHook"}],
    "UpdateThing": [{"removeThingType"}, {"thingTypeName"}],
    "CreateJob": [
        {"documentSource", "jobTemplateArn"},
        {"document", "jobTemplateArn"},
        {"document", "documentSource"},
    ],
    "CreateJobTemplate": [
        {"documentSource", "jobArn"},
        {"document", "jobArn"},
        {"document", "documentSource"},
    ],
    "ListManagedJobTemplates": [{"templateName"}],
    "RegisterCertificate": [{"status"}, {"setAsActive"}],
    "UpdateCACertificate": [{"removeAutoRegistration"}, {"registrationConfig"}],
    "RegisterCACertificate": [{"verificationCertificate"}, {"certificateMode"}],
    "UpdateDomainConfiguration": [{"removeAuthorizerConfig"}, {"authorizerConfig"}],
    "AddThingToThingGroup": [{"thingArn", "thingGroupArn"}, {"thingName", "thingGroupName"}],
    "RemoveThingFromThingGroup": [{"thingArn", "thingGroupArn"}, {"thingName", "thingGroupName"}],
    "AddThingToBillingGroup": [{"thingArn", "billingGroupArn"}, {"thingName", "billingGroupName"}],
    "RemoveThingFromBillingGroup": [
        {"thingArn", "billingGroupArn"},
        {"thingName", "billingGroupName"},
    ],
    "CreateAuthorizer": [{"signingDisabled"}, {"tokenKeyName", "tokenSigningPublicKeys"}],
    "GetEffectivePolicies": [{"cognitoIdentityPoolId"}],
    "TestAuthorization": [{"cognitoIdentityPoolId"}],
}

# Optional members that are never sent, and why.
LEFT_OUT = {
    "nextToken": "only a token that the server gave is good; paging has its own tests",
    "marker": "as nextToken",
    "templateName": "there are no managed job templates",
    "cognitoIdentityPoolId": "there are no Cognito identities here (DIVERGENCES.md)",
    **iam_and_sts.LEFT_OUT,
}
DEFAULTS = {"boolean": True, "timestamp": datetime.datetime(2026, 1, 1), "double": 1.0}


def minute(ahead):
    """A time in so many minutes, as a job's schedule has it."""
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=ahead)
    return later.strftime("%Y-%m-%dT%H:%M")


def jitp_template(scene):
    made = scene.iot.create_provisioning_template(
        templateName=scene.fresh("jitp"),
        templateBody=scene.fleet_template_body.replace("SerialNumber", "AWS::IoT::Certificate::SerialNumber"),
        provisioningRoleArn=scene.role,
        enabled=True,
        type="JITP",
    )
    return made["templateName"]


def room(scene):
    """Keeps the account's ten domain configurations from running out."""
    found = scene.iot.list_domain_configurations()["domainConfigurations"]
    for each in found if len(found) > 5 else []:
        name = each["domainConfigurationName"]
        if not name.startswith("iot:"):
            scene.iot.update_domain_configuration(
                domainConfigurationName=name, domainConfigurationStatus="DISABLED"
            )
            scene.iot.delete_domain_configuration(domainConfigurationName=name)
    return True


def free_domain(scene):
    return room(scene) and scene.fresh("domain")


def no_default(scene):
    try:
        scene.iot.clear_default_authorizer()
    except scene.iot.exceptions.ResourceNotFoundException:
        pass
    return True


def signature(scene, token):
    return base64.b64encode(scene.sign(token)).decode()


def value_of(scene: Scene, path, shape):
    """The table's value for a member, or the model's for a plain one; `None` for a structure."""
    last = path.rpartition(".")[2]
    known = VALUES.get(path, BY_NAME.get(last))
    if callable(known):
        known = known(scene)
    if known is not None:
        return known
    if getattr(shape, "enum", None):
        return shape.enum[0]
    if shape.type_name in ("integer", "long"):
        return shape.metadata.get("min", 1)
    return DEFAULTS.get(shape.type_name)


# What must be there first, where no member of the request names it.

def minimal(scene, service, operation):
    needed = NEEDED.get(operation, set())
    BEFORE.get(operation, lambda _: None)(scene)
    return service_model.fill(
        service_model.operation(service, operation),
        lambda path, shape: value_of(scene, path, shape),
        lambda path, required: required or path.partition(".")[2] in needed,
    )


def maximal_forms(operation):
    """Which members are left out of each of an operation's maximal requests."""
    return APART.get(operation, [set()])


def maximal(scene, service, operation, without=frozenset()):
    BEFORE.get(operation, lambda _: None)(scene)

    def wanted(path, required):
        top, last = path.split(".")[1], path.rpartition(".")[2]
        return required or (top not in without and last not in LEFT_OUT)

    return service_model.fill(
        service_model.operation(service, operation),
        lambda path, shape: value_of(scene, path, shape),
        wanted,
    )
