"""Every family of operations is closed to who has no permission for it, and to who has all others."""

import json

import pytest

from clients import make_client
from running import ACCOUNT, arn

CERTIFICATE, NAME = "0a" * 32, "nothing-of-this-name"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
TEMPLATE = json.dumps({"Parameters": {}, "Resources": {"certificate": {
    "Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": CERTIFICATE},
}}})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
]})
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"

# Service, operation, members: one or more of each family. None of them may change anything.
CALLS = [
    ("iot", "describe_endpoint", {}),
    ("iot", "describe_event_configurations", {}),
    ("iot", "update_event_configurations", {"eventConfigurations": {}}),
    ("iot", "create_thing", {"thingName": NAME}),
    ("iot", "delete_thing", {"thingName": NAME}),
    ("iot", "attach_thing_principal", {
        "thingName": NAME, "principal": arn("cert", CERTIFICATE)}),
    ("iot", "list_things", {}),
    ("iot", "create_thing_type", {"thingTypeName": NAME}),
    ("iot", "deprecate_thing_type", {"thingTypeName": NAME}),
    ("iot", "create_thing_group", {"thingGroupName": NAME}),
    ("iot", "add_thing_to_thing_group", {"thingGroupName": NAME, "thingName": NAME}),
    ("iot", "create_billing_group", {"billingGroupName": NAME}),
    ("iot", "tag_resource", {
        "resourceArn": arn("thinggroup", NAME), "tags": [{"Key": "a", "Value": "b"}]}),
    ("iot", "list_tags_for_resource", {"resourceArn": arn("thinggroup", NAME)}),
    ("iot", "create_keys_and_certificate", {}),
    ("iot", "create_certificate_from_csr", {"certificateSigningRequest": "x"}),
    ("iot", "register_certificate", {"certificatePem": "x"}),
    ("iot", "update_certificate", {"certificateId": CERTIFICATE, "newStatus": "ACTIVE"}),
    ("iot", "transfer_certificate", {
        "certificateId": CERTIFICATE, "targetAwsAccount": "210987654321"}),
    ("iot", "accept_certificate_transfer", {"certificateId": CERTIFICATE}),
    ("iot", "register_ca_certificate", {"caCertificate": "x"}),
    ("iot", "update_ca_certificate", {"certificateId": CERTIFICATE, "newStatus": "ACTIVE"}),
    ("iot", "get_registration_code", {}),
    ("iot", "create_policy", {"policyName": NAME, "policyDocument": POLICY}),
    ("iot", "create_policy_version", {"policyName": NAME, "policyDocument": POLICY}),
    ("iot", "attach_policy", {"policyName": NAME, "target": arn("cert", CERTIFICATE)}),
    ("iot", "detach_policy", {"policyName": NAME, "target": arn("cert", CERTIFICATE)}),
    ("iot", "attach_principal_policy", {
        "policyName": NAME, "principal": arn("cert", CERTIFICATE)}),
    ("iot", "get_effective_policies", {"thingName": NAME}),
    ("iot", "test_authorization", {
        "principal": arn("cert", CERTIFICATE),
        "authInfos": [{"actionType": "CONNECT", "resources": [arn("client", NAME)]}]}),
    ("iot", "create_provisioning_template", {
        "templateName": "nothing", "templateBody": TEMPLATE, "provisioningRoleArn": ROLE}),
    ("iot", "create_provisioning_template_version", {
        "templateName": "nothing", "templateBody": TEMPLATE}),
    ("iot", "create_provisioning_claim", {"templateName": "nothing"}),
    ("iot", "register_thing", {"templateBody": TEMPLATE}),
    ("iot", "start_thing_registration_task", {
        "templateBody": TEMPLATE, "inputFileBucket": "bucket", "inputFileKey": "key",
        "roleArn": ROLE}),
    ("iot", "list_thing_registration_tasks", {}),
    ("iot", "create_role_alias", {"roleAlias": NAME, "roleArn": ROLE}),
    ("iot", "create_authorizer", {
        "authorizerName": NAME, "authorizerFunctionArn": FUNCTION, "signingDisabled": True}),
    ("iot", "test_invoke_authorizer", {"authorizerName": NAME}),
    ("iot", "create_domain_configuration", {"domainConfigurationName": NAME}),
    ("iot", "create_certificate_provider", {
        "certificateProviderName": NAME, "lambdaFunctionArn": FUNCTION,
        "accountDefaultForOperations": ["CreateCertificateFromCsr"]}),
    ("iot", "update_indexing_configuration", {
        "thingIndexingConfiguration": {"thingIndexingMode": "REGISTRY"}}),
    ("iot", "search_index", {"queryString": "*"}),
    ("iot", "create_dynamic_thing_group", {"thingGroupName": NAME, "queryString": "thingName:x"}),
    ("iot-data", "publish", {"topic": NAME, "payload": b"x"}),
    ("iot-data", "get_retained_message", {"topic": NAME}),
    ("iot-data", "list_retained_messages", {}),
    ("iam", "create_user", {"UserName": NAME}),
    ("iam", "create_access_key", {"UserName": "admin"}),
    ("iam", "create_group", {"GroupName": NAME}),
    ("iam", "add_user_to_group", {"GroupName": NAME, "UserName": "admin"}),
    ("iam", "create_role", {"RoleName": NAME, "AssumeRolePolicyDocument": POLICY}),
    ("iam", "update_assume_role_policy", {"RoleName": NAME, "PolicyDocument": POLICY}),
    ("iam", "put_user_policy", {
        "UserName": "admin", "PolicyName": NAME, "PolicyDocument": POLICY}),
    ("iam", "put_role_policy", {"RoleName": NAME, "PolicyName": NAME, "PolicyDocument": POLICY}),
    ("iam", "attach_user_policy", {
        "UserName": "admin", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam", "create_policy", {"PolicyName": NAME, "PolicyDocument": POLICY}),
    ("iam", "create_open_id_connect_provider", {"Url": "https://issuer.example"}),
    ("lambda", "create_function", {
        "FunctionName": NAME, "Runtime": "python3.12", "Handler": "a.b", "Role": ROLE,
        "Code": {"ZipFile": b"x"}}),
    ("lambda", "update_function_code", {"FunctionName": NAME, "ZipFile": b"x"}),
    ("lambda", "add_permission", {
        "FunctionName": NAME, "StatementId": "s", "Action": "lambda:InvokeFunction",
        "Principal": "iot.amazonaws.com"}),
    ("lambda", "invoke", {"FunctionName": NAME}),
    ("lambda", "list_functions", {}),
    ("sts", "get_access_key_info", {"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA"}),
]  # fmt: skip
# An action that is not named like its operation.
ACTIONS = {"invoke": "lambda:InvokeFunction"}


def action_of(client, service, operation):
    name = client.meta.method_to_api_mapping[operation]
    prefix = "iot" if service == "iot-data" else service
    return ACTIONS.get(operation, f"{prefix}:{name}")


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture(scope="module")
def stranger(server, iam):
    """The name and the clients of a user whose only policy is written anew by each test."""
    name = "somebody"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    clients = {
        service: make_client(server, service, key["AccessKeyId"], key["SecretAccessKey"])
        for service in ("iot", "iot-data", "iam", "lambda", "sts")
    }
    return name, clients


def permit(iam, user, statements):
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=document)


def check(refused, clients, service, operation, members):
    client = clients[service]
    code, status, message = refused(getattr(client, operation), **members)
    names = ("AccessDenied", "AccessDeniedException", "ForbiddenException")
    assert code in names and status == 403, (operation, code, message)
    return action_of(client, service, operation), message


@pytest.mark.parametrize(
    ("service", "operation", "members"), CALLS, ids=[f"{s}:{o}" for s, o, _ in CALLS]
)
def test_no_permission_and_every_other_permission_are_not_enough(
    iam, stranger, refused, service, operation, members
):
    user, clients = stranger
    for statement in (
        [{"Effect": "Allow", "Action": "iot:ListJobs", "Resource": "*"}],
        [{
            "Effect": "Allow", "Resource": "*",
            "NotAction": action_of(clients[service], service, operation),
        }],
        [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {
                "Effect": "Deny", "Resource": "*",
                "Action": action_of(clients[service], service, operation),
            },
        ],
    ):  # fmt: skip
        permit(iam, user, statement)
        action, message = check(refused, clients, service, operation, members)
        assert f"not authorized to perform: {action}" in message, message


def test_a_permission_for_one_resource_is_none_for_another(iam, stranger, refused):
    user, clients = stranger
    iot = clients["iot"]
    only = {"Effect": "Allow", "Action": "iot:CreateThing", "Resource": arn("thing", "mine-*")}
    permit(iam, user, [only])
    iot.create_thing(thingName="mine-1")
    code, _, message = refused(iot.create_thing, thingName="yours-1")
    assert code == "AccessDeniedException" and arn("thing", "yours-1") in message
