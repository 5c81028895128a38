import datetime
import json

import pytest

from running import arn

ROLE = "arn:aws:iam::123456789012:role/provisioning"
BODY = json.dumps(
    {
        "Parameters": {
            "SerialNumber": {"Type": "String"},
            "AWS::IoT::Certificate::Id": {"Type": "String"},
        },
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": "SerialNumber"}},
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {
                    "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"},
                    "Status": "Active",
                },
            },
        },
    },
    indent=2,
)


@pytest.fixture
def make(iot, unique):
    def make(**members):
        given = {"templateName": unique("t"), "templateBody": BODY, "provisioningRoleArn": ROLE}
        return iot.create_provisioning_template(**(given | members))

    return make


def test_a_template_is_described_as_it_was_made(iot, make):
    hook = {"targetArn": "https://hook.example/check", "payloadVersion": "2020-04-01"}
    made = make(description="for sensors", enabled=True, preProvisioningHook=hook)
    name = made["templateName"]
    assert made["templateArn"] == arn("provisioningtemplate", name)
    assert made["defaultVersionId"] == 1
    found = iot.describe_provisioning_template(templateName=name)
    assert found["templateBody"] == BODY
    assert found["templateArn"] == made["templateArn"]
    assert found["description"] == "for sensors"
    assert found["enabled"] is True
    assert found["provisioningRoleArn"] == ROLE
    assert found["preProvisioningHook"] == hook
    assert found["type"] == "FLEET_PROVISIONING"
    assert found["defaultVersionId"] == 1
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs((now - found["creationDate"]).total_seconds()) < 120
    assert found["lastModifiedDate"] >= found["creationDate"]


def test_a_template_is_disabled_unless_enabled(iot, make):
    name = make()["templateName"]
    found = iot.describe_provisioning_template(templateName=name)
    assert found["enabled"] is False
    assert "description" not in found and "preProvisioningHook" not in found


def test_a_second_template_of_that_name_is_refused(make, refused):
    name = make()["templateName"]
    code, status, message = refused(make, templateName=name)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    assert name in message


@pytest.mark.parametrize(
    "members, expected",
    [
        ({"templateName": "a b"}, "36 characters"),
        ({"templateName": "x" * 37}, "36 characters"),
        ({"templateBody": "no JSON"}, "template"),
        ({"templateBody": "{}"}, "template"),
        ({"templateBody": BODY.replace("IoT::Thing", "IoT::Gadget")}, "Resources.thing"),
        ({"templateBody": BODY + " " * 10241}, "10240"),
        ({"provisioningRoleArn": "arn:aws:iam::1:role/x-x-x"}, "provisioningRoleArn"),
        ({"provisioningRoleArn": "nonsense-nonsense-nonsense"}, "provisioningRoleArn"),
        ({"description": "x" * 501}, "description"),
        ({"description": "a\u0007b"}, "description"),
        ({"type": "OTHER"}, "FLEET_PROVISIONING"),
        ({"preProvisioningHook": {"targetArn": "ftp://x"}}, "targetArn"),
        ({"preProvisioningHook": {"targetArn": "http://example.com/"}}, "targetArn"),
        (
            {"preProvisioningHook": {"targetArn": "https://x/", "payloadVersion": "2099-01-01"}},
            "payloadVersion",
        ),
    ],
)
def test_templates_are_checked(make, refused, members, expected):
    code, status, message = refused(make, **members)
    assert (code, status) == ("InvalidRequestException", 400)
    assert expected in message


def test_hooks_may_be_functions_addresses_and_commands(iot, make):
    for target in (
        "arn:aws:lambda:us-east-1:123456789012:function:check",
        "https://hook.example:8443/check?x=1",
        "http://127.0.0.1:9000/hook",
        "http://localhost/",
        "command:check",
    ):
        name = make(preProvisioningHook={"targetArn": target})["templateName"]
        found = iot.describe_provisioning_template(templateName=name)
        assert found["preProvisioningHook"]["targetArn"] == target


def test_updates_change_what_they_name(iot, make, refused):
    name = make(preProvisioningHook={"targetArn": "command:check"})["templateName"]
    before = iot.describe_provisioning_template(templateName=name)
    iot.update_provisioning_template(templateName=name, enabled=True, description="now on")
    found = iot.describe_provisioning_template(templateName=name)
    assert (found["enabled"], found["description"]) == (True, "now on")
    assert found["preProvisioningHook"]["targetArn"] == "command:check"
    assert found["provisioningRoleArn"] == ROLE
    assert found["lastModifiedDate"] >= before["lastModifiedDate"]
    iot.update_provisioning_template(templateName=name, removePreProvisioningHook=True)
    assert "preProvisioningHook" not in iot.describe_provisioning_template(templateName=name)
    for members in (
        {"provisioningRoleArn": "nonsense-nonsense-nonsense"},
        {"removePreProvisioningHook": True, "preProvisioningHook": {"targetArn": "command:a"}},
    ):
        code, _, _ = refused(iot.update_provisioning_template, templateName=name, **members)
        assert code == "InvalidRequestException"
    code, _, _ = refused(iot.update_provisioning_template, templateName=name, defaultVersionId=7)
    assert code in ("ResourceNotFoundException", "InvalidRequestException")


def test_unknown_templates_are_not_found(iot, unique, refused):
    for operation in (
        iot.describe_provisioning_template,
        iot.update_provisioning_template,
        iot.delete_provisioning_template,
    ):
        code, status, _ = refused(operation, templateName=unique("none"))
        assert (code, status) == ("ResourceNotFoundException", 404)


def test_templates_are_listed_by_token(iot, make):
    names = [make(description="listed")["templateName"] for _ in range(3)]
    pages = iot.get_paginator("list_provisioning_templates").paginate(
        PaginationConfig={"PageSize": 2}
    )
    listed = {item["templateName"]: item for page in pages for item in page["templates"]}
    assert set(names) <= set(listed)
    item = listed[names[0]]
    assert item["templateArn"] == arn("provisioningtemplate", names[0])
    assert (item["enabled"], item["type"]) == (False, "FLEET_PROVISIONING")
    assert item["description"] == "listed"
    assert item["creationDate"] <= item["lastModifiedDate"]


def test_a_deleted_template_is_gone(iot, make, refused):
    name = make()["templateName"]
    iot.delete_provisioning_template(templateName=name)
    code, _, _ = refused(iot.describe_provisioning_template, templateName=name)
    assert code == "ResourceNotFoundException"
    make(templateName=name)


def test_a_lint_travels_in_a_header(make):
    body = json.loads(BODY)
    body["Resources"]["thing"]["Properties"]["ThingTypeName"] = "no-such-type"
    made = make(templateBody=json.dumps(body))
    lints = json.loads(made["ResponseMetadata"]["HTTPHeaders"]["x-fleetwright-lint"])
    assert any("no-such-type" in lint["message"] for lint in lints), lints


def test_the_cli_walks_a_templates_life(aws, unique, tmp_path):
    name, file = unique("cli"), tmp_path / "template.json"
    file.write_text(BODY)
    made = aws(
        *("create-provisioning-template", "--template-name", name, "--enabled"),
        *("--template-body", f"file://{file}", "--provisioning-role-arn", ROLE),
        *("--pre-provisioning-hook", "targetArn=command:check"),
    )
    assert made["defaultVersionId"] == 1
    aws("update-provisioning-template", "--template-name", name, "--no-enabled")
    shown = aws("describe-provisioning-template", "--template-name", name)
    assert shown["enabled"] is False and shown["templateBody"] == BODY
    listed = aws("list-provisioning-templates")["templates"]
    assert name in [item["templateName"] for item in listed]
    aws("delete-provisioning-template", "--template-name", name)
    assert "ResourceNotFoundException" in aws(
        "describe-provisioning-template", "--template-name", name, fails=True
    )
