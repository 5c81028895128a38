"""What IAM and STS are asked: values of their members, and what provokes their errors."""

import functools
import json

from documents import POLICY, TRUST
from running import ACCOUNT

ASSUMABLE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            }
        ],
    }
)


class Identities:
    """Users, groups, roles and policies of one request, made on first use."""

    def __init__(self, scene):
        self.iam, self._fresh = scene.iam, scene.fresh

    @functools.cached_property
    def user(self):
        return self.iam.create_user(UserName=self._fresh("user"))["User"]["UserName"]

    @functools.cached_property
    def group(self):
        return self.iam.create_group(GroupName=self._fresh("group"))["Group"]["GroupName"]

    @functools.cached_property
    def role(self):
        made = self.iam.create_role(RoleName=self._fresh("role"), AssumeRolePolicyDocument=ASSUMABLE)
        return made["Role"]["RoleName"]

    @functools.cached_property
    def member(self):
        self.iam.add_user_to_group(UserName=self.user, GroupName=self.group)
        return self.user

    @functools.cached_property
    def access_key(self):
        made = self.iam.create_access_key(UserName=self.user)
        return made["AccessKey"]["AccessKeyId"]

    @functools.cached_property
    def policy(self):
        made = self.iam.create_policy(PolicyName=self._fresh("policy"), PolicyDocument=POLICY)
        return made["Policy"]["Arn"]

    @functools.cached_property
    def second_version(self):
        made = self.iam.create_policy_version(PolicyArn=self.policy, PolicyDocument=POLICY)
        return made["PolicyVersion"]["VersionId"]

    @functools.cached_property
    def provider(self):
        url = f"https://{self._fresh('idp')}.example.com"
        made = self.iam.create_open_id_connect_provider(Url=url)
        return made["OpenIDConnectProviderArn"]

    def attached(self, kind):
        """The managed policy, attached to the user, group or role."""
        name = {f"{kind.capitalize()}Name": getattr(self, kind)}
        getattr(self.iam, f"attach_{kind}_policy")(PolicyArn=self.policy, **name)
        return self.policy

    def inline(self, kind):
        """The name of an inline policy of the user, group or role."""
        name = {f"{kind.capitalize()}Name": getattr(self, kind)}
        getattr(self.iam, f"put_{kind}_policy")(
            PolicyName="inline", PolicyDocument=POLICY, **name
        )
        return "inline"


LEFT_OUT = {
    "Marker": "as nextToken",
    "PermissionsBoundary": "there are no permissions boundaries (DIVERGENCES.md)",
    "MaxSigninSessionDuration": "nobody signs in to a console",
    "ResetMaxSigninSessionDuration": "nobody signs in to a console",
    "ContextProvider": "there is no Identity Center",
    "IdentityCenterInstanceArn": "there is no Identity Center",
    "ProvidedContexts": "there is no Identity Center",
    "SerialNumber": "there are no MFA devices",
    "TokenCode": "there are no MFA devices",
    "MinimumSessionTokenSize": "a token is as long as it is",
}
BY_NAME = {
    "UserName": lambda s: s.identities.user,
    "GroupName": lambda s: s.identities.group,
    "RoleName": lambda s: s.identities.role,
    "AccessKeyId": lambda s: s.identities.access_key,
    "Status": "Inactive",
    "PolicyArn": lambda s: s.identities.policy,
    "PolicyName": "inline",
    "PolicyDocument": POLICY,
    "AssumeRolePolicyDocument": TRUST,
    "VersionId": lambda s: s.identities.second_version,
    "OpenIDConnectProviderArn": lambda s: s.identities.provider,
    "Path": "/a/path/",
    "PathPrefix": "/",
    "Description": "a description",
    "MaxSessionDuration": 7200,
    "MaxItems": 10,
    "TagKeys": ["first"],
}
VALUES = {
    "CreateUser.UserName": lambda s: s.fresh("user"),
    "CreateGroup.GroupName": lambda s: s.fresh("group"),
    "CreateRole.RoleName": lambda s: s.fresh("role"),
    "CreatePolicy.PolicyName": lambda s: s.fresh("policy"),
    "RemoveUserFromGroup.UserName": lambda s: s.identities.member,
    "CreateOpenIDConnectProvider.Url": lambda s: f"https://{s.fresh('idp')}.example.com",
    "CreateOpenIDConnectProvider.ClientIDList": ["a-client"],
    "CreateOpenIDConnectProvider.ThumbprintList": ["0" * 40],
    "AddClientIDToOpenIDConnectProvider.ClientID": "a-client",
    "RemoveClientIDFromOpenIDConnectProvider.ClientID": "a-client",
    "UpdateOpenIDConnectProviderThumbprint.ThumbprintList": ["0" * 40],
    "UpdateAssumeRolePolicy.PolicyDocument": TRUST,
    "AssumeRole.RoleArn": lambda s: f"arn:aws:iam::{ACCOUNT}:role/{s.identities.role}",
    "AssumeRole.RoleSessionName": "a-session",
    "AssumeRole.PolicyArns": lambda s: [{"arn": s.identities.policy}],
    "AssumeRole.Policy": POLICY,
    "AssumeRole.DurationSeconds": 900,
    "AssumeRole.SourceIdentity": "somebody",
    "AssumeRole.ExternalId": "an-id",
    "AssumeRole.TransitiveTagKeys": ["first"],
    "GetSessionToken.DurationSeconds": 900,
    **{
        f"{verb}{kind.capitalize()}Policy.{member}": value
        for kind in ("user", "group", "role")
        for verb, member, value in (
            ("Get", "PolicyName", functools.partial(lambda kind, s: s.identities.inline(kind), kind)),
            ("Delete", "PolicyName", functools.partial(lambda kind, s: s.identities.inline(kind), kind)),
            ("Detach", "PolicyArn", functools.partial(lambda kind, s: s.identities.attached(kind), kind)),
        )
    },
}

# Without them it is the caller who is meant.
NEEDED = {
    "GetUser": {"UserName"},
    "CreateAccessKey": {"UserName"},
    "UpdateAccessKey": {"UserName"},
    "DeleteAccessKey": {"UserName"},
}

# Errors that an operation lists and no cause of ours brings about.
NO_CAUSE = {
    "iam:CreateUser.NoSuchEntityException": "its request names nothing but a boundary",
    "iam:CreateGroup.NoSuchEntityException": "its request names nothing",
    "iam:DeleteOpenIDConnectProvider.NoSuchEntityException": (
        "a provider that is not there is deleted already (AWS: idempotent)"
    ),
    "iam:CreateOpenIDConnectProvider.OpenIdIdpCommunicationErrorException": (
        "nobody is asked before a token comes"
    ),
    "sts:AssumeRole.ExpiredTokenException": "no request carries a context assertion",
    "sts:AssumeRole.InvalidContextAssertionException": "no request carries a context assertion",
    **{
        f"iam:{operation}.LimitExceededException": "taking away exceeds nothing"
        for operation in (
            "DeleteUser DeleteGroup DeleteRole RemoveUserFromGroup DeleteAccessKey DeletePolicy "
            "DeletePolicyVersion DetachUserPolicy DetachGroupPolicy DetachRolePolicy "
            "DeleteUserPolicy DeleteGroupPolicy DeleteRolePolicy"
        ).split()
    },
    **{
        f"iam:{operation}.LimitExceededException": "changing what is there exceeds nothing"
        for operation in ("UpdateAccessKey", "SetDefaultPolicyVersion")
    },
}
# The same of every operation of a service.
NO_CAUSE_OF_ANY = {
    "iam.ConcurrentModificationException": "changes follow one another",
    "iam.PolicyNotAttachableException": "every policy may be attached",
    "iam.UnmodifiableEntityException": "there are no service-linked roles",
    "sts.RegionDisabledException": "there is one region, and it is enabled",
}
