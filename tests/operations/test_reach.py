"""Commands find the control plane as AWS's command line does."""

import subprocess

import pytest
from botocore.exceptions import ClientError
from fleet import make_client
from running import Server
from serving import BINARY, OwnServer, clean_environment, free_port


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    config = "api-tls = true\n[provisioning]\nkey-pool-capacity = 1\n"
    with OwnServer(tmp_path_factory.mktemp("reach"), config) as own:
        own.start()
        yield own


def audit(**environment):
    return subprocess.run(
        [BINARY, "audit"], env=clean_environment() | environment, capture_output=True, text=True
    )


def test_the_file_of_the_administrator_says_it_all(own):
    """`endpoint_url` and `ca_bundle` of the profile: this one speaks TLS."""
    file = str(own.data / "admin.credentials")
    done = audit(AWS_SHARED_CREDENTIALS_FILE=file)
    assert done.returncode == 0, done.stderr
    assert " iam:CreateUser " in done.stdout
    first = done.stdout.splitlines()[0]
    assert first[4] == first[7] == "-" and first[23] == "Z", first


def test_variables_and_profiles(own, tmp_path):
    text = (own.data / "admin.credentials").read_text()
    key = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    variables = {
        "AWS_ACCESS_KEY_ID": key["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": key["aws_secret_access_key"],
        "AWS_ENDPOINT_URL": f"https://localhost:{own.ports[1]}",
        "AWS_CA_BUNDLE": str(own.data / "root-ca.pem"),
    }
    assert audit(**variables).returncode == 0
    file = tmp_path / "credentials"
    file.write_text("[other]\nregion = us-west-2\n" + text.replace("[default]", "[site]"))
    assert audit(AWS_SHARED_CREDENTIALS_FILE=str(file), AWS_PROFILE="site").returncode == 0
    done = audit(AWS_SHARED_CREDENTIALS_FILE=str(file), AWS_PROFILE="other")
    assert done.returncode == 1 and "no access key of the profile 'other'" in done.stderr


def test_a_refused_connection_names_the_address(own):
    port = free_port()
    done = audit(AWS_SHARED_CREDENTIALS_FILE=str(own.data / "admin.credentials"),
                 AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")  # fmt: skip
    assert done.returncode == 1
    assert f"cannot connect to 127.0.0.1:{port}: Connection refused" in done.stderr
    assert "AWS_ENDPOINT_URL" in done.stderr


def test_the_trail_says_what_a_template_was_called(own):
    file = str(own.data / "admin.credentials")
    command = [BINARY, "audit", "--operation", "CreateProvisioningTemplate"]
    server = own.data / "root-ca.pem"
    iot = make_client(
        Server(f"https://localhost:{own.ports[1]}", "", server, own.data / "admin.credentials"),
        verify=str(server),
    )
    with pytest.raises(ClientError):
        iot.create_provisioning_template(
            templateName="fleet-template", templateBody="{}",
            provisioningRoleArn="arn:aws:iam::123456789012:role/none",
        )  # fmt: skip
    done = subprocess.run(command, env=clean_environment() | {"AWS_SHARED_CREDENTIALS_FILE": file},
                          capture_output=True, text=True)  # fmt: skip
    assert " fleet-template " in done.stdout, done.stdout + done.stderr
