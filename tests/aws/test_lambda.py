"""Functions from their creation to their end, with boto3 and `aws lambda`."""

import base64
import hashlib
import json
import subprocess
import sys
import urllib.request

import pytest

from packages import HANDLER, package
from running import ACCOUNT, REGION

OTHER = "def handler(event, context):\n    return 2\n"


def arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def digest(zipped):
    return base64.b64encode(hashlib.sha256(zipped).digest()).decode()


@pytest.fixture
def aws_lambda(server):
    """Runs `aws lambda …`; gives the parsed output."""

    def run(*arguments):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", server.api]
        command += ["--output", "json", "lambda", *map(str, arguments)]
        done = subprocess.run(
            command, env=server.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_a_function_is_made_with_the_aws_command(aws_lambda, execution_role, unique, tmp_path):
    name, file = unique("function"), tmp_path / "function.zip"
    file.write_bytes(package())
    made = aws_lambda(
        *("create-function", "--function-name", name, "--runtime", "python3.12"),
        *("--role", execution_role, "--handler", HANDLER, "--zip-file", f"fileb://{file}"),
        *("--environment", "Variables={TABLE=fleet}", "--tags", "team=red"),
    )
    assert made["FunctionArn"] == arn(name) and made["State"] == "Active"
    aws_lambda("wait", "function-active-v2", "--function-name", name)
    aws_lambda("wait", "function-updated-v2", "--function-name", name)
    found = aws_lambda("get-function", "--function-name", name)
    assert found["Configuration"]["Environment"] == {"Variables": {"TABLE": "fleet"}}
    assert found["Tags"] == {"team": "red"}
    file.write_bytes(package(OTHER))
    changed = aws_lambda(
        "update-function-code", "--function-name", name, "--zip-file", f"fileb://{file}"
    )
    assert changed["CodeSha256"] == digest(package(OTHER))
    listed = aws_lambda("list-functions")["Functions"]
    assert name in {item["FunctionName"] for item in listed}
    aws_lambda("delete-function", "--function-name", name)
    listed = aws_lambda("list-functions")["Functions"]
    assert name not in {item["FunctionName"] for item in listed}


def test_a_new_function_has_awss_defaults(create, execution_role):
    made = create()
    name = made["FunctionName"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == arn(name)
    assert (made["Timeout"], made["MemorySize"]) == (3, 128)
    assert made["EphemeralStorage"] == {"Size": 512} and made["Architectures"] == ["x86_64"]
    assert (made["Version"], made["PackageType"]) == ("$LATEST", "Zip")
    assert made["Role"] == execution_role and made["Description"] == ""
    assert made["TracingConfig"] == {"Mode": "PassThrough"} and "Environment" not in made
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert made["CodeSize"] == len(package()) and made["CodeSha256"] == digest(package())
    assert (made["State"], made["LastUpdateStatus"]) == ("Active", "Successful")


def test_waiters_of_boto3_find_a_function_ready(functions, function):
    for name in ("function_exists", "function_active_v2", "function_updated_v2"):
        functions.get_waiter(name).wait(FunctionName=function)


@pytest.mark.parametrize(
    "form",
    ["{}", "{}:$LATEST", "function:{}", ACCOUNT + ":function:{}", arn("{}"), arn("{}:$LATEST")],
)
def test_a_function_is_found_in_every_form_of_its_name(functions, function, form):
    found = functions.get_function_configuration(FunctionName=form.format(function))
    assert found["FunctionName"] == function


def test_the_link_to_code_leads_to_the_package_that_was_sent(functions, function):
    location = functions.get_function(FunctionName=function)["Code"]["Location"]
    with urllib.request.urlopen(location, timeout=10) as answer:
        assert answer.read() == package()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(location[:-4] + "AAAA", timeout=10)
    assert caught.value.code == 404


def test_a_change_gives_a_new_revision_and_the_old_one_is_refused(functions, function, refused):
    first = functions.get_function_configuration(FunctionName=function)["RevisionId"]
    changed = functions.update_function_configuration(
        FunctionName=function,
        RevisionId=first,
        Timeout=30,
        MemorySize=256,
        Description="what it is for",
        Handler="app.other",
        Runtime="nodejs20.x",
        EphemeralStorage={"Size": 1024},
        Environment={"Variables": {"TABLE": "a"}},
    )
    assert changed["RevisionId"] != first
    assert (changed["Timeout"], changed["MemorySize"]) == (30, 256)
    assert (changed["Handler"], changed["Runtime"]) == ("app.other", "nodejs20.x")
    assert changed["Environment"] == {"Variables": {"TABLE": "a"}}
    error = refused(
        functions.update_function_configuration,
        FunctionName=function,
        RevisionId=first,
        Timeout=31,
    )
    assert error[:2] == ("PreconditionFailedException", 412)
    assert "does not match the latest Revision Id" in error[2]
    error = refused(
        functions.update_function_code,
        FunctionName=function,
        RevisionId=first,
        ZipFile=package(OTHER),
    )
    assert error[:2] == ("PreconditionFailedException", 412)
    kept = functions.update_function_configuration(FunctionName=function, Description="")
    assert kept["Timeout"] == 30 and kept["Description"] == ""
    cleared = functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": {}}
    )
    assert "Environment" not in cleared


def test_a_dry_run_changes_nothing(functions, function):
    new = package(OTHER)
    shown = functions.update_function_code(FunctionName=function, ZipFile=new, DryRun=True)
    assert shown["CodeSha256"] == digest(new)
    found = functions.get_function_configuration(FunctionName=function)
    assert found["CodeSha256"] == digest(package())


def test_functions_are_listed_in_pages(functions, create):
    names = {create()["FunctionName"] for _ in range(3)}
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    seen = [item["FunctionName"] for page in pages for item in page["Functions"]]
    assert names <= set(seen) and seen == sorted(seen) and len(seen) == len(set(seen))


def test_concurrency_is_reserved_and_given_back(functions, function, refused):
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=5)
    found = functions.get_function_concurrency(FunctionName=function)
    assert found["ReservedConcurrentExecutions"] == 5
    whole = functions.get_function(FunctionName=function)
    assert whole["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    error = refused(
        functions.put_function_concurrency,
        FunctionName=function,
        ReservedConcurrentExecutions=901,
    )
    assert error[:2] == ("InvalidParameterValueException", 400)
    functions.delete_function_concurrency(FunctionName=function)
    found = functions.get_function_concurrency(FunctionName=function)
    assert "ReservedConcurrentExecutions" not in found


def test_code_is_not_signed(functions, function, refused):
    found = functions.get_function_code_signing_config(FunctionName=function)
    assert (found["FunctionName"], found["CodeSigningConfigArn"]) == (function, "")
    error = refused(functions.get_function_code_signing_config, FunctionName="absent")
    assert error[:2] == ("ResourceNotFoundException", 404)


def test_account_settings_count_what_there_is(functions, function):
    found = functions.get_account_settings()
    assert found["AccountLimit"]["CodeSizeZipped"] == 50 * 1024 * 1024
    assert found["AccountUsage"]["FunctionCount"] >= 1
    assert found["AccountUsage"]["TotalCodeSize"] >= len(package())


def test_tags_of_a_function(functions, create, refused):
    made = create(Tags={"team": "red", "line": "3"})
    functions.tag_resource(Resource=made["FunctionArn"], Tags={"team": "blue", "a/b": ""})
    functions.untag_resource(Resource=made["FunctionArn"], TagKeys=["line", "absent"])
    tags = functions.list_tags(Resource=made["FunctionArn"])["Tags"]
    assert tags == {"team": "blue", "a/b": ""}
    error = refused(functions.list_tags, Resource=made["FunctionArn"] + ":$LATEST")
    assert error[:2] == ("InvalidParameterValueException", 400)
    absent = refused(functions.list_tags, Resource=arn("absent"))
    assert absent[:2] == ("ResourceNotFoundException", 404)
    many = {f"key{n}": "" for n in range(51)}
    error = refused(functions.tag_resource, Resource=made["FunctionArn"], Tags=many)
    assert error[:2] == ("InvalidParameterValueException", 400)


def test_a_deleted_function_is_gone(functions, function, refused):
    functions.delete_function(FunctionName=function)
    for operation in (functions.get_function, functions.delete_function, functions.get_policy):
        error = refused(operation, FunctionName=function)
        assert error == (
            "ResourceNotFoundException",
            404,
            f"Function not found: {arn(function)}",
        )
