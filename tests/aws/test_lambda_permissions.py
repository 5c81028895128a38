"""Who may invoke a function, and who may work on it."""

import json

import pytest

from clients import make_client
from packages import HANDLER, package
from running import ACCOUNT, arn as iot_arn
from test_lambda import arn

TEMPLATE = iot_arn("provisioningtemplate", "Factory")
CERTIFICATE = {
    "Type": "AWS::IoT::Certificate",
    "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
}
BODY = json.dumps({"Parameters": {}, "Resources": {"certificate": CERTIFICATE}})


def grant(functions, function, **members):
    wanted = {
        "FunctionName": function,
        "StatementId": "iot",
        "Action": "lambda:InvokeFunction",
        "Principal": "iot.amazonaws.com",
    }
    return functions.add_permission(**(wanted | members))


def test_a_statement_is_built_as_aws_builds_it(functions, function):
    made = grant(functions, function, SourceArn=TEMPLATE, SourceAccount=ACCOUNT)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    statement = {
        "Sid": "iot",
        "Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn(function),
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": TEMPLATE},
        },
    }
    assert json.loads(made["Statement"]) == statement
    found = functions.get_policy(FunctionName=function)
    assert json.loads(found["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [statement],
    }


def test_permissions_are_those_of_their_qualifier(functions, function, refused):
    functions.publish_version(FunctionName=function)
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    made = grant(functions, function, Qualifier="live")
    assert json.loads(made["Statement"])["Resource"] == arn(f"{function}:live")
    found = functions.get_policy(FunctionName=f"{function}:live")
    assert len(json.loads(found["Policy"])["Statement"]) == 1
    for qualifier in ({}, {"Qualifier": "1"}):
        error = refused(functions.get_policy, FunctionName=function, **qualifier)
        assert error == (
            "ResourceNotFoundException",
            404,
            "The resource you requested does not exist.",
        )
    error = refused(lambda: grant(functions, function, Qualifier="$LATEST"))
    assert error[:2] == ("InvalidParameterValueException", 400)
    error = refused(lambda: grant(functions, f"{function}:live", Qualifier="1"))
    assert "does not match the specified qualifier" in error[2]
    error = refused(lambda: grant(functions, function, Qualifier="absent"))
    assert error[:2] == ("ResourceNotFoundException", 404)


def test_a_permission_is_given_once_and_taken_back(functions, function, refused):
    grant(functions, function)
    error = refused(lambda: grant(functions, function))
    assert error[:2] == ("ResourceConflictException", 409)
    assert error[2].startswith("The statement id (iot) provided already exists.")
    revision = functions.get_policy(FunctionName=function)["RevisionId"]
    grant(functions, function, StatementId="two", RevisionId=revision)
    error = refused(
        functions.remove_permission,
        FunctionName=function,
        StatementId="iot",
        RevisionId=revision,
    )
    assert error[:2] == ("PreconditionFailedException", 412)
    for statement in ("iot", "two"):
        functions.remove_permission(FunctionName=function, StatementId=statement)
    error = refused(functions.remove_permission, FunctionName=function, StatementId="two")
    assert error[:2] == ("ResourceNotFoundException", 404)
    assert refused(functions.get_policy, FunctionName=function)[1] == 404


@pytest.mark.parametrize(
    "members",
    [
        {"Principal": "nobody"},
        {"Principal": "arn:aws:iam::12:user/x"},
        {"Action": "lambda:Invoke Function"},
        {"StatementId": "a b"},
        {"SourceAccount": "12"},
        {"SourceArn": "thing/x"},
        {"PrincipalOrgID": "o-short-x!!!"},
        {"FunctionUrlAuthType": "NONE"},
    ],
    ids=lambda members: next(iter(members)) + " " + next(iter(members.values())),
)
def test_permissions_that_are_none_are_refused(functions, function, refused, members):
    error = refused(lambda: grant(functions, function, **members))
    assert error[:2] == ("InvalidParameterValueException", 400)


def test_a_policy_has_at_most_20_kilobytes(functions, function, refused):
    source = TEMPLATE + "x" * 9000
    grant(functions, function, StatementId="one", SourceArn=source)
    grant(functions, function, StatementId="two", SourceArn=source)
    error = refused(lambda: grant(functions, function, StatementId="three", SourceArn=source))
    assert error[:2] == ("PolicyLengthExceededException", 400)


@pytest.fixture
def as_user(server, unique):
    """A client of a user with these statements."""

    def make(*statements, service="lambda"):
        iam, name = make_client(server, "iam"), unique("user")
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(
            UserName=name, PolicyName="only", PolicyDocument=json.dumps(document)
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return make_client(server, service, key["AccessKeyId"], key["SecretAccessKey"])

    return make


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_a_caller_needs_the_action_on_the_function(as_user, function, refused):
    caller = as_user(allow("lambda:GetFunction", arn(function)))
    caller.get_function(FunctionName=function)
    caller.get_function(FunctionName=arn(function))
    for form in (f"{function}:$LATEST", "other", arn("other")):
        code, status, message = refused(caller.get_function, FunctionName=form)
        assert (code, status) == ("AccessDeniedException", 403), form
        assert "is not authorized to perform: lambda:GetFunction on resource: arn:" in message
    for operation in (caller.delete_function, caller.get_policy, caller.publish_version):
        assert refused(operation, FunctionName=function)[1] == 403
    assert refused(caller.list_functions)[1] == 403
    code, status, message = refused(caller.invoke, FunctionName=function)
    assert (code, status) == ("AccessDeniedException", 403)
    assert "lambda:InvokeFunction" in message


def test_a_qualifier_is_part_of_the_resource(as_user, functions, function, refused):
    functions.publish_version(FunctionName=function)
    caller = as_user(allow("lambda:GetFunction", arn(f"{function}:1")))
    caller.get_function(FunctionName=function, Qualifier="1")
    caller.get_function(FunctionName=f"{function}:1")
    assert refused(caller.get_function, FunctionName=function)[1] == 403
    assert refused(caller.get_function, FunctionName=function, Qualifier="$LATEST")[1] == 403


def test_a_role_is_passed_to_lambda_only_with_permission(
    as_user, execution_role, unique, refused
):
    wanted = {
        "FunctionName": unique("function"),
        "Runtime": "python3.12",
        "Role": execution_role,
        "Handler": HANDLER,
        "Code": {"ZipFile": package()},
    }
    code, status, message = refused(as_user(allow("lambda:*")).create_function, **wanted)
    assert (code, status) == ("AccessDeniedException", 403)
    assert f"iam:PassRole on resource: {execution_role}" in message
    to = lambda service: {"Condition": {"StringEquals": {"iam:PassedToService": service}}}
    elsewhere = allow("iam:PassRole", execution_role, **to("iot.amazonaws.com"))
    assert refused(as_user(allow("lambda:*"), elsewhere).create_function, **wanted)[1] == 403
    here = allow("iam:PassRole", execution_role, **to("lambda.amazonaws.com"))
    caller = as_user(allow("lambda:*"), here)
    caller.create_function(**wanted)
    # Another role is another permission, for a change as well.
    admin = f"arn:aws:iam::{ACCOUNT}:role/admin"
    error = refused(
        caller.update_function_configuration, FunctionName=wanted["FunctionName"], Role=admin
    )
    assert error[1] == 403 and admin in error[2]
    caller.update_function_configuration(FunctionName=wanted["FunctionName"], Timeout=9)


def test_tags_are_conditions(as_user, create, refused):
    made = create(Tags={"team": "red"})
    tagged = lambda key: {"Condition": {"StringEquals": {key: "red"}}}
    reader = as_user(allow("lambda:GetFunction", **tagged("aws:ResourceTag/team")))
    reader.get_function(FunctionName=made["FunctionName"])
    other = create(Tags={"team": "blue"})["FunctionName"]
    assert refused(reader.get_function, FunctionName=other)[1] == 403
    tagger = as_user(allow("lambda:TagResource", **tagged("aws:RequestTag/team")))
    tagger.tag_resource(Resource=made["FunctionArn"], Tags={"team": "red"})
    error = refused(tagger.tag_resource, Resource=made["FunctionArn"], Tags={"team": "blue"})
    assert error[1] == 403
    keys = {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["line"]}}}
    untagger = as_user(allow("lambda:UntagResource", **keys))
    untagger.untag_resource(Resource=made["FunctionArn"], TagKeys=["line"])
    error = refused(untagger.untag_resource, Resource=made["FunctionArn"], TagKeys=["team"])
    assert error[1] == 403


def test_a_principal_is_a_condition_of_add_permission(as_user, function, refused):
    only = {"Condition": {"StringEquals": {"lambda:Principal": "iot.amazonaws.com"}}}
    caller = as_user(allow("lambda:AddPermission", **only))
    grant(caller, function)
    error = refused(lambda: grant(caller, function, StatementId="all", Principal="*"))
    assert error[:2] == ("AccessDeniedException", 403)


def test_whoever_attaches_a_hook_may_invoke_it(as_user, function, refused):
    caller = as_user(
        allow(["iot:*", "iam:PassRole"]),
        allow("lambda:InvokeFunction", arn(function)),
        service="iot",
    )

    def attach(name, target):
        return caller.create_provisioning_template(
            templateName=name,
            templateBody=BODY,
            provisioningRoleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
            preProvisioningHook={"targetArn": target},
        )

    attach(f"T{function[-20:]}", arn(function))
    code, status, message = refused(lambda: attach("Hooked", arn("other")))
    assert (code, status) == ("AccessDeniedException", 403)
    assert f"lambda:InvokeFunction on resource: {arn('other')}" in message
    error = refused(
        caller.create_authorizer,
        authorizerName="hooked",
        authorizerFunctionArn=arn("other"),
        signingDisabled=True,
    )
    assert error[:2] == ("AccessDeniedException", 403)


def lints(answer):
    header = answer["ResponseMetadata"]["HTTPHeaders"].get("x-fleetwright-lint", "[]")
    return json.loads(header)


def test_a_hook_that_could_not_be_invoked_is_a_warning(iot, functions, function, unique):
    name = unique("T")[:36]

    def attach(target):
        made = iot.create_provisioning_template(
            templateName=name,
            templateBody=BODY,
            provisioningRoleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
            preProvisioningHook={"targetArn": target},
        )
        iot.delete_provisioning_template(templateName=name)
        return [line for line in lints(made) if line["path"] == "preProvisioningHook.targetArn"]

    (line,) = attach(arn("absent"))
    assert line["message"] == f"{arn('absent')} does not exist"
    (line,) = attach(arn(function))
    source = iot_arn("provisioningtemplate", name)
    assert line["message"].endswith(
        f"aws lambda add-permission --function-name {function} --statement-id iot "
        "--action lambda:InvokeFunction --principal iot.amazonaws.com "
        f"--source-arn {source} --source-account {ACCOUNT}"
    )
    grant(functions, function, SourceArn=source, SourceAccount=ACCOUNT)
    assert attach(arn(function)) == []
    functions.remove_permission(FunctionName=function, StatementId="iot")
    grant(functions, function, SourceArn=source + "2")
    (line,) = attach(arn(function))
    assert "no statement of the policy" in line["message"]


def test_environment_variables_stand_in_no_record(server, create, functions):
    made = create(Environment={"Variables": {"PASSWORD": "hunter2hunter2"}})
    functions.update_function_configuration(
        FunctionName=made["FunctionName"], Environment={"Variables": {"PASSWORD": "correcthorse"}}
    )
    data = server.root_ca.parent
    for file in [*data.rglob("*"), data.parent / "server.log"]:
        if file.is_file():
            content = file.read_bytes()
            assert b"hunter2hunter2" not in content and b"correcthorse" not in content, file
