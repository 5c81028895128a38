"""A page that holds exactly what is left is the last one: it has no token, in any list."""

import json
import uuid

import pytest

from clients import make_client
from packages import HANDLER, package

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
TEMPLATE = json.dumps(
    {
        "Resources": {
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            }
        }
    }
)
# Names of paging: size and its most, token that is sent, token that is answered.
RESULTS = ("maxResults", 250, "nextToken", "nextToken")
SEARCH = ("maxResults", 100, "nextToken", "nextToken")
MARKER = ("pageSize", 250, "marker", "nextMarker")
LAMBDA = ("MaxItems", 50, "Marker", "NextMarker")
IAM = ("MaxItems", 1000, "Marker", "Marker")


class Registry:
    """Two of everything, at least."""

    def __init__(self, server, unique):
        self.iot = make_client(server)
        self.iam, self.functions = make_client(server, "iam"), make_client(server, "lambda")
        iot, iam, functions = self.iot, self.iam, self.functions
        iot.update_indexing_configuration(
            thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"},
            thingGroupIndexingConfiguration={"thingGroupIndexingMode": "ON"},
        )
        self.prefix = unique("full")
        self.role = f"{self.prefix}-role"
        arn = iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.certificate = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
        iot.create_keys_and_certificate(setAsActive=True)
        self.first = f"{self.prefix}-0"
        for name in (self.first, f"{self.prefix}-1"):
            iot.create_thing_type(thingTypeName=name)
            iot.create_billing_group(billingGroupName=name)
            iot.create_thing_group(thingGroupName=name)
            iot.create_thing(
                thingName=name,
                thingTypeName=self.first,
                billingGroupName=self.first,
                attributePayload={"attributes": {"full": self.prefix}},
            )
            iot.add_thing_to_thing_group(thingName=name, thingGroupName=self.first)
            iot.attach_thing_principal(thingName=name, principal=self.certificate)
            iot.create_policy(policyName=name, policyDocument=POLICY)
            iot.attach_policy(policyName=name, target=self.certificate)
            iot.create_role_alias(roleAlias=name, roleArn=arn)
            iot.create_provisioning_template(
                templateName=name, templateBody=TEMPLATE, provisioningRoleArn=arn
            )
            iam.create_user(UserName=name)
            iam.create_group(GroupName=name)
            iam.add_user_to_group(UserName=name, GroupName=self.prefix + "-0")
            iam.put_role_policy(RoleName=self.role, PolicyName=name, PolicyDocument=POLICY)
            functions.create_function(
                FunctionName=name,
                Runtime="python3.12",
                Role=arn,
                Handler=HANDLER,
                Code={"ZipFile": package()},
                Publish=True,
            )
            functions.create_alias(FunctionName=self.first, Name=name, FunctionVersion="1")
        iot.create_provisioning_template_version(templateName=self.first, templateBody=TEMPLATE)
        iot.add_thing_to_thing_group(thingName=self.first, thingGroupName=f"{self.prefix}-1")


@pytest.fixture(scope="module")
def registry(server):
    return Registry(server, lambda kind: f"{kind}{uuid.uuid4().hex[:8]}")


CASES = {
    "list_things": ("iot", RESULTS, "things", {}),
    "list_things of a type": ("iot", RESULTS, "things", {"thingTypeName": "FIRST"}),
    "list_things by attribute": (
        "iot",
        RESULTS,
        "things",
        {"attributeName": "full", "attributeValue": "PREFIX"},
    ),
    "list_thing_types": ("iot", RESULTS, "thingTypes", {}),
    "list_thing_groups": ("iot", RESULTS, "thingGroups", {}),
    "list_billing_groups": ("iot", RESULTS, "billingGroups", {}),
    "list_things_in_thing_group": ("iot", RESULTS, "things", {"thingGroupName": "FIRST"}),
    "list_things_in_billing_group": ("iot", RESULTS, "things", {"billingGroupName": "FIRST"}),
    "list_thing_groups_for_thing": ("iot", RESULTS, "thingGroups", {"thingName": "FIRST"}),
    "list_principal_things": ("iot", RESULTS, "things", {"principal": "CERTIFICATE"}),
    "list_principal_things_v2": (
        "iot",
        RESULTS,
        "principalThingObjects",
        {"principal": "CERTIFICATE"},
    ),
    "list_thing_principals_v2": (
        "iot",
        RESULTS,
        "thingPrincipalObjects",
        {"thingName": "FIRST"},
    ),
    "list_provisioning_templates": ("iot", RESULTS, "templates", {}),
    "list_provisioning_template_versions": (
        "iot",
        RESULTS,
        "versions",
        {"templateName": "FIRST"},
    ),
    "list_indices": ("iot", ("maxResults", 500, "nextToken", "nextToken"), "indexNames", {}),
    "search_index": (
        "iot",
        SEARCH,
        "things",
        {"queryString": "attributes.full:PREFIX"},
    ),
    "search_index by name": ("iot", SEARCH, "things", {"queryString": "thingName:PREFIX*"}),
    "search_index in a group": (
        "iot",
        SEARCH,
        "things",
        {"queryString": "thingGroupNames:FIRST"},
    ),
    "search_index of a type": ("iot", SEARCH, "things", {"queryString": "thingTypeName:FIRST"}),
    "search_index of groups": (
        "iot",
        SEARCH,
        "thingGroups",
        {"indexName": "AWS_ThingGroups", "queryString": "thingGroupName:PREFIX*"},
    ),
    "list_policies": ("iot", MARKER, "policies", {}),
    "list_attached_policies": ("iot", MARKER, "policies", {"target": "CERTIFICATE"}),
    "list_targets_for_policy": ("iot", MARKER, "targets", {"policyName": "FIRST"}),
    "list_principal_policies": ("iot", MARKER, "policies", {"principal": "CERTIFICATE"}),
    "list_policy_principals": ("iot", MARKER, "principals", {"policyName": "FIRST"}),
    "list_certificates": ("iot", MARKER, "certificates", {}),
    "list_role_aliases": ("iot", MARKER, "roleAliases", {}),
    "list_functions": ("functions", LAMBDA, "Functions", {}),
    "list_functions of all versions": ("functions", LAMBDA, "Functions", {"FunctionVersion": "ALL"}),
    "list_versions_by_function": ("functions", LAMBDA, "Versions", {"FunctionName": "FIRST"}),
    "list_aliases": ("functions", LAMBDA, "Aliases", {"FunctionName": "FIRST"}),
    "list_users": ("iam", IAM, "Users", {}),
    "list_groups": ("iam", IAM, "Groups", {}),
    "list_roles": ("iam", IAM, "Roles", {}),
    "list_role_policies": ("iam", IAM, "PolicyNames", {"RoleName": "ROLE"}),
    "get_group": ("iam", IAM, "Users", {"GroupName": "FIRST"}),
    "list_policies of IAM": ("iam", IAM, "Policies", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_full_last_page_has_no_token(registry, case):
    service, (size, most, sent, answered), member, members = CASES[case]
    words = {
        "FIRST": registry.first,
        "PREFIX": registry.prefix,
        "CERTIFICATE": registry.certificate,
        "ROLE": registry.role,
    }

    def filled(text):
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    members = {name: filled(value) for name, value in members.items()}
    operation = getattr(getattr(registry, service), case.split()[0])

    def pages(of):
        token = None
        while True:
            answer = operation(**members, **{size: of}, **({sent: token} if token else {}))
            yield answer[member]
            token = answer.get(answered)
            if not token:
                return

    everything = sum(pages(most), [])
    count = len(everything)
    assert count, case
    whole = [of for of in range(1, min(count, most) + 1) if count % of == 0][-2:]
    for of in whole:
        found = list(pages(of))
        assert sum(found, []) == everything
        assert [len(page) for page in found] == [of] * (count // of), f"{case} by {of}"
