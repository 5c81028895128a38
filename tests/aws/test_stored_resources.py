"""Authorization is about the stored resource: no other spelling of its name or ARN gets past it.

The operations are those of the table of permissions that look a resource of IAM or STS up, so a new
one is tested without being listed here.
"""

import json
import pathlib
import re

import botocore.session
import pytest

from clients import make_client
from running import ACCOUNT

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "crates/core/src/authorization/permissions.txt"
START = f"arn:aws:iam::{ACCOUNT}:"
DENIED = "AccessDenied"
DOCUMENT = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}  # fmt: skip
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": f"{START}root"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
# Members that name a resource, and the word of the table by which it is looked up.
NAMES = {
    "UserName": "user", "RoleName": "role", "GroupName": "group", "PolicyArn": "policy",
    "OpenIDConnectProviderArn": "provider", "RoleArn": "role-arn",
}  # fmt: skip
CREATIONS = {"CreateUser", "CreateRole", "CreateGroup", "CreatePolicy"}
# A need on the resource itself, without what is only looked up or becomes a condition key.
NEED = re.compile(r"^(user|role|group|policy|provider|role-arn):\{\.(\w+)\}(\|self)?$")


def entries():
    for line in TABLE.read_text().splitlines():
        if line.startswith(("iam ", "sts ")):
            service, name, *items = line.split()
            yield service, name, items


def offered(service):
    """The operations that the server's sources register."""
    folder = ROOT / f"crates/control/src/{service}"
    pattern = re.compile(r'operation!\("(\w+)"')
    return {name for file in folder.rglob("*.rs") for name in pattern.findall(file.read_text())}


OFFERED = {service: offered(service) for service in ("iam", "sts")}
MODELS = {
    service: botocore.session.Session().get_service_model(service) for service in ("iam", "sts")
}


def cases():
    for service, name, items in entries():
        needs = [match for item in items if (match := NEED.match(item))]
        if needs and name in OFFERED[service]:
            yield service, name, needs[0][1], needs[0][2]


CASES = list(cases())


def test_every_operation_that_names_a_stored_resource_looks_it_up():
    for service, name, items in entries():
        if name in CREATIONS or items in (["free"], ["*"]):
            continue
        shape = MODELS[service].operation_model(name).input_shape
        for member in shape.members if shape else ():
            if member in NAMES:
                lookup = f"{NAMES[member]}:{{.{member}}}"
                assert any(lookup in item for item in items), f"{service} {name}: {member}"
    assert len(CASES) > 50


class Family:
    """One resource of each kind, under a path, and what requests about them are made of."""

    def __init__(self, iam, tag):
        self.iam, self.path = iam, f"/team-{tag}/"
        self.name = {kind: f"{kind}-{tag}-Core" for kind in ("user", "role", "group", "policy")}
        self.arn = {
            kind: f"{START}{kind}{self.path}{name}" for kind, name in self.name.items()
        }
        self.arn["provider"] = f"{START}oidc-provider/{tag}.example/a"
        self.arn["role-arn"] = self.arn["role"]
        iam.create_user(UserName=self.name["user"], Path=self.path)
        iam.create_group(GroupName=self.name["group"], Path=self.path)
        iam.create_role(
            RoleName=self.name["role"], Path=self.path, AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        iam.create_policy(
            PolicyName=self.name["policy"], Path=self.path, PolicyDocument=json.dumps(DOCUMENT)
        )
        iam.create_open_id_connect_provider(Url=f"https://{tag}.example/a")

    def request(self, service, operation, member, value):
        """A request that names everything as stored but for one member."""
        shape = MODELS[service].operation_model(operation).input_shape
        whole = {
            "UserName": self.name["user"], "RoleName": self.name["role"],
            "GroupName": self.name["group"], "PolicyArn": self.arn["policy"],
            "RoleArn": self.arn["role"], "OpenIDConnectProviderArn": self.arn["provider"],
            "PolicyName": "inline", "PolicyDocument": json.dumps(
                TRUST if operation == "UpdateAssumeRolePolicy" else DOCUMENT),
            "Tags": [{"Key": "a", "Value": "b"}], "TagKeys": ["a"], "VersionId": "v7",
            "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "Status": "Inactive",
            "RoleSessionName": "me", "PermissionsBoundary": self.arn["policy"],
            "ClientID": "another", "ThumbprintList": ["0" * 40], "Description": "another",
            "SSHPublicKeyId": "APKAAAAAAAAAAAAAAAAA", "Encoding": "PEM",
        }  # fmt: skip
        members = {name: whole[name] for name in shape.required_members}
        return members | {member: value}

    def spellings(self, kind):
        """Other spellings than the stored one, by what differs."""
        arn = self.arn[kind]
        if kind in ("user", "role", "group"):
            name = self.name[kind]
            return {"other case": name.upper(), "last segment only": name}
        last = arn.rsplit("/", 1)[1]
        root = arn.split("/", 1)[0]
        return {
            "other case": arn.replace("-Core", "-CORE").replace(".example", ".EXAMPLE"),
            "no path": f"{root}/{last}",
            "other path": f"{root}/other/{last}",
        }

    def written(self, kind, spelling):
        """The ARN that somebody would write who goes by the spelling."""
        return spelling if spelling.startswith("arn:") else f"{START}{kind}/{spelling}"

    def state(self):
        details = {
            "user": self.iam.get_user(UserName=self.name["user"])["User"],
            "role": self.iam.get_role(RoleName=self.name["role"])["Role"],
            "group": self.iam.get_group(GroupName=self.name["group"]),
            "policy": self.iam.get_policy(PolicyArn=self.arn["policy"])["Policy"],
            "versions": self.iam.list_policy_versions(PolicyArn=self.arn["policy"])["Versions"],
            "entities": self.iam.list_entities_for_policy(PolicyArn=self.arn["policy"]),
            "provider": self.iam.get_open_id_connect_provider(
                OpenIDConnectProviderArn=self.arn["provider"]
            ),
            "inline": [
                self.iam.list_user_policies(UserName=self.name["user"])["PolicyNames"],
                self.iam.list_role_policies(RoleName=self.name["role"])["PolicyNames"],
                self.iam.list_group_policies(GroupName=self.name["group"])["PolicyNames"],
            ],
            "keys": self.iam.list_access_keys(UserName=self.name["user"])["AccessKeyMetadata"],
        }
        for answer in details.values():
            if isinstance(answer, dict):
                answer.pop("ResponseMetadata", None)
        return json.loads(json.dumps(details, default=str))


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture(scope="module")
def family(iam):
    return Family(iam, "fam")


@pytest.fixture(scope="module")
def caller(server, iam):
    """Calls as a user who has these statements only; gives the error's name, or None."""
    iam.create_user(UserName="caller-of-spellings")
    key = iam.create_access_key(UserName="caller-of-spellings")["AccessKey"]
    clients = {
        service: make_client(server, service, key["AccessKeyId"], key["SecretAccessKey"])
        for service in ("iam", "sts")
    }

    def call(statements, service, operation, members):
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(
            UserName="caller-of-spellings", PolicyName="only", PolicyDocument=document
        )
        client = clients[service]
        try:
            client._make_api_call(operation, members)
        except client.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return None

    return call


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def deny(action, resource):
    return {"Effect": "Deny", "Action": action, "Resource": resource}


@pytest.mark.parametrize(("service", "operation", "kind", "member"), CASES,
                         ids=[f"{case[0]}:{case[1]}" for case in CASES])  # fmt: skip
def test_no_other_spelling_grants_or_passes_a_deny(
    family, caller, service, operation, kind, member
):
    action, stored = f"{service}:{operation}", family.arn[kind]
    before = family.state()
    for what, spelling in family.spellings(kind).items():
        request = family.request(service, operation, member, spelling)
        # An Allow on the other spelling; a trust policy leaves a role to the caller's own policies.
        written = family.written(kind, spelling)
        outcome = caller([allow(action, written)], service, operation, request)
        wanted = (DENIED, "NoSuchEntity") if spelling.startswith("arn:") else (DENIED,)
        if operation == "DeleteOpenIDConnectProvider":  # One that is not there is no error.
            wanted += (None,)
        assert outcome in wanted, f"allowed as {what}: {outcome}"
        # A Deny on the stored one.
        statement = [allow("*"), deny("*", stored)]
        outcome = caller(statement, service, operation, request)
        assert outcome in wanted, f"not denied as {what}: {outcome}"
        # Nobody without a permission learns whether it exists.
        missing = spelling.replace("Core", "None").replace("CORE", "NONE")
        nobody = family.request(service, operation, member, missing)
        nothing = [allow("iot:ListJobs")]
        assert caller(nothing, service, operation, nobody) == DENIED, what
        assert caller(nothing, service, operation, request) == DENIED, what
    assert family.state() == before


@pytest.mark.parametrize(("service", "operation", "kind", "member"), CASES,
                         ids=[f"{case[0]}:{case[1]}" for case in CASES])  # fmt: skip
def test_the_stored_arn_grants(iam, unique, caller, service, operation, kind, member):
    own = Family(iam, unique("own").lower())
    spelling = own.name[kind] if kind in own.name and kind != "policy" else own.arn[kind]
    request = own.request(service, operation, member, spelling)
    outcome = caller([allow("*", own.arn[kind])], service, operation, request)
    assert outcome not in (DENIED, "ValidationError"), outcome


def test_creations_are_decided_by_path_and_name(caller, unique):
    for operation, kind, member in (
        ("CreateUser", "user", "UserName"), ("CreateRole", "role", "RoleName"),
        ("CreateGroup", "group", "GroupName"), ("CreatePolicy", "policy", "PolicyName"),
    ):  # fmt: skip
        action, name = f"iam:{operation}", unique("made")
        request = {member: name, "Path": "/admins/"}
        request |= {"PolicyDocument": json.dumps(DOCUMENT)} if kind == "policy" else {}
        request |= {"AssumeRolePolicyDocument": json.dumps(TRUST)} if kind == "role" else {}
        plain, placed = f"{START}{kind}/{name}", f"{START}{kind}/admins/{name}"
        assert caller([allow(action, plain)], "iam", operation, request) == DENIED
        statement = [allow("*"), deny(action, f"{START}{kind}/admins/*")]
        assert caller(statement, "iam", operation, request) == DENIED
        assert caller([allow(action, placed)], "iam", operation, request) is None
        # Names are unique without regard to case.
        again = request | {member: name.upper(), "Path": "/"}
        assert caller([allow("*")], "iam", operation, again) == "EntityAlreadyExists"


def test_a_condition_on_a_policy_reads_its_stored_arn(family, caller):
    arn = family.arn["policy"]
    for kind, member in (("user", "UserName"), ("role", "RoleName"), ("group", "GroupName")):
        for operation in (f"Attach{kind.title()}Policy", f"Detach{kind.title()}Policy"):
            for spelling in family.spellings("policy").values():
                request = {member: family.name[kind], "PolicyArn": spelling}
                guarded = deny("*", "*") | {
                    "Condition": {"ArnEquals": {"iam:PolicyARN": arn}}
                }
                outcome = caller([allow("*"), guarded], "iam", operation, request)
                assert outcome == "NoSuchEntity", (operation, spelling)
            request = {member: family.name[kind], "PolicyArn": arn}
            assert caller([allow("*"), guarded], "iam", operation, request) == DENIED


def test_a_session_policy_by_another_spelling_of_its_arn_allows_nothing(server, family, refused):
    sts = make_client(server, "sts")
    for spelling in family.spellings("policy").values():
        made = sts.assume_role(
            RoleArn=family.arn["role"], RoleSessionName="me", PolicyArns=[{"arn": spelling}]
        )["Credentials"]
        keys = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        narrowed = make_client(server, "iot", *keys)
        assert refused(narrowed.list_policies)[0] == "AccessDeniedException"


def test_a_refusal_does_not_tell_the_path(server, family, unique, iam, refused):
    name = unique("stranger")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    stranger = make_client(server, "iam", key["AccessKeyId"], key["SecretAccessKey"])
    there = refused(stranger.get_user, UserName=family.name["user"])
    missing = refused(stranger.get_user, UserName="missing")
    assert "team-fam" not in there[2]
    assert there[2].replace(family.name["user"], "missing") == missing[2]


def test_a_domain_configuration_is_decided_and_tagged_with_its_id(server, iam, unique, refused):
    iot, name = make_client(server), unique("domain")
    stored = iot.create_domain_configuration(
        domainConfigurationName=name, domainName=f"{name}.example.com".lower(),
        serverCertificateArns=[
            f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"],
    )["domainConfigurationArn"]  # fmt: skip
    user = unique("user")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    own = make_client(server, "iot", key["AccessKeyId"], key["SecretAccessKey"])
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [allow("*"), deny("*", stored)]}))  # fmt: skip
    code = refused(own.describe_domain_configuration, domainConfigurationName=name)[0]
    assert code == "AccessDeniedException"
    tags = [{"Key": "a", "Value": "b"}]
    assert refused(own.tag_resource, resourceArn=stored, tags=tags)[0] == "AccessDeniedException"
    for spelling in (stored.rsplit("/", 1)[0], stored + "0", stored.rsplit("/", 1)[0] + "/x"):
        assert refused(own.tag_resource, resourceArn=spelling, tags=tags)[0] in (
            "ResourceNotFoundException", "InvalidRequestException")  # fmt: skip
    iot.tag_resource(resourceArn=stored, tags=tags)


def test_a_function_as_a_whole_is_not_another_with_its_latest_version(server, iam, unique, refused):
    user = unique("user")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    own = make_client(server, "lambda", key["AccessKeyId"], key["SecretAccessKey"])
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [allow("*"), deny("*", arn)]}))  # fmt: skip
    for name in ("f", "f:$LATEST", f"{arn}:$LATEST", f"{ACCOUNT}:function:f", arn):
        for call, members in (
            (own.update_function_code, {"ZipFile": b"x"}),
            (own.update_function_configuration, {"Timeout": 4}),
            (own.put_function_concurrency, {"ReservedConcurrentExecutions": 1}),
            (own.delete_function_concurrency, {}),
            (own.publish_version, {}),
            (own.list_aliases, {}),
            (own.create_alias, {"Name": "live", "FunctionVersion": "1"}),
        ):
            code = refused(call, FunctionName=name, **members)[0]
            assert code == "AccessDeniedException", (name, call)
        # As on AWS $LATEST is a resource of its own here; it has no policy to be changed or read.
        wanted = "ResourceNotFoundException" if "$" in name else "AccessDeniedException"
        for call, members in ((own.remove_permission, {"StatementId": "s"}), (own.get_policy, {})):
            assert refused(call, FunctionName=name, **members)[0] == wanted, (name, call)
