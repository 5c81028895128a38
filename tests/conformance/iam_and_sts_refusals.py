"""What provokes the errors that only IAM and STS list."""

import json

import asking
from documents import POLICY
from refusals import provokes
from running import ACCOUNT

KINDS = ("user", "group", "role")


def named(scene, kind):
    return {f"{kind.capitalize()}Name": getattr(scene.identities, kind)}


@provokes("iam:DeleteUser.DeleteConflictException")
def a_user_with_a_key(scene, call):
    scene.identities.access_key
    call(UserName=scene.identities.user)


@provokes("iam:DeleteGroup.DeleteConflictException")
def a_group_with_a_member(scene, call):
    scene.identities.member
    call(GroupName=scene.identities.group)


@provokes("iam:DeleteRole.DeleteConflictException")
def a_role_with_a_policy(scene, call):
    scene.identities.attached("role")
    call(RoleName=scene.identities.role)


@provokes("iam:DeletePolicy.DeleteConflictException")
def an_attached_managed_policy(scene, call):
    call(PolicyArn=scene.identities.attached("user"))


@provokes("iam:DeletePolicyVersion.DeleteConflictException")
def the_default_version(scene, call):
    call(PolicyArn=scene.identities.policy, VersionId="v1")


@provokes("iam:CreateAccessKey.LimitExceededException")
def the_third_key(scene, call):
    for _ in range(3):
        call(UserName=scene.identities.user, goes_on=True)


@provokes("iam:CreatePolicyVersion.LimitExceededException")
def the_sixth_version(scene, call):
    for _ in range(6):
        call(PolicyArn=scene.identities.policy, PolicyDocument=POLICY, goes_on=True)


@provokes(*(f"iam:Attach{kind.capitalize()}Policy.LimitExceededException" for kind in KINDS))
def the_21st_attachment(scene, call):
    kind = call.operation.removeprefix("Attach").removesuffix("Policy").lower()
    for _ in range(21):
        made = scene.iam.create_policy(PolicyName=scene.fresh("p"), PolicyDocument=POLICY)
        call(PolicyArn=made["Policy"]["Arn"], **named(scene, kind), goes_on=True)


@provokes(*(f"iam:Put{kind.capitalize()}Policy.LimitExceededException" for kind in KINDS))
def more_than_an_entity_may_hold(scene, call):
    kind = call.operation.removeprefix("Put").removesuffix("Policy").lower()
    document = json.loads(POLICY)
    document["Statement"][0]["Resource"] = [f"arn:aws:iot:*:*:topic/{n}{'r' * 1000}" for n in range(6)]
    for name in ("first", "second"):
        call(
            PolicyName=name,
            PolicyDocument=json.dumps(document),
            **named(scene, kind),
            goes_on=True,
        )


@provokes("iam:AddUserToGroup.LimitExceededException")
def the_eleventh_group(scene, call):
    for _ in range(11):
        group = scene.iam.create_group(GroupName=scene.fresh("group"))["Group"]["GroupName"]
        call(UserName=scene.identities.user, GroupName=group, goes_on=True)


@provokes(
    "iam:CreateUser.InvalidInputException",
    "iam:CreateRole.InvalidInputException",
    "iam:CreatePolicy.InvalidInputException",
    "iam:CreateOpenIDConnectProvider.InvalidInputException",
    "iam:TagUser.InvalidInputException",
    "iam:TagRole.InvalidInputException",
    "iam:TagPolicy.InvalidInputException",
    "iam:TagOpenIDConnectProvider.InvalidInputException",
)
def a_tag_twice(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    tag = {"Key": "first", "Value": "1"}
    call(**request | {"Tags": [tag, tag]})


@provokes(
    "iam:GetOpenIDConnectProvider.InvalidInputException",
    "iam:DeleteOpenIDConnectProvider.InvalidInputException",
    "iam:AddClientIDToOpenIDConnectProvider.InvalidInputException",
    "iam:RemoveClientIDFromOpenIDConnectProvider.InvalidInputException",
    "iam:UpdateOpenIDConnectProviderThumbprint.InvalidInputException",
    "iam:UntagOpenIDConnectProvider.InvalidInputException",
    "iam:ListOpenIDConnectProviderTags.InvalidInputException",
)
def an_arn_of_something_else(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"OpenIDConnectProviderArn": scene.identities.policy})


@provokes(
    "iam:GetPolicy.InvalidInputException",
    "iam:DeletePolicy.InvalidInputException",
    "iam:CreatePolicyVersion.InvalidInputException",
    "iam:GetPolicyVersion.InvalidInputException",
    "iam:ListPolicyVersions.InvalidInputException",
    "iam:SetDefaultPolicyVersion.InvalidInputException",
    "iam:DeletePolicyVersion.InvalidInputException",
    "iam:ListEntitiesForPolicy.InvalidInputException",
    "iam:UntagPolicy.InvalidInputException",
    "iam:ListPolicyTags.InvalidInputException",
    *(f"iam:{verb}{kind.capitalize()}Policy.InvalidInputException"
      for verb in ("Attach", "Detach") for kind in KINDS),
)  # fmt: skip
def an_arn_of_no_policy(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"PolicyArn": "arn:aws:iam::aws:nothing/Name"})


@provokes("iam:AddClientIDToOpenIDConnectProvider.LimitExceededException")
def the_101st_client_id(scene, call):
    arn = scene.iam.create_open_id_connect_provider(
        Url=f"https://{scene.fresh('idp')}.example.com",
        ClientIDList=[f"client-{number}" for number in range(100)],
    )["OpenIDConnectProviderArn"]
    call(OpenIDConnectProviderArn=arn, ClientID="one-more")


@provokes("sts:AssumeRole.PackedPolicyTooLargeException")
def policies_beyond_what_a_session_has_room_for(scene, call):
    names = [f"{number}".rjust(330, "x") for number in range(6)]
    statement = {"Effect": "Allow", "Action": "iot:*", "Resource": "arn:aws:iot:*:*:" + "x" * 1850}
    request = asking.minimal(scene, call.service, call.operation)
    call(
        **request
        | {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}/p"} for name in names]
            + [{"arn": scene.identities.policy}],
        }
    )
