"""What the Terraform provider asks of IAM: create, read without drift, change, tag, delete."""

import json

import pytest

from clients import make_client
from running import ACCOUNT

LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


def allow(action):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def as_map(tags):
    return {tag["Key"]: tag["Value"] for tag in tags}


def as_tags(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_a_policy(iam, unique, refused):
    name = unique("policy")
    made = iam.create_policy(
        PolicyName=name,
        Path="/team/",
        Description="of a team",
        PolicyDocument=allow("iot:Connect"),
        Tags=as_tags({"team": "blue"}),
    )["Policy"]
    arn = made["Arn"]
    assert as_map(made["Tags"]) == {"team": "blue"}

    def read():
        found = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
        return found, version["PolicyVersion"]["Document"]

    found, document = read()
    assert document == json.loads(allow("iot:Connect"))
    assert found["Description"] == "of a team" and found["Path"] == "/team/"
    assert as_map(found["Tags"]) == {"team": "blue"}
    iam.tag_policy(PolicyArn=arn, Tags=as_tags({"team": "red", "stage": "test"}))
    iam.untag_policy(PolicyArn=arn, TagKeys=["stage", "never there"])
    assert as_map(read()[0]["Tags"]) == {"team": "red"}
    assert as_map(iam.list_policy_tags(PolicyArn=arn)["Tags"]) == {"team": "red"}
    # A sixth version: the oldest that is not the default goes.
    for number in range(4):
        iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=allow(f"iot:Get{number}"), SetAsDefault=True
        )
    full = refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=allow("iot:*"))
    assert full[:2] == ("LimitExceeded", 409)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    oldest = [v["VersionId"] for v in versions if not v["IsDefaultVersion"]][-1]
    assert oldest == "v1"
    iam.delete_policy_version(PolicyArn=arn, VersionId=oldest)
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=allow("iot:Publish"), SetAsDefault=True
    )
    assert read()[1] == json.loads(allow("iot:Publish"))
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)
    code, status, message = refused(iam.get_policy, PolicyArn=arn)
    assert (code, status) == ("NoSuchEntity", 404)
    assert message == f"Policy {arn} does not exist or is not attachable."


def test_a_policy_of_aws_has_no_tags_and_takes_none(iam, refused):
    assert "Tags" not in iam.get_policy(PolicyArn=LOGS)["Policy"]
    assert iam.list_policy_tags(PolicyArn=LOGS)["Tags"] == []
    error = refused(iam.tag_policy, PolicyArn=LOGS, Tags=as_tags({"a": "b"}))
    assert error[:2] == ("AccessDenied", 403)


def test_a_role_with_its_attachments(iam, unique, refused):
    name = unique("role")
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        Tags=as_tags({"team": "blue"}),
    )
    iam.attach_role_policy(RoleName=name, PolicyArn=LOGS)
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=allow("iot:Publish"))
    found = iam.get_role(RoleName=name)["Role"]
    assert found["MaxSessionDuration"] == 3600 and "Description" not in found
    assert "PermissionsBoundary" not in found and as_map(found["Tags"]) == {"team": "blue"}
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["own"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [LOGS]
    changed = iam.update_role_description(RoleName=name, Description="writes logs")["Role"]
    assert changed["Description"] == "writes logs"
    iam.update_role(RoleName=name, MaxSessionDuration=7200)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("iot.amazonaws.com"))
    iam.tag_role(RoleName=name, Tags=as_tags({"stage": "test"}))
    iam.untag_role(RoleName=name, TagKeys=["team"])
    found = iam.get_role(RoleName=name)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("writes logs", 7200)
    assert found["AssumeRolePolicyDocument"] == json.loads(trust("iot.amazonaws.com"))
    assert as_map(found["Tags"]) == {"stage": "test"}
    assert refused(iam.delete_role, RoleName=name)[:2] == ("DeleteConflict", 409)
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    iam.detach_role_policy(RoleName=name, PolicyArn=LOGS)
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)
    assert refused(iam.get_role, RoleName=name)[:2] == ("NoSuchEntity", 404)


def test_an_openid_connect_provider(iam, unique, refused):
    url = f"{unique('idp')}.example.com/pool"
    made = iam.create_open_id_connect_provider(
        Url=f"https://{url}", ClientIDList=["first"], Tags=as_tags({"team": "blue"})
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{url}"

    def read():
        return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)

    found = read()
    assert (found["Url"], found["ClientIDList"]) == (url, ["first"])
    assert found["ThumbprintList"] == [] and as_map(found["Tags"]) == {"team": "blue"}
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="second"
        )
        iam.remove_client_id_from_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="first"
        )
    prints = ["cf23df2207d99a74fbe169e3eba035e633b65d94", "0" * 40]
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=prints
    )
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=as_tags({"team": "red", "stage": "test"})
    )
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["stage"])
    found = read()
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["second"], prints)
    assert as_map(found["Tags"]) == {"team": "red"}
    listed = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert as_map(listed) == {"team": "red"}
    for wrong in ([], ["x" * 40], ["0" * 40] * 6):
        error = refused(
            iam.update_open_id_connect_provider_thumbprint,
            OpenIDConnectProviderArn=arn,
            ThumbprintList=wrong,
        )
        assert error[:2] == ("ValidationError", 400), wrong
    assert read()["ThumbprintList"] == prints
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    gone = refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
    assert gone[:2] == ("NoSuchEntity", 404)
    gone = refused(
        iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=arn, ClientID="x"
    )
    assert gone[:2] == ("NoSuchEntity", 404)


def test_documents_that_are_kept_are_as_aws_wants_them(iam, unique, refused):
    def document(version="2012-10-17", **changed):
        statement = {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"} | changed
        made = {"Version": version, "Statement": [statement]}
        return json.dumps({name: value for name, value in made.items() if value})

    def create(text):
        return refused(iam.create_policy, PolicyName=unique("p"), PolicyDocument=text)

    kept = iam.create_policy(PolicyName=unique("p"), PolicyDocument=document())["Policy"]["Arn"]
    user = unique("user")
    iam.create_user(UserName=user)
    for version in (None, "2008-10-17"):
        code, status, message = create(document(version))
        assert (code, status) == ("MalformedPolicyDocument", 400)
        assert "Policy document must be version 2012-10-17 or greater." in message
        error = refused(
            iam.create_policy_version, PolicyArn=kept, PolicyDocument=document(version)
        )
        assert error[:2] == ("MalformedPolicyDocument", 400)
        # Inline policies may still be of the older language.
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document(version))
    for resource, rule in (
        ("thing/a", "is not a resource"),
        ("*thing", "must be in ARN format"),
        ("arn:error:iot:us-east-1:123456789012:thing/a", 'Partition "error" is not valid'),
        ("arn:aws:*", "Resource vendor must be fully qualified"),
        ("arn:aws", "Resource vendor must be fully qualified"),
    ):
        code, status, message = create(document(Resource=[resource]))
        assert (code, status) == ("MalformedPolicyDocument", 400) and rule in message, resource
        inline = refused(
            iam.put_user_policy,
            UserName=user,
            PolicyName="own",
            PolicyDocument=document(Resource=resource),
        )
        assert inline[:2] == ("MalformedPolicyDocument", 400), resource


def test_arns_that_are_none_are_not_looked_for(iam, unique, refused):
    user = unique("user")
    iam.create_user(UserName=user)
    for wrong in (
        "arn:aws:iam::aws:policyAWSIoTFullAccess",
        "arn:aws:iam::123:policy/AWSIoTFullAccess",
        "arn:aws:iot::aws:policy/AWSIoTFullAccess",
        "AWSIoTFullAccess-which-is-a-name",
    ):
        for operation, members in (
            (iam.get_policy, {}),
            (iam.list_policy_tags, {}),
            (iam.delete_policy, {}),
            (iam.attach_user_policy, {"UserName": user}),
        ):
            code, status, message = refused(operation, PolicyArn=wrong, **members)
            assert (code, status) == ("InvalidInput", 400), wrong
            assert message == f"ARN {wrong} is not valid."
    absent = "arn:aws:iam::aws:policy/AWSNoSuchAccess"
    error = refused(iam.attach_user_policy, UserName=user, PolicyArn=absent)
    assert error == ("NoSuchEntity", 404, f"Policy {absent} does not exist or is not attachable.")


def test_keys_of_tags_have_no_case(iam, unique, refused):
    name = unique("role")
    both = as_tags({"Team": "blue", "team": "red"})
    document = trust("iot.amazonaws.com")
    for operation, members in (
        (iam.create_role, {"RoleName": name, "AssumeRolePolicyDocument": document}),
        (iam.create_user, {"UserName": name}),
        (iam.create_policy, {"PolicyName": name, "PolicyDocument": allow("iot:*")}),
        (iam.create_open_id_connect_provider, {"Url": f"https://{name}.example.com"}),
    ):
        code, status, message = refused(operation, Tags=both, **members)
        assert (code, status) == ("InvalidInput", 400)
        assert message.startswith("Duplicate tag keys found.")
    iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=document, Tags=as_tags({"Team": "blue"})
    )
    iam.tag_role(RoleName=name, Tags=as_tags({"team": "red", "stage": "test"}))
    tags = as_map(iam.list_role_tags(RoleName=name)["Tags"])
    assert tags == {"team": "red", "stage": "test"}
    iam.untag_role(RoleName=name, TagKeys=["TEAM"])
    assert as_map(iam.list_role_tags(RoleName=name)["Tags"]) == {"stage": "test"}


LISTS_OF_A_USER = {
    "list_mfa_devices": "MFADevices",
    "list_ssh_public_keys": "SSHPublicKeys",
    "list_signing_certificates": "Certificates",
    "list_service_specific_credentials": "ServiceSpecificCredentials",
}
LISTS_OF_THE_ACCOUNT = {
    "list_instance_profiles": "InstanceProfiles",
    "list_virtual_mfa_devices": "VirtualMFADevices",
    "list_server_certificates": "ServerCertificateMetadataList",
    "list_account_aliases": "AccountAliases",
    "list_saml_providers": "SAMLProviderList",
}


@pytest.mark.parametrize("operation", LISTS_OF_A_USER)
def test_what_no_user_has_is_an_empty_list(iam, unique, refused, operation):
    name = unique("user")
    iam.create_user(UserName=name)
    listing, member = getattr(iam, operation), LISTS_OF_A_USER[operation]
    assert listing(UserName=name)[member] == [] == listing()[member]
    assert refused(listing, UserName=unique("nobody"))[:2] == ("NoSuchEntity", 404)
    iam.delete_user(UserName=name)


@pytest.mark.parametrize("operation", LISTS_OF_THE_ACCOUNT)
def test_what_no_account_has_is_an_empty_list(iam, operation):
    assert getattr(iam, operation)()[LISTS_OF_THE_ACCOUNT[operation]] == []


def test_what_cannot_be_there_cannot_be_found(iam, unique, refused):
    name = unique("user")
    iam.create_user(UserName=name)
    saml = f"arn:aws:iam::{ACCOUNT}:saml-provider/x"
    for operation, members in (
        ("get_login_profile", {"UserName": name}),
        ("delete_login_profile", {"UserName": name}),
        ("get_instance_profile", {"InstanceProfileName": "x"}),
        ("delete_instance_profile", {"InstanceProfileName": "x"}),
        ("list_instance_profile_tags", {"InstanceProfileName": "x"}),
        ("get_mfa_device", {"SerialNumber": "arn:aws:iam::1:mfa/x"}),
        (
            "get_ssh_public_key",
            {"UserName": name, "SSHPublicKeyId": "A" * 20, "Encoding": "SSH"},
        ),
        ("get_server_certificate", {"ServerCertificateName": "x"}),
        ("get_saml_provider", {"SAMLProviderArn": saml}),
        ("get_account_password_policy", {}),
    ):
        code, status, message = refused(getattr(iam, operation), **members)
        assert (code, status) == ("NoSuchEntity", 404) and message.endswith(
            "cannot be found."
        ), operation
    iam.delete_user(UserName=name)


# Policies that guides of IoT and Lambda name, with one action that each must grant.
MANAGED = {
    "service-role/AWSLambdaBasicExecutionRole": "logs:PutLogEvents",
    "service-role/AWSLambdaVPCAccessExecutionRole": "ec2:CreateNetworkInterface",
    "service-role/AWSLambdaDynamoDBExecutionRole": "dynamodb:GetRecords",
    "service-role/AWSLambdaKinesisExecutionRole": "kinesis:GetRecords",
    "service-role/AWSLambdaSQSQueueExecutionRole": "sqs:ReceiveMessage",
    "service-role/AWSLambdaRole": "lambda:InvokeFunction",
    "service-role/AWSIoTLogging": "logs:PutMetricFilter",
    "service-role/AWSIoTRuleActions": "dynamodb:PutItem",
    "service-role/AWSIoTThingsRegistration": "iot:CreateThing",
    "service-role/AWSIoTOTAUpdate": "iot:CreateJob",
    "AWSIoTDataAccess": "iot:Connect",
    "AWSIoTConfigAccess": "iot:Create*",
    "AWSIoTConfigReadOnlyAccess": "iot:Describe*",
    "AWSIoTFullAccess": "iot:*",
    "AWSLambdaExecute": "s3:GetObject",
    "AWSLambda_FullAccess": "lambda:*",
    "AWSLambda_ReadOnlyAccess": "lambda:List*",
    "AWSXRayDaemonWriteAccess": "xray:PutTraceSegments",
    "AdministratorAccess": "*",
    "AmazonDynamoDBFullAccess": "dynamodb:*",
    "AmazonDynamoDBReadOnlyAccess": "dynamodb:Query",
    "AmazonS3FullAccess": "s3:*",
    "AmazonS3ReadOnlyAccess": "s3:Get*",
    "AmazonSNSFullAccess": "sns:*",
    "AmazonSQSFullAccess": "sqs:*",
    "AmazonSSMFullAccess": "ssm:*",
    "AmazonSSMReadOnlyAccess": "ssm:Get*",
    "CloudWatchLogsFullAccess": "logs:*",
    "IAMFullAccess": "iam:*",
    "IAMReadOnlyAccess": "iam:List*",
    "PowerUserAccess": "iam:ListRoles",
    "SecretsManagerReadWrite": "secretsmanager:*",
}


def test_the_policies_that_guides_name_can_be_read_and_attached(iam, unique):
    group = unique("group")
    iam.create_group(GroupName=group)
    for name, action in MANAGED.items():
        arn = f"arn:aws:iam::aws:policy/{name}"
        found = iam.get_policy(PolicyArn=arn)["Policy"]
        assert found["IsAttachable"] and found["PolicyId"].startswith("ANPA")
        version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
        assert f'"{action}"' in json.dumps(version["PolicyVersion"]["Document"]), name
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)
        iam.detach_group_policy(GroupName=group, PolicyArn=arn)
    iam.delete_group(GroupName=group)


def test_policies_are_listed_page_by_page_and_a_full_last_page_ends_the_list(iam, unique):
    own = sorted(unique("listed") for _ in range(3))
    for name in own:
        iam.create_policy(PolicyName=name, PolicyDocument=allow("iot:Connect"))
    everything = [p["Arn"] for p in iam.list_policies(MaxItems=1000)["Policies"]]
    assert len(everything) == len(set(everything)) > len(MANAGED)
    for size in (1, 7, len(everything)):
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": size})
        pages = [[policy["Arn"] for policy in page["Policies"]] for page in pages]
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert pages[-1] and sum(pages, []) == everything
    of_aws = iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]
    page = iam.list_policies(Scope="AWS", MaxItems=len(of_aws))
    assert not page["IsTruncated"] and "Marker" not in page
    attached = iam.list_policies(OnlyAttached=True, MaxItems=1000)["Policies"]
    page = iam.list_policies(OnlyAttached=True, MaxItems=max(1, len(attached)))
    assert page["Policies"] == attached and not page["IsTruncated"]
    for name in own:
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
        assert arn in everything
        iam.delete_policy(PolicyArn=arn)
