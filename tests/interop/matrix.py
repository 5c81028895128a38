"""Clients of other years: what each is installed from, and how it walks."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/aws"))

from clients import make_client  # noqa: E402

INSTALLED = ROOT / ".venv/interop"
INSTALL_SECONDS = 900
# The first walks in Go and Rust compile their SDK.
WALK_SECONDS = 1200

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
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
    }
)
TEMPLATE = json.dumps(
    {
        "Parameters": {
            "SerialNumber": {"Type": "String"},
            "AWS::IoT::Certificate::Id": {"Type": "String"},
        },
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": "SerialNumber"}},
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {
                    "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"},
                    "Status": "Active",
                },
            },
        },
    }
)


class NotHere(Exception):
    """The distribution or the machine does not have it."""


@dataclass(frozen=True)
class Client:
    """A client as users of its year have it."""

    name: str
    family: str
    # With exact versions; for `npm` and `pip`. Empty: it is installed by other means.
    packages: tuple = ()
    # Where it is installed, or its program; of those without packages.
    place: pathlib.Path | None = None
    # Oldest or newest of its family: walks in `make test`.
    at_the_end: bool = False
    # What its walk cannot do.
    without: tuple = ()

    @property
    def directory(self):
        return self.place or INSTALLED / self.name

    def is_installed(self):
        if self.family == "Rust":
            return True
        if self.family == "Go v1" and not shutil.which("go"):
            return False
        if self.place:
            return self.place.exists()
        listed = self.directory / "installed.txt"
        return listed.exists() and listed.read_text().split() == list(self.packages)

    def install(self):
        """From its registry, unless it is there already."""
        if self.is_installed():
            return
        if not self.packages:
            raise NotHere(f"{self.place} or its program is not there")
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        if self.family.startswith("JavaScript"):
            if not shutil.which("npm"):
                raise NotHere("there is no npm: run scripts/prerequisites test")
            command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error"]
            _run(*command, "--prefix", self.directory, *self.packages)
        else:
            _run(sys.executable, "-m", "venv", self.directory)
            pip = [self.directory / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
            _run(*pip, "--only-binary", ":all:", *self.packages)
        (self.directory / "installed.txt").write_text("\n".join(self.packages))

    def walk(self, server, name):
        """What its walk prints, as an object."""
        with tempfile.TemporaryDirectory() as directory:
            return self._walk(server, name, pathlib.Path(directory))

    def _walk(self, server, name, directory):
        arguments = [server.api, name, TRUST, POLICY, TEMPLATE]
        environment = server.environment | keys(server.credentials)
        match self.family:
            case "AWS CLI":
                command = ["bash", HERE / "walk.sh", self.place, *arguments]
            case "boto3":
                command = [self.directory / "bin/python", HERE / "walk.py", *arguments]
            case "JavaScript v2" | "JavaScript v3":
                environment |= {"NODE_PATH": str(self.directory / "node_modules")}
                script = HERE / f"walk-{self.family[-2:]}.js"
                command = ["node", script, *arguments]
            case "Go v1":
                # Its packages lie as they did before Go had modules.
                environment |= {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
                environment |= {"GOCACHE": str(INSTALLED / "go-cache")}
                command = ["go", "run", HERE / "walk.go", *arguments]
            case "Rust":
                # It knows AWS IoT alone.
                arguments[2] = make_role(server, name)
                environment |= {"CARGO_TARGET_DIR": str(self.directory / "target")}
                manifest = HERE / "rust/Cargo.toml"
                command = ["cargo", "run", "--quiet", "--locked", "--manifest-path", manifest]
                command += ["--", *arguments]
            case _:
                command = [self.directory / "bin/python", HERE / "walk-device.py"]
                command += device_arguments(server, name, directory)
        return json.loads(_run(*command, env=environment, timeout=WALK_SECONDS).splitlines()[-1])


def keys(credentials):
    """The administrator's key as variables: the oldest SDKs do not look for a file."""
    fields = dict(
        line.split("=", 1) for line in credentials.read_text().splitlines() if "=" in line
    )
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    return {
        "AWS_ACCESS_KEY_ID": fields["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": fields["aws_secret_access_key"],
    }


def make_role(server, name):
    """The ARN of a role that may register things."""
    iam = make_client(server, "iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    managed = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
    iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    return role


def device_arguments(server, name, directory):
    """A template and a claim for a device, and where it connects."""
    iot, role = make_client(server), make_role(server, name)
    iot.create_provisioning_template(
        templateName=name, enabled=True, provisioningRoleArn=role, templateBody=TEMPLATE
    )
    iot.create_policy(policyName=name, policyDocument=POLICY)
    claim = iot.create_keys_and_certificate(setAsActive=True)
    iot.attach_policy(policyName=name, target=claim["certificateArn"])
    certificate, key = directory / "claim.pem", directory / "claim.key"
    certificate.write_text(claim["certificatePem"])
    key.write_text(claim["keyPair"]["PrivateKey"])
    host, port = server.mqtt.rsplit(":", 1)
    return [host, port, server.root_ca, certificate, key, name, name]


def _run(*command, env=None, timeout=INSTALL_SECONDS):
    done = subprocess.run(
        list(map(str, command)), env=env, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:] or done.stdout[-2000:]}"
    return done.stdout


def _v3(iot, iam, sts, functions):
    packages = {"iot": iot, "iam": iam, "sts": sts, "lambda": functions}
    return tuple(f"@aws-sdk/client-{name}@{version}" for name, version in packages.items())


VENV = ROOT / ".venv"
# The registries keep some versions of some packages only; these are what they have.
CLIENTS = [
    Client("awscli-1.22", "AWS CLI", place=VENV / "old-clients/bin/aws", at_the_end=True),
    Client("awscli-1.46", "AWS CLI", place=VENV / "bin/aws", at_the_end=True),
    Client("awscli-of-debian", "AWS CLI", place=pathlib.Path("/usr/bin/aws")),
    Client("boto3-1.16", "boto3", ("boto3==1.16.63",), at_the_end=True),
    Client("boto3-1.20", "boto3", place=VENV / "old-clients"),
    Client("boto3-1.26", "boto3", ("boto3==1.26.165",)),
    Client("boto3-1.34", "boto3", ("boto3==1.34.162",)),
    Client("boto3-1.44", "boto3", place=VENV, at_the_end=True),
    Client(
        "aws-sdk-2.200",
        "JavaScript v2",
        ("aws-sdk@2.200.0",),
        at_the_end=True,
        without=("template",),
    ),
    Client("aws-sdk-2.1693", "JavaScript v2", ("aws-sdk@2.1693.0",), at_the_end=True),
    Client("aws-sdk-3.0", "JavaScript v3", _v3("3.0.0", "3.0.0", "3.0.0", "3.0.0"), at_the_end=True),
    Client("aws-sdk-3.300", "JavaScript v3", _v3("3.300.0", "3.303.0", "3.300.0", "3.300.0")),
    Client(
        "aws-sdk-3.1169",
        "JavaScript v3",
        _v3("3.1169.0", "3.1169.0", "3.1177.0", "3.1164.0"),
        at_the_end=True,
    ),
    Client(
        "aws-sdk-go-of-debian",
        "Go v1",
        place=pathlib.Path("/usr/share/gocode/src/github.com/aws/aws-sdk-go"),
    ),
    Client("aws-sdk-iot-1.135", "Rust", without=("account", "functions")),
    Client("awsiotsdk-1.11", "awsiotsdk", ("awsiotsdk==1.11.10",)),
    Client("awsiotsdk-1.31", "awsiotsdk", place=VENV),
]

# What a walk must have done.
EXPECTED = {
    "account": "123456789012",
    "endpoint": True,
    "key": True,
    "template": True,
    "functions": True,
    "refused": "ResourceNotFoundException",
}


def check(client, result, name):
    """Holds a walk's result against what it must be."""
    if client.family == "awsiotsdk":
        wanted = {"key": True, "thing": name, "refused": "InvalidCertificateOwnershipToken"}
    else:
        wanted = dict(EXPECTED)
    wanted = {key: value for key, value in wanted.items() if key not in client.without}
    assert {key: result.get(key) for key in wanted} == wanted, result
