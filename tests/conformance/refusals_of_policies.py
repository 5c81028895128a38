"""What provokes the errors that policies and provisioning templates list."""

import json

import asking
from documents import POLICY
from refusals import provokes


@provokes("CreatePolicy.MalformedPolicyException", "CreatePolicyVersion.MalformedPolicyException")
def a_document_that_is_none(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"policyDocument": "no policy"})


@provokes("CreatePolicyVersion.VersionsLimitExceededException")
def the_sixth_version_of_a_policy(scene, call):
    for _ in range(6):
        call(policyName=scene.policy, policyDocument=POLICY, goes_on=True)


@provokes("CreateProvisioningTemplateVersion.VersionsLimitExceededException")
def the_sixth_version_of_a_template(scene, call):
    for _ in range(6):
        call(
            templateName=scene.template, templateBody=scene.fleet_template_body, goes_on=True
        )


@provokes("CreateProvisioningTemplate.LimitExceededException")
def the_257th_template(scene, call):
    body, role, made = scene.fleet_template_body, scene.role, []
    try:
        for _ in range(257):
            made.append(scene.fresh("t"))
            call(
                templateName=made[-1],
                templateBody=body,
                provisioningRoleArn=role,
                goes_on=True,
            )
    finally:
        for name in made:
            try:
                scene.iot.delete_provisioning_template(templateName=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass


@provokes("DeletePolicy.DeleteConflictException")
def an_attached_policy(scene, call):
    call(policyName=scene.attached_policy)


@provokes("DeletePolicyVersion.DeleteConflictException")
def the_default_version_of_a_policy(scene, call):
    call(policyName=scene.policy, policyVersionId="1")


@provokes("DeleteProvisioningTemplateVersion.DeleteConflictException")
def the_default_version_of_a_template(scene, call):
    call(templateName=scene.template, versionId=1)


@provokes("DeleteProvisioningTemplate.DeleteConflictException")
def a_template_that_a_ca_names(scene, call):
    name = asking.jitp_template(scene)
    scene.iot.register_ca_certificate(
        caCertificate=scene.new_ca.pem,
        certificateMode="SNI_ONLY",
        registrationConfig={"templateName": name},
    )
    call(templateName=name)


@provokes("RegisterCACertificate.ResourceNotFoundException")
def a_missing_template(scene, call):
    call(
        caCertificate=scene.new_ca.pem,
        certificateMode="SNI_ONLY",
        registrationConfig={"templateName": "absent"},
    )


@provokes("AttachPolicy.LimitExceededException", "AttachPrincipalPolicy.LimitExceededException")
def the_eleventh_policy(scene, call):
    member = "target" if call.operation == "AttachPolicy" else "principal"
    for _ in range(11):
        name = scene.iot.create_policy(policyName=scene.fresh("p"), policyDocument=POLICY)
        call(**{"policyName": name["policyName"], member: scene.principal}, goes_on=True)


@provokes("RegisterThing.ResourceRegistrationFailureException")
def a_template_that_names_no_policy(scene, call):
    body = json.loads(scene.template_body)
    body["Resources"]["policy"]["Properties"]["PolicyName"] = "absent"
    call(templateBody=json.dumps(body))


@provokes("SetV2LoggingOptions.InvalidRequestException")
def a_role_of_too_many_characters(scene, call):
    call(roleArn="r" * 2049)
