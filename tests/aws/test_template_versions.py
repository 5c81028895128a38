import json

import pytest

from running import ACCOUNT, arn

BODY = json.dumps(
    {
        "Parameters": {"SerialNumber": {"Type": "String"}},
        "Resources": {
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            },
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": "SerialNumber"}},
            },
        },
    }
)


@pytest.fixture
def template(iot, unique):
    name = unique("t")
    iot.create_provisioning_template(
        templateName=name,
        templateBody=BODY,
        provisioningRoleArn=f"arn:aws:iam::{ACCOUNT}:role/provisioning",
    )
    return name


def test_versions_live_and_one_is_in_force(iot, template, refused):
    other = BODY.replace("SerialNumber", "Serial")
    made = iot.create_provisioning_template_version(templateName=template, templateBody=other)
    assert made["templateArn"] == arn("provisioningtemplate", template)
    assert (made["versionId"], made["isDefaultVersion"]) == (2, False)
    found = iot.describe_provisioning_template_version(templateName=template, versionId=2)
    assert found["templateBody"] == other and found["creationDate"]
    assert (found["versionId"], found["isDefaultVersion"]) == (2, False)
    made = iot.create_provisioning_template_version(
        templateName=template, templateBody=other, setAsDefault=True
    )
    assert (made["versionId"], made["isDefaultVersion"]) == (3, True)
    now = iot.describe_provisioning_template(templateName=template)
    assert (now["defaultVersionId"], now["templateBody"]) == (3, other)
    pages = iot.get_paginator("list_provisioning_template_versions").paginate(
        templateName=template, PaginationConfig={"PageSize": 2}
    )
    listed = [item for page in pages for item in page["versions"]]
    shown = [(item["versionId"], item["isDefaultVersion"]) for item in listed]
    assert shown == [(1, False), (2, False), (3, True)]
    code, status, _ = refused(
        iot.delete_provisioning_template_version, templateName=template, versionId=3
    )
    assert (code, status) == ("DeleteConflictException", 409)
    iot.delete_provisioning_template_version(templateName=template, versionId=2)
    code, status, _ = refused(
        iot.describe_provisioning_template_version, templateName=template, versionId=2
    )
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_the_sixth_version_is_refused(iot, template, refused):
    for _ in range(4):
        iot.create_provisioning_template_version(templateName=template, templateBody=BODY)
    code, status, _ = refused(
        iot.create_provisioning_template_version, templateName=template, templateBody=BODY
    )
    assert (code, status) == ("VersionsLimitExceededException", 409)


def test_what_is_missing_or_malformed_is_refused(iot, template, unique, refused):
    none = unique("n")
    for operation, more in (
        (iot.create_provisioning_template_version, {"templateBody": BODY}),
        (iot.describe_provisioning_template_version, {"versionId": 1}),
        (iot.delete_provisioning_template_version, {"versionId": 1}),
        (iot.list_provisioning_template_versions, {}),
    ):
        code, status, _ = refused(operation, templateName=none, **more)
        assert (code, status) == ("ResourceNotFoundException", 404)
    for body in ("", "{}", "not JSON", " " * 10241):
        code, status, _ = refused(
            iot.create_provisioning_template_version, templateName=template, templateBody=body
        )
        assert (code, status) == ("InvalidRequestException", 400)
    for members in ({"maxResults": 251}, {"nextToken": "bm9uc2Vuc2U="}):
        code, status, _ = refused(
            iot.list_provisioning_template_versions, templateName=template, **members
        )
        assert (code, status) == ("InvalidRequestException", 400)


def test_the_cli_makes_a_version(aws, template):
    made = aws(
        *("create-provisioning-template-version", "--template-name", template),
        *("--template-body", BODY, "--set-as-default"),
    )
    assert made["versionId"] == 2
    aws("delete-provisioning-template-version", "--template-name", template, "--version-id", "1")
