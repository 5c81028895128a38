"""Functions that cannot be, and what the caller is told."""

import io
import json
import os
import zipfile

import pytest

from clients import make_client
from packages import package
from running import ACCOUNT, REGION
from test_signatures import send

INVALID = ("InvalidParameterValueException", 400)


def archive(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "members, says",
    [
        ({"Runtime": "java21"}, "python3.12, "),
        ({"Runtime": "python2.7"}, "provided.al2023"),
        ({"Timeout": 901}, "from 1 to 900"),
        ({"MemorySize": 10241}, "from 128 to 10240"),
        ({"Description": "x" * 257}, "the limit is 256"),
        ({"Handler": "x" * 129}, "the limit is 128"),
        ({"Handler": "app handler"}, "white space"),
        ({"Architectures": ["mips"]}, "x86_64 or arm64"),
        ({"PackageType": "Image"}, "must be Zip"),
        ({"Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l:1"]}, "'Layers' is not offered"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "'VpcConfig' is not offered"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart is not offered"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "LogFormat Text"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:q"}}, "DeadLetterConfig"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Environment": {"Variables": {"A-B": "x"}}}, "names are"),
        ({"Environment": {"Variables": {"AB": "x" * 4096}}}, "4KB limit"),
        ({"FunctionName": "x" * 65}, "names no function"),
        ({"FunctionName": "a b"}, "names no function"),
        ({"FunctionName": "f:1"}, "no qualifier"),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/absent"}, "cannot be assumed by Lambda"),
        ({"Code": {"ZipFile": b"no archive"}}, "Could not unzip uploaded file"),
        ({"Code": {"ZipFile": package()[:-30]}}, "Could not unzip uploaded file"),
        ({"Code": {"ZipFile": archive("../app.py")}}, "without '..'"),
        ({"Code": {"ZipFile": archive("/app.py")}}, "must be relative"),
        ({"Code": {"ZipFile": archive()}}, "non-empty"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, "send the deployment package itself"),
        ({"Code": {"ImageUri": "image"}}, "send the deployment package itself"),
        ({"Code": {}}, "provide a source"),
        ({"Tags": {"a*b": "x"}}, "tag key"),
    ],
    ids=lambda value: json.dumps(value, default=str)[:40] if isinstance(value, dict) else "",
)
def test_a_function_that_cannot_be_is_refused(create, refused, members, says):
    code, status, message = refused(create, **members)
    assert (code, status) == INVALID
    assert says in message


@pytest.mark.parametrize("name, number", [("Timeout", 0), ("MemorySize", 127), ("Timeout", -1)])
def test_numbers_below_their_bounds_are_refused(server, function, name, number):
    path = f"/2015-03-31/functions/{function}/configuration"
    body = json.dumps({name: number}).encode()
    status, error, answer = send(server, "PUT", path, body, service="lambda")
    assert (error, status) == INVALID
    assert name in answer["message"] and answer["Type"] == "User"


def test_values_of_variables_stand_in_no_message(create, refused):
    variables = {"Variables": {"SECRET_KEY": "hunter2" * 700}}
    assert "hunter2" not in refused(create, Environment=variables)[2]


def test_runtime_and_handler_must_be_given(functions, execution_role, refused):
    wanted = {"FunctionName": "f", "Role": execution_role, "Code": {"ZipFile": package()}}
    for one in ({"Runtime": "python3.12"}, {"Handler": "app.handler"}, {}):
        error = refused(functions.create_function, **wanted, **one)
        assert error[:2] == INVALID
        assert error[2].startswith("Runtime and Handler are mandatory parameters")


def test_a_role_must_trust_lambda(server, create, function, functions, refused, unique):
    name = unique("role")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "iot.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = make_client(server, "iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    says = "The role defined for the function cannot be assumed by Lambda."
    assert refused(create, Role=role) == (*INVALID, says)
    error = refused(functions.update_function_configuration, FunctionName=function, Role=role)
    assert error == (*INVALID, says)


def test_a_function_is_made_once(create, function, refused):
    error = refused(create, FunctionName=function)
    assert error == ("ResourceConflictException", 409, f"Function already exist: {function}")


def test_a_function_elsewhere_is_not_found(functions, refused):
    for name in (
        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
        f"arn:aws:lambda:{REGION}:999999999999:function:f",
    ):
        error = refused(functions.get_function, FunctionName=name)
        assert error == ("ResourceNotFoundException", 404, f"Function not found: {name}")


def test_markers_of_another_list_are_refused(functions, function, refused):
    assert refused(functions.list_functions, Marker="x")[:2] == INVALID
    error = refused(functions.list_versions_by_function, FunctionName=function, Marker="bm9uZQ==")
    assert error[:2] == INVALID


def test_what_is_known_but_not_offered_says_so(functions, function, refused):
    code, status, message = refused(functions.list_capacity_providers)
    assert (code, status) == ("NotImplementedException", 501)
    assert message.startswith("ListCapacityProviders is not implemented")
    error = refused(functions.put_function_event_invoke_config, FunctionName=function)
    assert error[:2] == ("NotImplementedException", 501)


def test_ten_megabytes_of_code_are_taken_and_a_large_body_elsewhere_is_not(create, server):
    made = create(Code={"ZipFile": package(blob=os.urandom(10 * 1024 * 1024))})
    assert made["CodeSize"] > 10 * 1024 * 1024
    body = json.dumps({"attributes": {"a": "x" * 2_000_000}}).encode()
    status, name, _ = send(server, "POST", "/things/large", body)
    assert (status, name) == (413, "RequestEntityTooLargeException")
