"""The operations that the conformance table lists, by family: (service, names)."""

FAMILIES = {
    "Provisioning templates, versions, claims": (
        "iot",
        """CreateProvisioningTemplate DescribeProvisioningTemplate UpdateProvisioningTemplate
        DeleteProvisioningTemplate ListProvisioningTemplates CreateProvisioningTemplateVersion
        DescribeProvisioningTemplateVersion DeleteProvisioningTemplateVersion
        ListProvisioningTemplateVersions CreateProvisioningClaim""",
    ),
    "RegisterThing and bulk registration": (
        "iot",
        """RegisterThing StartThingRegistrationTask DescribeThingRegistrationTask
        StopThingRegistrationTask ListThingRegistrationTasks ListThingRegistrationTaskReports""",
    ),
    "Certificates": (
        "iot",
        """CreateKeysAndCertificate CreateCertificateFromCsr RegisterCertificate
        RegisterCertificateWithoutCA DescribeCertificate UpdateCertificate DeleteCertificate
        ListCertificates ListCertificatesByCA""",
    ),
    "CA certificates and the registration code": (
        "iot",
        """RegisterCACertificate DescribeCACertificate UpdateCACertificate DeleteCACertificate
        ListCACertificates GetRegistrationCode DeleteRegistrationCode""",
    ),
    "Certificate transfer": (
        "iot",
        """TransferCertificate AcceptCertificateTransfer RejectCertificateTransfer
        CancelCertificateTransfer ListOutgoingCertificates""",
    ),
    "Policies and versions": (
        "iot",
        """CreatePolicy GetPolicy DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion
        DeletePolicyVersion ListPolicyVersions SetDefaultPolicyVersion""",
    ),
    "Policy attachment and evaluation": (
        "iot",
        """AttachPolicy DetachPolicy ListAttachedPolicies ListTargetsForPolicy AttachPrincipalPolicy
        DetachPrincipalPolicy ListPolicyPrincipals ListPrincipalPolicies GetEffectivePolicies
        TestAuthorization""",
    ),
    "Things and principals": (
        "iot",
        """CreateThing DescribeThing UpdateThing DeleteThing ListThings AttachThingPrincipal
        DetachThingPrincipal ListThingPrincipals ListThingPrincipalsV2 ListPrincipalThings
        ListPrincipalThingsV2 GetThingConnectivityData""",
    ),
    "Thing types": (
        "iot",
        """CreateThingType DescribeThingType UpdateThingType DeprecateThingType DeleteThingType
        ListThingTypes""",
    ),
    "Thing groups": (
        "iot",
        """CreateThingGroup DescribeThingGroup UpdateThingGroup DeleteThingGroup ListThingGroups
        AddThingToThingGroup RemoveThingFromThingGroup ListThingsInThingGroup
        ListThingGroupsForThing UpdateThingGroupsForThing CreateDynamicThingGroup
        UpdateDynamicThingGroup DeleteDynamicThingGroup""",
    ),
    "Billing groups": (
        "iot",
        """CreateBillingGroup DescribeBillingGroup UpdateBillingGroup DeleteBillingGroup
        ListBillingGroups AddThingToBillingGroup RemoveThingFromBillingGroup
        ListThingsInBillingGroup""",
    ),
    "Tags": ("iot", "TagResource UntagResource ListTagsForResource"),
    "Endpoint": ("iot", "DescribeEndpoint"),
    "Fleet indexing": (
        "iot",
        """SearchIndex DescribeIndex ListIndices GetIndexingConfiguration
        UpdateIndexingConfiguration GetStatistics GetCardinality GetPercentiles
        GetBucketsAggregation""",
    ),
    "Event configurations": ("iot", "DescribeEventConfigurations UpdateEventConfigurations"),
    "Domain configurations": (
        "iot",
        """CreateDomainConfiguration DescribeDomainConfiguration UpdateDomainConfiguration
        DeleteDomainConfiguration ListDomainConfigurations""",
    ),
    "Role aliases": (
        "iot",
        "CreateRoleAlias DescribeRoleAlias UpdateRoleAlias DeleteRoleAlias ListRoleAliases",
    ),
    "Authorizers": (
        "iot",
        """CreateAuthorizer DescribeAuthorizer UpdateAuthorizer DeleteAuthorizer ListAuthorizers
        SetDefaultAuthorizer ClearDefaultAuthorizer DescribeDefaultAuthorizer
        TestInvokeAuthorizer""",
    ),
    "Certificate providers": (
        "iot",
        """CreateCertificateProvider DescribeCertificateProvider UpdateCertificateProvider
        DeleteCertificateProvider ListCertificateProviders""",
    ),
    "Logging and encryption": (
        "iot",
        """SetV2LoggingOptions GetV2LoggingOptions SetV2LoggingLevel ListV2LoggingLevels
        DeleteV2LoggingLevel SetLoggingOptions GetLoggingOptions DescribeEncryptionConfiguration
        UpdateEncryptionConfiguration""",
    ),
    "Jobs": (
        "iot",
        """CreateJob DescribeJob ListJobs UpdateJob CancelJob DeleteJob GetJobDocument
        AssociateTargetsWithJob DescribeJobExecution ListJobExecutionsForJob
        ListJobExecutionsForThing CancelJobExecution DeleteJobExecution CreateJobTemplate
        DescribeJobTemplate ListJobTemplates DeleteJobTemplate
        ListManagedJobTemplates""",
    ),
    "Jobs of devices": (
        "iot-jobs-data",
        """GetPendingJobExecutions StartNextPendingJobExecution DescribeJobExecution
        UpdateJobExecution""",
    ),
    "Data plane": (
        "iot-data",
        """Publish GetRetainedMessage ListRetainedMessages GetThingShadow UpdateThingShadow
        DeleteThingShadow ListNamedShadowsForThing DeleteConnection GetConnection
        ListSubscriptions SendDirectMessage""",
    ),
    "Identity and Access Management": (
        "iam",
        """CreateUser GetUser DeleteUser ListUsers TagUser UntagUser ListUserTags CreateGroup GetGroup
        DeleteGroup ListGroups AddUserToGroup RemoveUserFromGroup ListGroupsForUser CreateRole
        GetRole UpdateRole UpdateAssumeRolePolicy DeleteRole ListRoles TagRole UntagRole
        ListRoleTags CreateAccessKey UpdateAccessKey DeleteAccessKey ListAccessKeys CreatePolicy
        GetPolicy DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion
        DeletePolicyVersion ListPolicyVersions SetDefaultPolicyVersion ListEntitiesForPolicy
        AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies AttachGroupPolicy
        DetachGroupPolicy ListAttachedGroupPolicies AttachRolePolicy DetachRolePolicy
        ListAttachedRolePolicies PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies
        PutGroupPolicy GetGroupPolicy DeleteGroupPolicy ListGroupPolicies PutRolePolicy
        GetRolePolicy DeleteRolePolicy ListRolePolicies CreateOpenIDConnectProvider
        GetOpenIDConnectProvider DeleteOpenIDConnectProvider ListOpenIDConnectProviders
        AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider
        UpdateOpenIDConnectProviderThumbprint TagPolicy UntagPolicy ListPolicyTags
        TagOpenIDConnectProvider UntagOpenIDConnectProvider ListOpenIDConnectProviderTags
        UpdateRoleDescription ListMFADevices ListSSHPublicKeys ListSigningCertificates
        ListInstanceProfilesForRole ListInstanceProfiles ListServerCertificates ListAccountAliases
        ListSAMLProviders""",
    ),
    "Security Token Service": (
        "sts",
        "GetCallerIdentity AssumeRole GetSessionToken GetAccessKeyInfo",
    ),
}


def label(service, name):
    """A name that is the operation's alone: AWS IoT and IAM both have a `CreatePolicy`."""
    return name if service in ("iot", "iot-data") else f"{service}:{name}"


OPERATIONS = [
    (service, name) for service, names in FAMILIES.values() for name in names.split()
]
