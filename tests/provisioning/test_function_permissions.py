"""A Lambda function as a hook decides only where its own policy lets AWS IoT invoke it."""

import pytest

from fleet import make_client
from packages import bootstrap
from running import ACCOUNT, REGION, arn
from test_hooks import check_denied

ALLOW = '{"allowProvisioning": True}'

@pytest.fixture(scope="module")
def functions(server):
    return make_client(server, "lambda")


@pytest.fixture(scope="module")
def role(fleet):
    return fleet.role("hook-execution", service="lambda.amazonaws.com")


@pytest.fixture
def function(functions, role, fleet):
    """The name of a function that allows every device; nobody may invoke it yet."""
    made = functions.create_function(
        FunctionName=fleet.unique("hook"),
        Runtime="provided.al2023",
        Role=role,
        Handler="none",
        Code={"ZipFile": bootstrap(ALLOW)},
        Publish=True,
    )
    return made["FunctionName"]


def function_arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def permit(functions, function, template, **members):
    functions.add_permission(
        FunctionName=function,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceArn=arn("provisioningtemplate", template),
        SourceAccount=ACCOUNT,
        **members,
    )


def check_registered(fleet, asking, template):
    _, token = asking.certificate_from_csr()
    answer = asking.register(template, token, SerialNumber=fleet.unique("serial"))
    assert answer.accepted, answer.body


def test_a_function_decides_once_its_policy_allows_it(functions, function, fleet, claim, device):
    template = fleet.template(hook=function_arn(function))
    asking = device(claim)
    check_denied(fleet, asking, template)
    permit(functions, function, template)
    check_registered(fleet, asking, template)
    functions.remove_permission(FunctionName=function, StatementId="iot")
    check_denied(fleet, asking, template)


def test_a_permission_for_another_template_is_none(functions, function, fleet, claim, device):
    template = fleet.template(hook=function_arn(function))
    permit(functions, function, template + "2")
    check_denied(fleet, device(claim), template)


def test_an_alias_needs_its_own_permission(functions, function, fleet, claim, device):
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    template = fleet.template(hook=function_arn(f"{function}:live"))
    asking = device(claim)
    permit(functions, function, template)
    check_denied(fleet, asking, template)
    permit(functions, function, template, Qualifier="live")
    check_registered(fleet, asking, template)


def test_new_code_decides_from_the_next_device_on(functions, function, fleet, claim, device):
    template = fleet.template(hook=function_arn(function))
    permit(functions, function, template)
    asking = device(claim)
    check_registered(fleet, asking, template)
    functions.update_function_code(
        FunctionName=function, ZipFile=bootstrap('{"allowProvisioning": False}')
    )
    check_denied(fleet, asking, template)


def test_a_deleted_function_refuses(functions, function, fleet, claim, device):
    template = fleet.template(hook=function_arn(function))
    permit(functions, function, template)
    functions.delete_function(FunctionName=function)
    check_denied(fleet, device(claim), template)
