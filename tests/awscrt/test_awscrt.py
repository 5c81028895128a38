"""AWS's own tests of its Common Runtime, unmodified: what passes on AWS IoT Core passes here."""

import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tarfile

import boto3
import pytest

from conftest import INSTALLED
from distance import away

SUITE = pathlib.Path(__file__).with_name("suite.py")
PATIENCE = 600
# AWS's endpoint is never nearer: a test looks at its statistics between PUBLISH and PUBACK.
DISTANCE = 0.02
ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def server(start_server):
    """AWS sends again on open connections of MQTT 5, and its tests wait for it."""
    return start_server("awscrt", "[mqtt]\nresend-mqtt5 = true\n")


@pytest.fixture(scope="module")
def source():
    """awscrt's source distribution of the version that is installed, fetched once."""
    version = importlib.metadata.version("awscrt")
    folder = INSTALLED.parent / "awscrt-source"
    found = folder / f"awscrt-{version}"
    if not found.is_dir():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", "awscrt", "--dest", folder, f"awscrt=={version}"]
        subprocess.run(command, check=True, timeout=PATIENCE)
        with tarfile.open(folder / f"awscrt-{version}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return found


@pytest.fixture(scope="module")
def endpoint(server, tmp_path_factory):
    """What the tests want to know of an endpoint, with a certificate that may do everything."""
    folder = tmp_path_factory.mktemp("awscrt")
    environment = server.environment
    session = boto3.Session(**credentials(server))
    iot = session.client("iot", endpoint_url=server.api)
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName="awscrt", policyDocument=json.dumps(ALLOW_ALL))
    iot.attach_policy(policyName="awscrt", target=made["certificateArn"])
    certificate, key = folder / "certificate.pem", folder / "private.key"
    certificate.write_text(made["certificatePem"])
    key.write_text(made["keyPair"]["PrivateKey"])
    for version in ("311", "5"):
        prefix = f"AWS_TEST_MQTT{version}_IOT_CORE"
        environment[f"{prefix}_HOST"] = "localhost"
        for kind in ("RSA", "ECC"):
            environment[f"{prefix}_{kind}_CERT"] = str(certificate)
            environment[f"{prefix}_{kind}_KEY"] = str(key)
    return environment


def credentials(server):
    lines = [line.partition("=") for line in server.credentials.read_text().splitlines()]
    values = {name.strip(): value.strip() for name, _, value in lines}
    return {
        "aws_access_key_id": values["aws_access_key_id"],
        "aws_secret_access_key": values["aws_secret_access_key"],
        "region_name": "us-east-1",
    }


@pytest.mark.parametrize(
    ("module", "least"), [("test_mqtt", 13), ("test_mqtt5", 40), ("test_mqtt5to3_adapter", 5)]
)
def test_aws_s_own_tests_pass(server, source, endpoint, tmp_path, module, least):
    log = tmp_path / "log"
    with away(int(server.mqtt.rpartition(":")[2]), DISTANCE) as port, log.open("w") as output:
        command = [sys.executable, SUITE, source, server.root_ca, str(port), f"test.{module}"]
        done = subprocess.run(
            command, env=endpoint, stdout=subprocess.PIPE, stderr=output, timeout=PATIENCE
        )
    assert done.returncode == 0, log.read_text()
    outcomes = {name.rpartition(".")[2]: came for name, came in json.loads(done.stdout).items()}
    failed = {name for name, came in outcomes.items() if came == "failed"}
    assert not failed, log.read_text()
    assert list(outcomes.values()).count("ok") >= least, log.read_text()
