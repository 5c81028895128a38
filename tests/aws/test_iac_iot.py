"""What the Terraform provider asks of AWS IoT: create, read without drift, change, tag, delete.
Shapes are those that it compares with its plan, texts those on which it waits."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clients import make_client
from own_ca import OwnCa
from running import arn

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
}


def document(action):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def as_map(tags):
    return {tag["Key"]: tag["Value"] for tag in tags}


def as_tags(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(iot, resource):
    """Changes the tags of a resource that has `team=blue` as Terraform does; they are then right."""
    listed = iot.get_paginator("list_tags_for_resource")

    def read():
        return as_map(sum((p["tags"] for p in listed.paginate(resourceArn=resource)), []))

    assert read() == {"team": "blue"}
    iot.untag_resource(resourceArn=resource, tagKeys=["team"])
    iot.tag_resource(resourceArn=resource, tags=as_tags({"stage": "test"}))
    assert read() == {"stage": "test"}


def without_date(answer, *more):
    """An answer without what differs by call."""
    return {k: v for k, v in answer.items() if k not in ("ResponseMetadata", *more)}


@pytest.fixture(scope="module")
def certificate(iot):
    made = iot.create_keys_and_certificate(setAsActive=True)
    assert made["keyPair"]["PublicKey"] and made["keyPair"]["PrivateKey"]
    return made


def test_the_provider_itself(server, iot, refused):
    identity = make_client(server, "sts").get_caller_identity()
    assert identity["Account"] and identity["Arn"].endswith(":user/admin")
    assert make_client(server, "iam").get_user()["User"]["Arn"] == identity["Arn"]
    assert iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    assert len(iot.get_registration_code()["registrationCode"]) == 64


@pytest.mark.parametrize("depth", [1, 2])
def test_a_thing_group(iot, unique, refused, depth):
    names = [unique("group") for _ in range(depth)]
    parent = None
    for name in names:
        more = {"parentGroupName": parent} if parent else {}
        iot.create_thing_group(thingGroupName=name, tags=as_tags({"team": "blue"}), **more)
        parent = name
    name = names[-1]
    found = iot.describe_thing_group(thingGroupName=name)
    assert found["thingGroupProperties"] == {}, "a plain group has no properties"
    above = [{"groupName": n, "groupArn": arn("thinggroup", n)} for n in names[:-1]]
    metadata = found["thingGroupMetadata"]
    if above:
        assert metadata["rootToParentThingGroups"] == above
        assert metadata["parentGroupName"] == names[-2]
        error = refused(iot.delete_thing_group, thingGroupName=names[0])
        assert error[:2] == ("InvalidRequestException", 400)
        assert "there are still child groups attached" in error[2]
    else:
        assert set(metadata) == {"creationDate"}
    properties = {
        "thingGroupDescription": "a description",
        "attributePayload": {"attributes": {"a": "1"}},
    }
    expected = found["version"]
    iot.update_thing_group(
        thingGroupName=name, thingGroupProperties=properties, expectedVersion=expected
    )
    found = iot.describe_thing_group(thingGroupName=name)
    assert found["thingGroupProperties"] == properties
    # Taken away again: a description is empty, attributes are gone.
    nothing = {"thingGroupDescription": "", "attributePayload": {"attributes": {}}}
    iot.update_thing_group(thingGroupName=name, thingGroupProperties=nothing)
    found = iot.describe_thing_group(thingGroupName=name)["thingGroupProperties"]
    assert "attributePayload" not in found and not found.get("thingGroupDescription")
    tagged(iot, arn("thinggroup", name))
    for name in reversed(names):
        iot.delete_thing_group(thingGroupName=name)
    gone = refused(iot.describe_thing_group, thingGroupName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)


def test_a_thing_type(iot, unique, refused):
    name = unique("type")
    iot.create_thing_type(
        thingTypeName=name,
        thingTypeProperties={
            "thingTypeDescription": "a description",
            "searchableAttributes": ["b", "a"],
        },
        tags=as_tags({"team": "blue"}),
    )
    found = iot.describe_thing_type(thingTypeName=name)
    assert found["thingTypeProperties"]["thingTypeDescription"] == "a description"
    assert sorted(found["thingTypeProperties"]["searchableAttributes"]) == ["a", "b"]
    assert found["thingTypeMetadata"]["deprecated"] is False
    tagged(iot, found["thingTypeArn"])
    iot.deprecate_thing_type(thingTypeName=name)
    assert iot.describe_thing_type(thingTypeName=name)["thingTypeMetadata"]["deprecated"]
    code, status, message = refused(iot.delete_thing_type, thingTypeName=name)
    assert (code, status) == ("InvalidRequestException", 400)
    assert "Please wait for 5 minutes after deprecation and then retry" in message


def test_a_thing_with_principals_and_groups(iot, unique, refused, certificate):
    name, group, kind = unique("thing"), unique("group"), unique("type")
    iot.create_thing_type(thingTypeName=kind)
    iot.create_thing(thingName=name)
    found = iot.describe_thing(thingName=name)
    assert found["attributes"] == {} and "thingTypeName" not in found
    assert found["defaultClientId"] == name and found["version"] == 1
    iot.update_thing(
        thingName=name, thingTypeName=kind, attributePayload={"attributes": {"a": "1"}}
    )
    found = iot.describe_thing(thingName=name)
    assert (found["thingTypeName"], found["attributes"]) == (kind, {"a": "1"})
    iot.update_thing(
        thingName=name, removeThingType=True, attributePayload={"attributes": {}, "merge": False}
    )
    found = iot.describe_thing(thingName=name)
    assert found["attributes"] == {} and "thingTypeName" not in found
    # aws_iot_thing_principal_attachment
    principal = certificate["certificateArn"]
    iot.attach_thing_principal(thingName=name, principal=principal)
    listed = iot.list_thing_principals_v2(thingName=name)["thingPrincipalObjects"]
    assert [item["principal"] for item in listed] == [principal]
    assert iot.list_thing_principals(thingName=name)["principals"] == [principal]
    error = refused(iot.delete_thing, thingName=name)
    assert "is still attached to one or more principals" in error[2]
    iot.detach_thing_principal(thingName=name, principal=principal)
    assert iot.list_thing_principals_v2(thingName=name)["thingPrincipalObjects"] == []
    # aws_iot_thing_group_membership
    iot.create_thing_group(thingGroupName=group)
    iot.add_thing_to_thing_group(
        thingName=name, thingGroupName=group, overrideDynamicGroups=True
    )
    groups = iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]
    assert groups == [{"groupName": group, "groupArn": arn("thinggroup", group)}]
    iot.remove_thing_from_thing_group(thingName=name, thingGroupName=group)
    assert iot.list_thing_groups_for_thing(thingName=name)["thingGroups"] == []
    iot.delete_thing(thingName=name)
    assert refused(iot.describe_thing, thingName=name)[:2] == ("ResourceNotFoundException", 404)
    gone = refused(iot.list_thing_groups_for_thing, thingName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)


def test_a_policy_and_its_attachments(iot, unique, refused, certificate):
    name, target = unique("policy"), certificate["certificateArn"]
    iot.create_policy(
        policyName=name, policyDocument=json.dumps(POLICY), tags=as_tags({"team": "blue"})
    )
    found = iot.get_policy(policyName=name)
    assert json.loads(found["policyDocument"]) == POLICY and found["defaultVersionId"] == "1"
    tagged(iot, found["policyArn"])

    def change(action):
        iot.create_policy_version(
            policyName=name, policyDocument=document(action), setAsDefault=True
        )

    for number in range(4):
        change(f"iot:Get{number}")
    full = refused(change, action="iot:Publish")
    assert full[:2] == ("VersionsLimitExceededException", 409)
    versions = iot.list_policy_versions(policyName=name)["policyVersions"]
    oldest = min((v for v in versions if not v["isDefaultVersion"]), key=lambda v: v["createDate"])
    iot.delete_policy_version(policyName=name, policyVersionId=oldest["versionId"])
    change("iot:Publish")
    assert iot.get_policy(policyName=name)["policyDocument"] == document("iot:Publish")
    # aws_iot_policy_attachment
    iot.attach_policy(policyName=name, target=target)
    attached = iot.list_attached_policies(target=target, pageSize=250, recursive=False)
    assert [policy["policyName"] for policy in attached["policies"]] == [name]
    code, status, message = refused(iot.delete_policy, policyName=name)
    assert (code, status) == ("DeleteConflictException", 409)
    assert "attached to one or more principals" in message
    assert iot.list_targets_for_policy(policyName=name)["targets"] == [target]
    for _ in range(2):
        iot.detach_policy(policyName=name, target=target)
    for version in iot.list_policy_versions(policyName=name)["policyVersions"]:
        if not version["isDefaultVersion"]:
            iot.delete_policy_version(policyName=name, policyVersionId=version["versionId"])
    iot.delete_policy(policyName=name)
    assert refused(iot.get_policy, policyName=name)[:2] == ("ResourceNotFoundException", 404)


def test_a_certificate(iot, refused):
    made = iot.create_keys_and_certificate(setAsActive=True)
    name = made["certificateId"]
    found = iot.describe_certificate(certificateId=name)["certificateDescription"]
    assert (found["status"], found["certificatePem"]) == ("ACTIVE", made["certificatePem"])
    assert found["certificateArn"] == made["certificateArn"] and found["generationId"]
    code, status, message = refused(iot.delete_certificate, certificateId=name)
    assert (code, status) == ("CertificateStateException", 406)
    assert "must be deactivated (not ACTIVE) before deletion" in message
    iot.update_certificate(certificateId=name, newStatus="INACTIVE")
    found = iot.describe_certificate(certificateId=name)["certificateDescription"]
    assert found["status"] == "INACTIVE"
    iot.delete_certificate(certificateId=name)
    gone = refused(iot.describe_certificate, certificateId=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)


def forms_of_a_certificate(iot, unique):
    """As `aws_iot_certificate` makes one: of a CSR; by a registered CA; without one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, unique("device"))])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = csr.public_bytes(serialization.Encoding.PEM).decode()
    yield "csr", iot.create_certificate_from_csr(certificateSigningRequest=pem, setAsActive=True)
    ca = OwnCa(unique("ca"))
    iot.register_ca_certificate(
        caCertificate=ca.pem, verificationCertificate=ca.verification(iot), setAsActive=True
    )
    pem = ca.issue(CN=unique("device"))[0]
    yield "ca", iot.register_certificate(certificatePem=pem, caCertificatePem=ca.pem, status="ACTIVE")
    pem = OwnCa(unique("unregistered")).issue(CN=unique("device"))[0]
    yield "sni", iot.register_certificate_without_ca(certificatePem=pem, status="ACTIVE")


def test_a_certificate_of_other_forms(iot, unique, refused):
    for form, made in forms_of_a_certificate(iot, unique):
        name = made["certificateId"]

        def read():
            return iot.describe_certificate(certificateId=name)["certificateDescription"]

        found = read()
        assert (found["status"], found["certificateArn"]) == ("ACTIVE", made["certificateArn"]), form
        assert found.get("certificatePem", "").startswith("-----BEGIN CERTIFICATE-----"), form
        assert found["validity"]["notAfter"], form
        assert bool(found.get("caCertificateId")) == (form == "ca"), form
        # `active = false`, read without drift, then destroyed.
        iot.update_certificate(certificateId=name, newStatus="INACTIVE")
        assert without_date(found, "status", "lastModifiedDate", "customerVersion") == without_date(
            read(), "status", "lastModifiedDate", "customerVersion"
        ), form
        iot.delete_certificate(certificateId=name)
        gone = refused(iot.describe_certificate, certificateId=name)
        assert gone[:2] == ("ResourceNotFoundException", 404), form


TEMPLATE = {
    "Parameters": {"SerialNumber": {"Type": "String"}},
    "Resources": {
        "certificate": {
            "Type": "AWS::IoT::Certificate",
            "Properties": {
                "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"},
                "Status": "Active",
            },
        },
        "policy": {
            "Type": "AWS::IoT::Policy",
            "Properties": {"PolicyDocument": POLICY},
        },
    },
}


def test_a_provisioning_template(iot, server, unique, refused):
    role = make_client(server, "iam").create_role(
        RoleName=unique("role"),
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "iot.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                },
            }
        ),
    )["Role"]["Arn"]
    name = unique("t")
    iot.create_provisioning_template(
        templateName=name,
        templateBody=json.dumps(TEMPLATE),
        provisioningRoleArn=role,
        enabled=True,
        tags=as_tags({"team": "blue"}),
    )
    found = iot.describe_provisioning_template(templateName=name)
    assert (found["defaultVersionId"], found["enabled"]) == (1, True)
    assert found["templateBody"] == json.dumps(TEMPLATE)
    assert found["provisioningRoleArn"] == role and found["type"] == "FLEET_PROVISIONING"
    assert "preProvisioningHook" not in found
    assert found.get("description", "") == ""
    tagged(iot, found["templateArn"])
    other = json.dumps(TEMPLATE | {"Parameters": {}})
    iot.create_provisioning_template_version(
        templateName=name, templateBody=other, setAsDefault=True
    )
    iot.update_provisioning_template(
        templateName=name, description="", enabled=False, provisioningRoleArn=role
    )
    found = iot.describe_provisioning_template(templateName=name)
    assert (found["defaultVersionId"], found["enabled"]) == (2, False)
    assert found["templateBody"] == other and found.get("description", "") == ""
    iot.delete_provisioning_template(templateName=name)
    gone = refused(iot.describe_provisioning_template, templateName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)
    gone = refused(iot.delete_provisioning_template, templateName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)


def test_a_billing_group(iot, unique, refused):
    name = unique("billing")
    made = iot.create_billing_group(billingGroupName=name, tags=as_tags({"team": "blue"}))
    found = iot.describe_billing_group(billingGroupName=name)
    assert found["billingGroupProperties"] == {} and found["version"] == 1
    iot.update_billing_group(
        billingGroupName=name,
        billingGroupProperties={"billingGroupDescription": "a description"},
        expectedVersion=1,
    )
    found = iot.describe_billing_group(billingGroupName=name)
    assert found["billingGroupProperties"] == {"billingGroupDescription": "a description"}
    tagged(iot, made["billingGroupArn"])
    iot.delete_billing_group(billingGroupName=name)
    gone = refused(iot.describe_billing_group, billingGroupName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)


def test_event_configurations(iot):
    kinds = iot.describe_event_configurations()["eventConfigurations"]
    assert len(kinds) == 11 and not any(kind["Enabled"] for kind in kinds.values())
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    changed = iot.describe_event_configurations()["eventConfigurations"]
    assert changed == kinds | {"THING": {"Enabled": True}}
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": False}})


def test_an_indexing_configuration(iot):
    """As `aws_iot_indexing_configuration`: always both parts; destroying it changes nothing."""
    before = without_date(iot.get_indexing_configuration())
    groups = {"thingGroupIndexingMode": "ON", "customFields": [
        {"name": "attributes.site", "type": "String"},
    ]}  # fmt: skip
    things = {
        "thingIndexingMode": "REGISTRY_AND_SHADOW",
        "thingConnectivityIndexingMode": "STATUS",
        "deviceDefenderIndexingMode": "OFF",
        "namedShadowIndexingMode": "ON",
        "filter": {"namedShadowNames": ["config"]},
        "customFields": [
            {"name": "attributes.version", "type": "Number"},
            {"name": "shadow.desired.power", "type": "Boolean"},
        ],
    }
    try:
        for _ in range(2):
            iot.update_indexing_configuration(
                thingGroupIndexingConfiguration=groups, thingIndexingConfiguration=things
            )
            found = iot.get_indexing_configuration()
            read = found["thingIndexingConfiguration"]
            # What AWS adds itself is read and never sent.
            assert read.pop("managedFields")
            assert sorted(read.pop("customFields"), key=str) == sorted(things["customFields"], key=str)
            assert read == {k: v for k, v in things.items() if k != "customFields"}
            read = found["thingGroupIndexingConfiguration"]
            assert read.pop("managedFields") and read == groups
    finally:
        # Others may have it on.
        own = [
            {name: value for name, value in before[f"{kind}IndexingConfiguration"].items()
             if name != "managedFields"}
            for kind in ("thing", "thingGroup")
        ]  # fmt: skip
        iot.update_indexing_configuration(
            thingIndexingConfiguration=own[0], thingGroupIndexingConfiguration=own[1]
        )
    assert without_date(iot.get_indexing_configuration()) == before


def test_what_is_not_here_is_an_empty_list(iot):
    for operation, member in (
        ("list_topic_rules", "rules"),
        ("list_topic_rule_destinations", "destinationSummaries"),
        ("list_streams", "streams"),
        ("list_ota_updates", "otaUpdates"),
        ("list_fleet_metrics", "fleetMetrics"),
        ("list_security_profiles", "securityProfileIdentifiers"),
        ("list_custom_metrics", "metricNames"),
        ("list_dimensions", "dimensionNames"),
        ("list_mitigation_actions", "actionIdentifiers"),
        ("list_scheduled_audits", "scheduledAudits"),
        ("list_packages", "packageSummaries"),
        ("list_commands", "commands"),
    ):
        assert getattr(iot, operation)()[member] == [], operation
