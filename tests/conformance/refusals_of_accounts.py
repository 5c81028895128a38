"""What provokes the errors that authorizers, role aliases, domain configurations, certificate
providers and logging list."""

import asking
from refusals import provokes
from scene import FUNCTION


@provokes("SetDefaultAuthorizer.ResourceAlreadyExistsException")
def a_second_default_authorizer(scene, call):
    asking.no_default(scene)
    call.accepted(authorizerName=scene.authorizer)
    try:
        call(authorizerName=scene.signed_authorizer)
    finally:
        asking.no_default(scene)


@provokes(
    "ClearDefaultAuthorizer.ResourceNotFoundException",
    "DescribeDefaultAuthorizer.ResourceNotFoundException",
)
def without_a_default_authorizer(scene, call):
    asking.no_default(scene)
    call()


@provokes("DeleteAuthorizer.DeleteConflictException")
def the_default_authorizer(scene, call):
    asking.no_default(scene)
    scene.iot.set_default_authorizer(authorizerName=scene.authorizer)
    try:
        call(authorizerName=scene.authorizer)
    finally:
        asking.no_default(scene)


@provokes("CreateAuthorizer.LimitExceededException")
def the_33rd_active_authorizer(scene, call):
    made = []
    try:
        for _ in range(40):
            request = asking.minimal(scene, call.service, call.operation)
            made.append(request["authorizerName"])
            call(**request | {"status": "ACTIVE"}, goes_on=True)
    finally:
        remove_authorizers(scene, made)


@provokes("UpdateAuthorizer.LimitExceededException")
def another_active_authorizer(scene, call):
    made = []
    try:
        for _ in range(40):
            request = asking.minimal(scene, call.service, "CreateAuthorizer")
            made.append(request["authorizerName"])
            scene.iot.create_authorizer(**request | {"status": "INACTIVE"})
            call(authorizerName=made[-1], status="ACTIVE", goes_on=True)
    finally:
        remove_authorizers(scene, made)


def remove_authorizers(scene, names):
    for name in names:
        try:
            scene.iot.update_authorizer(authorizerName=name, status="INACTIVE")
            scene.iot.delete_authorizer(authorizerName=name)
        except scene.iot.exceptions.ResourceNotFoundException:
            pass


@provokes("DeleteAuthorizer.InvalidRequestException")
def an_active_authorizer(scene, call):
    call(authorizerName=scene.signed_authorizer)


@provokes("TestInvokeAuthorizer.UnauthorizedException")
def a_token_of_another_key(scene, call):
    call(
        authorizerName=scene.signed_authorizer,
        token="another-token",
        tokenSignature=asking.signature(scene, "a-token"),
    )


@provokes("TestInvokeAuthorizer.InvalidResponseException")
def an_answer_that_is_none(scene, call):
    call(authorizerName=scene.working_authorizer("/nonsense"))


@provokes("CreateCertificateProvider.LimitExceededException")
def a_second_certificate_provider(scene, call):
    scene.certificate_provider
    call(
        certificateProviderName=scene.fresh("provider"),
        lambdaFunctionArn=FUNCTION,
        accountDefaultForOperations=["CreateCertificateFromCsr"],
    )


@provokes("ListCertificateProviders.InvalidRequestException")
def a_foreign_token(scene, call):
    call(nextToken="!")


@provokes("CreateDomainConfiguration.LimitExceededException")
def the_eleventh_domain_configuration(scene, call):
    for _ in range(12):
        call(domainConfigurationName=scene.fresh("domain"), serviceType="DATA", goes_on=True)


@provokes("DeleteDomainConfiguration.InvalidRequestException")
def an_enabled_domain_configuration(scene, call):
    asking.room(scene)
    call(domainConfigurationName=scene.domain_configuration)


@provokes("CreateRoleAlias.LimitExceededException")
def the_101st_role_alias(scene, call):
    made = []
    try:
        for _ in range(102):
            made.append(scene.fresh("alias"))
            call(roleAlias=made[-1], roleArn=scene.role, goes_on=True)
    finally:
        for name in made:
            try:
                scene.iot.delete_role_alias(roleAlias=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass


@provokes("SetLoggingOptions.InvalidRequestException")
def a_level_that_is_none(scene, call):
    call(loggingOptionsPayload={"roleArn": "arn:aws:iam::123456789012:role/a", "logLevel": "LOUD"})


@provokes("SetV2LoggingLevel.InvalidRequestException")
def a_target_of_no_type(scene, call):
    call(logTarget={"targetType": "PLANET", "targetName": "a"}, logLevel="INFO")


@provokes("DeleteV2LoggingLevel.InvalidRequestException")
def the_default_has_no_name(scene, call):
    call(targetType="DEFAULT", targetName="a")
