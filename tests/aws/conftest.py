"""AWS's own clients against the server, unmodified: boto3 and the `aws` command."""

import json
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from clients import make_client
from packages import HANDLER, package

EXAMPLE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
    }
)


@pytest.fixture(scope="session")
def iot(server):
    """boto3's IoT client with the administrator's key."""
    return make_client(server)


@pytest.fixture(scope="session")
def aws(server):
    """Runs `aws iot …`; gives the parsed output, or the error's text when it is refused."""

    def run(*arguments, fails=False):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", server.api]
        command += ["--output", "json", "iot", *map(str, arguments)]
        done = subprocess.run(
            command, env=server.environment, capture_output=True, text=True, timeout=120
        )
        if fails:
            assert done.returncode != 0, done.stdout
            return done.stderr
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


@pytest.fixture
def refused():
    """Calls an operation that must be refused; gives AWS's error name, status and message."""

    def call(operation, **members):
        with pytest.raises(ClientError) as caught:
            operation(**members)
        answer = caught.value.response
        assert answer["ResponseMetadata"]["RequestId"]
        error = answer["Error"]
        return error["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], error["Message"]

    return call


@pytest.fixture
def policy(iot, unique):
    """A policy of its own for the test."""
    name = unique("policy")
    iot.create_policy(policyName=name, policyDocument=EXAMPLE_POLICY)
    return name


@pytest.fixture(scope="session")
def functions(server):
    """boto3's Lambda client with the administrator's key."""
    return make_client(server, "lambda")


@pytest.fixture(scope="session")
def execution_role(server):
    """The ARN of a role that trusts Lambda."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    made = make_client(server, "iam").create_role(
        RoleName="function-execution",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return made["Role"]["Arn"]


@pytest.fixture
def create(functions, execution_role, unique):
    """Makes a function; gives the answer."""

    def call(**members):
        wanted = {
            "FunctionName": unique("function"),
            "Runtime": "python3.12",
            "Role": execution_role,
            "Handler": HANDLER,
            "Code": {"ZipFile": package()},
        }
        return functions.create_function(**(wanted | members))

    return call


@pytest.fixture
def function(create):
    """The name of a function of its own for the test."""
    return create()["FunctionName"]
