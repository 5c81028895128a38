"""AWS's clients of early 2022, and the command as Debian 12 has it (2.9), unmodified: they sign the
control plane of AWS IoT as `execute-api`."""

import json
import pathlib
import subprocess

import pytest

from conftest import EXAMPLE_POLICY

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLD = ROOT / ".venv/old-clients/bin"
# The distribution's, which no other test may take for the tests' own.
DEBIANS = pathlib.Path("/usr/bin/aws")
TEMPLATE = json.dumps(
    {
        "Parameters": {"SerialNumber": {"Type": "String"}},
        "Resources": {
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            }
        },
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "iot.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
BOTO3 = """
import json, sys, boto3, botocore
client = lambda name: boto3.client(name, endpoint_url=sys.argv[1])
iot = client("iot")
thing = iot.create_thing(thingName=sys.argv[2])["thingArn"]
client("iot-data").publish(topic="old", payload=b"1")
try:
    iot.describe_thing(thingName="nobody")
    refused = None
except iot.exceptions.ResourceNotFoundException as error:
    refused = error.response["Error"]["Code"]
print(json.dumps({
    "version": botocore.__version__,
    "signed": iot.meta.service_model.signing_name,
    "thing": thing,
    "account": client("sts").get_caller_identity()["Account"],
    "refused": refused,
}))
"""


def debians():
    if not DEBIANS.exists():
        pytest.skip("/usr/bin/aws: the distribution's packages have no AWS CLI")
    return DEBIANS


def of_2022(program="aws"):
    path = OLD / program
    assert path.exists(), "the old clients are not installed: run scripts/venv"
    return path


@pytest.fixture
def run(server):
    """Runs a program; gives its parsed output, or its errors if it fails."""

    def run(program, *arguments, fails=False):
        done = subprocess.run(
            [program, *map(str, arguments)],
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode != 0) == fails, done.stderr
        if fails:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


@pytest.fixture(params=[of_2022, debians])
def aws(request, server, run):
    """An `aws` command, pointed at the server as its users would."""
    program = request.param()

    def aws(service, *arguments, **options):
        return run(program, "--endpoint-url", server.api, service, *arguments, **options)

    return aws


def test_the_command_prepares_provisioning_by_claim(aws, unique):
    assert aws("iot", "describe-endpoint", "--endpoint-type", "iot:Data-ATS")["endpointAddress"]
    policy, role, template = unique("policy"), unique("role"), unique("template")
    made = aws("iot", "create-keys-and-certificate", "--set-as-active")
    aws("iot", "create-policy", "--policy-name", policy, "--policy-document", EXAMPLE_POLICY)
    aws("iot", "attach-policy", "--policy-name", policy, "--target", made["certificateArn"])
    arn = aws("iam", "create-role", "--role-name", role, "--assume-role-policy-document", TRUST)
    aws(
        "iot", "create-provisioning-template", "--template-name", template, "--enabled",
        "--provisioning-role-arn", arn["Role"]["Arn"], "--template-body", TEMPLATE,
    )
    found = aws("iot", "describe-provisioning-template", "--template-name", template)
    assert found["enabled"] is True
    error = aws("iot", "describe-thing", "--thing-name", unique("nobody"), fails=True)
    assert "(ResourceNotFoundException)" in error, error


def test_boto3_of_2022_is_served(server, run, unique):
    name = unique("thing")
    answer = run(of_2022("python"), "-c", BOTO3, server.api, name)
    assert answer["version"] == "1.23.54" and answer["signed"] == "execute-api"
    assert answer["thing"].endswith(f":thing/{name}")
    assert answer["refused"] == "ResourceNotFoundException"
