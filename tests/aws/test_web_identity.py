"""`AssumeRoleWithWebIdentity`: roles for whoever holds a token of a registered issuer."""

import json
import subprocess
import sys
import time

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from clients import make_client
from issuer import Issuer, Key, keyed_hash
from running import ACCOUNT, REGION
from test_audit import audit, record_of, request_id  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture
def sts(server):
    """A client without any credentials."""
    session = boto3.Session(region_name=REGION, botocore_session=botocore.session.Session())
    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
    return session.client("sts", endpoint_url=server.api, config=config)


@pytest.fixture
def issuer(iam):
    """An issuer that is registered for the audience `factory`."""
    made = Issuer()
    registered = iam.create_open_id_connect_provider(Url=made.url, ClientIDList=["factory"])
    yield made
    # The system may give its port to the next one.
    iam.delete_open_id_connect_provider(
        OpenIDConnectProviderArn=registered["OpenIDConnectProviderArn"]
    )
    made.stop()


def provider(issuer):
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.host}"


def trust(issuer, actions=("sts:AssumeRoleWithWebIdentity",), **condition):
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider(issuer)},
        "Action": list(actions),
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(iam, unique):
    def make(document):
        name = unique("role")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        policy = {"Effect": "Allow", "Action": "iot:List*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def asked(sts, issuer, role):
    """Asks for a role that trusts the issuer's `press-7`, with this token."""
    subject = {f"{issuer.host}:aud": "factory", f"{issuer.host}:sub": "press-*"}
    arn = role(trust(issuer, StringLike=subject))

    def ask(token, **members):
        return sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="press", WebIdentityToken=token, **members
        )

    return ask


def client_of(server, made, service):
    keys = made["Credentials"]
    return make_client(
        server, service, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    )


def test_a_token_opens_a_session_of_the_role(server, asked, issuer, refused):
    made = asked(issuer.token(), DurationSeconds=900)
    assert made["SubjectFromWebIdentityToken"] == "press-7"
    assert made["Audience"] == "factory"
    assert made["Provider"] == provider(issuer)
    assert made["AssumedRoleUser"]["Arn"].endswith("/press")
    assert "PackedPolicySize" not in made
    found = client_of(server, made, "sts").get_caller_identity()
    assert found["Arn"] == made["AssumedRoleUser"]["Arn"]
    iot = client_of(server, made, "iot")
    iot.list_things()
    assert refused(iot.create_thing, thingName="never")[0] == "AccessDeniedException"


def test_a_session_policy_limits_what_a_token_s_session_assumes(
    server, iam, issuer, asked, role, unique, refused
):
    """The role lets sessions of the token's role in by name; the session policy does not."""
    arn = iam.get_role(RoleName=asked(issuer.token())["AssumedRoleUser"]["Arn"].split("/")[1])
    arn = arn["Role"]["Arn"]
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    target = role(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    policy = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
    ask = {"RoleArn": target, "RoleSessionName": "out"}
    for action, comes_through in (("iot:*", False), ("sts:AssumeRole", True), (None, True)):
        members = {}
        if action:
            document = {"Version": "2012-10-17", "Statement": [policy | {"Action": action}]}
            members["Policy"] = json.dumps(document)
        sts = client_of(server, asked(issuer.token(), **members), "sts")
        if comes_through:
            assert sts.assume_role(**ask)["Credentials"]
        else:
            assert refused(sts.assume_role, **ask)[0] == "AccessDenied"


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
def test_every_asymmetric_algorithm_is_taken(asked, issuer, algorithm):
    issuer.keys = [Key("the-key", algorithm)]
    assert asked(issuer.token())["SubjectFromWebIdentityToken"] == "press-7"
    other = Key("the-key", algorithm)
    with pytest.raises(Exception, match="signature"):
        asked(issuer.token(other))


def test_the_aws_command_asks_with_a_token(server, issuer, role):
    command = [sys.executable, "-m", "awscli", "--endpoint-url", server.api, "--output", "json"]
    command += ["sts", "assume-role-with-web-identity", "--role-arn", role(trust(issuer))]
    command += ["--role-session-name", "press", "--web-identity-token", issuer.token()]
    environment = server.environment
    del environment["AWS_SHARED_CREDENTIALS_FILE"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["SubjectFromWebIdentityToken"] == "press-7"


def test_an_sdk_finds_its_credentials_by_a_token_file(server, issuer, role, tmp_path):
    (tmp_path / "token").write_text(issuer.token())
    environment = server.environment | {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": role(trust(issuer)),
        "AWS_ROLE_SESSION_NAME": "press",
        "AWS_ENDPOINT_URL": server.api,
    }
    del environment["AWS_SHARED_CREDENTIALS_FILE"]
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/press")


def test_what_the_role_does_not_trust_is_denied(sts, issuer, role, iam, refused):
    other = Issuer()
    iam.create_open_id_connect_provider(Url=other.url, ClientIDList=["factory"])
    name = issuer.host
    anonymous = {"RoleSessionName": "press", "WebIdentityToken": issuer.token()}
    for document in (
        trust(other),
        trust(issuer, actions=["sts:AssumeRole"]),
        trust(issuer, StringEquals={f"{name}:sub": "press-8"}),
        trust(issuer, StringEquals={f"{name}:aud": "another"}),
        trust(issuer, StringEquals={f"{name}:line": "4"}),
        trust(issuer, IpAddress={"aws:SourceIp": "192.0.2.0/24"}),
    ):
        code, status, message = refused(
            sts.assume_role_with_web_identity, RoleArn=role(document), **anonymous
        )
        assert (code, status) == ("AccessDenied", 403), document
        assert message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    missing = f"arn:aws:iam::{ACCOUNT}:role/there-is-none"
    code, _, again = refused(sts.assume_role_with_web_identity, RoleArn=missing, **anonymous)
    assert (code, again) == ("AccessDenied", message)
    other.stop()


def test_claims_of_the_issuer_are_condition_keys(sts, issuer, role):
    members = {"RoleSessionName": "press", "RoleArn": role(trust(
        issuer,
        StringEquals={f"{issuer.host}:site": "north", "aws:FederatedProvider": provider(issuer)},
        Bool={f"{issuer.host}:night": "true"},
        **{"ForAnyValue:StringEquals": {f"{issuer.host}:amr": "badge"}},
    ))}
    token = issuer.token(site="north", night=True, amr=["pin", "badge"])
    sts.assume_role_with_web_identity(WebIdentityToken=token, **members)


def test_a_role_that_trusts_the_account_is_none_for_a_token(sts, issuer, role, refused):
    document = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:*",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    }]})
    code, _, _ = refused(
        sts.assume_role_with_web_identity,
        RoleArn=role(document), RoleSessionName="press", WebIdentityToken=issuer.token(),
    )
    assert code == "AccessDenied"


def test_tags_of_the_token_need_their_own_trust(sts, issuer, role, refused):
    claim = {"https://aws.amazon.com/tags": {"principal_tags": {"Site": ["north"]}}}
    claim["https://aws.amazon.com/source_identity"] = "press-7"
    members = {"RoleSessionName": "press", "WebIdentityToken": issuer.token(**claim)}
    ask = sts.assume_role_with_web_identity
    web, tag = "sts:AssumeRoleWithWebIdentity", "sts:TagSession"
    for actions in ([web], [web, tag]):
        arn = role(trust(issuer, actions=actions))
        assert refused(ask, RoleArn=arn, **members)[0] == "AccessDenied"
    actions = [web, tag, "sts:SetSourceIdentity"]
    made = ask(RoleArn=role(trust(issuer, actions=actions)), **members)
    assert made["PackedPolicySize"] >= 1 and made["SourceIdentity"] == "press-7"


def test_a_session_policy_narrows_and_has_its_bounds(server, sts, role, asked, issuer, refused):
    only = {"Effect": "Allow", "Action": "iot:ListPolicies", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [only]})
    made = asked(issuer.token(), Policy=document)
    assert 1 <= made["PackedPolicySize"] <= 100
    iot = client_of(server, made, "iot")
    iot.list_policies()
    assert refused(iot.list_things)[0] == "AccessDeniedException"
    token = issuer.token()
    code, status, _ = refused(asked, token=token, Policy="{}")
    assert (code, status) == ("MalformedPolicyDocument", 400)
    too_much(sts, issuer, role, refused, only)


def too_much(sts, issuer, role, refused, only):
    """Each part is within its own bound, all together are not."""
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    arns = [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/{'x' * 120}{n}"} for n in range(10)]
    long = json.dumps({"Version": "2012-10-17", "Statement": [only | {"Sid": "s" * 1800}]})
    huge = {"https://aws.amazon.com/tags": {
        "principal_tags": {f"key-{n}": "v" * 200 for n in range(10)}
    }}
    code, status, _ = refused(
        sts.assume_role_with_web_identity,
        RoleArn=role(trust(issuer, actions=actions)), RoleSessionName="press",
        WebIdentityToken=issuer.token(**huge), Policy=long, PolicyArns=arns,
    )  # fmt: skip
    assert (code, status) == ("PackedPolicyTooLarge", 400)


NOW = int(time.time())
WRONG_CLAIMS = {
    "another audience": ({"aud": "another"}, "audience"),
    "no audience": ({"aud": None}, "aud"),
    "issued to another client": ({"azp": "another"}, "audience"),
    "an issuer that nobody registered": ({"iss": "https://other.example"}, "No OpenIDConnect"),
    "the issuer of another scheme": ({"iss": "ftp://127.0.0.1"}, "No OpenIDConnect"),
    "no subject": ({"sub": None}, "sub"),
    "not before tomorrow": ({"nbf": NOW + 86_400}, "not yet"),
    "issued tomorrow": ({"iat": NOW + 86_400}, "not yet"),
    "issued the day before yesterday": ({"iat": NOW - 172_800}, "24 hours"),
    "no end": ({"exp": None}, "exp"),
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_a_token_that_is_not_for_us_is_refused(asked, issuer, refused, case):
    changes, why = WRONG_CLAIMS[case]
    code, status, message = refused(asked, token=issuer.token(**changes))
    assert (code, status) == ("InvalidIdentityToken", 400)
    assert why in message
    assert not issuer.asked, "a token that cannot be taken asks nobody"


def test_an_expired_token_is_named_so(asked, issuer, refused):
    code, status, message = refused(asked, token=issuer.token(exp=NOW - 1))
    assert (code, status) == ("ExpiredTokenException", 400)
    assert str(NOW - 1) in message


def test_forged_tokens_are_refused(asked, issuer, refused):
    key = issuer.keys[0]
    stranger = Key(key.identifier)
    good = issuer.token()
    head, body, signature = good.split(".")
    other_body = issuer.token(sub="press-8").split(".")[1]
    forged = {
        "unsigned": issuer.token(header={"alg": "none"}, sign=lambda _: b""),
        "a public key as a secret": issuer.token(
            header={"alg": "HS256"}, sign=keyed_hash(key.public_pem)
        ),
        "a stranger's key": issuer.token(stranger),
        "a key that the token brings along": issuer.token(
            stranger, header={"jwk": stranger.published, "jku": "http://127.0.0.1:1/keys"}
        ),
        "another algorithm's key": issuer.token(Key(key.identifier, "RS256")),
        "no key id": ".".join([*issuer.token(header={"kid": ""}).split(".")]),
        "another body": f"{head}.{other_body}.{signature}",
        "no signature": f"{head}.{body}.",
        "a cut signature": good[:-4],
        "an extension": issuer.token(header={"crit": ["b64"], "b64": False}),
        "no token": "no-token",
    }
    for name, token in forged.items():
        code, status, _ = refused(asked, token=token)
        assert (code, status) == ("InvalidIdentityToken", 400), name
    asked(good)


def test_a_rotated_key_is_taken_and_the_old_one_is_not(asked, issuer, refused):
    old = issuer.keys[0]
    asked(issuer.token())
    issuer.keys = [Key("second", "RS256")]
    asked(issuer.token())
    code, _, message = refused(asked, token=issuer.token(old))
    assert code == "InvalidIdentityToken" and "first" in message


def test_keys_are_kept_and_unknown_ids_ask_only_so_often(asked, issuer, refused):
    for _ in range(20):
        asked(issuer.token())
    assert issuer.asked == {issuer.DISCOVERY: 1, issuer.KEYS: 1}
    for number in range(20):
        code, _, _ = refused(asked, token=issuer.token(header={"kid": f"unknown-{number}"}))
        assert code in ("InvalidIdentityToken", "IDPCommunicationError")
    assert issuer.asked[issuer.KEYS] <= 10
    asked(issuer.token())


def test_an_issuer_that_is_down_proves_nothing(asked, issuer, refused):
    issuer.stop()
    code, status, message = refused(asked, token=issuer.token())
    assert (code, status) == ("IDPCommunicationError", 400)
    assert issuer.host in message


NOT_KEYS = {
    "huge": ("/keys", (200, {}, b'{"keys": [' + b" " * 300_000 + b"]}"), "InvalidIdentityToken"),
    "no JSON": ("/keys", (200, {}, b"<html>"), "InvalidIdentityToken"),
    "no keys": ("/keys", (200, {}, b"{}"), "InvalidIdentityToken"),
    "too many": (
        "/keys", (200, {}, json.dumps({"keys": [{}] * 201}).encode()), "InvalidIdentityToken",
    ),
    "missing": ("/keys", (404, {}, b""), "InvalidIdentityToken"),
    "ill": ("/keys", (503, {}, b""), "IDPCommunicationError"),
    "a redirect": ("/keys", (302, {"Location": "/elsewhere"}, b""), "InvalidIdentityToken"),
    "discovery of another issuer": (
        Issuer.DISCOVERY,
        (200, {}, b'{"issuer": "https://other.example", "jwks_uri": "http://127.0.0.1:1/"}'),
        "InvalidIdentityToken",
    ),
    "keys in the clear elsewhere": (
        Issuer.DISCOVERY, "http://192.0.2.1/keys", "InvalidIdentityToken",
    ),
}


@pytest.mark.parametrize("case", NOT_KEYS)
def test_answers_that_are_no_keys_prove_nothing(asked, issuer, refused, case):
    path, answer, expected = NOT_KEYS[case]
    if isinstance(answer, str):
        document = json.dumps({"issuer": issuer.url, "jwks_uri": answer})
        answer = (200, {}, document.encode())
    good = [key.published for key in issuer.keys]
    issuer.answers["/elsewhere"] = (200, {}, json.dumps({"keys": good}).encode())
    issuer.answers[path] = answer
    code, status, _ = refused(asked, token=issuer.token())
    assert (code, status) == (expected, 400)
    assert "/elsewhere" not in issuer.asked


def test_an_issuer_that_refuses_its_keys_rejects(asked, issuer, refused):
    issuer.answers["/keys"] = (403, {}, b"")
    code, status, _ = refused(asked, token=issuer.token())
    assert (code, status) == ("IDPRejectedClaim", 403)


def test_a_removed_provider_proves_nothing(asked, issuer, iam, refused):
    asked(issuer.token())
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider(issuer))
    code, _, _ = refused(asked, token=issuer.token())
    assert code == "InvalidIdentityToken"


def test_the_trail_names_the_subject_and_never_the_token(asked, issuer, record_of):
    token = issuer.token()
    made = asked(token)
    record = record_of(request_id(made))
    assert record["operation"] == "sts:AssumeRoleWithWebIdentity"
    assert record["principal"] == f"{issuer.host}:factory:press-7"
    assert record["outcome"] == "Accepted" and record["resource"].startswith("arn:aws:iam::")
    assert "WebIdentityToken" in record["parameters"] and token not in json.dumps(record)
    forged = issuer.token(Key("first"))
    with pytest.raises(ClientError) as caught:
        asked(forged)
    refused = record_of(request_id(caught.value.response))
    assert (refused["principal"], refused["code"]) == ("anonymous", "InvalidIdentityToken")


def test_parameters_are_checked_before_anything_is_asked(sts, issuer, role, refused):
    arn = role(trust(issuer))
    good = {"RoleArn": arn, "RoleSessionName": "press", "WebIdentityToken": issuer.token()}
    ask = sts.assume_role_with_web_identity
    for changes in (
        {"DurationSeconds": 3601},
        {"RoleSessionName": "a b"},
        {"ProviderId": "www.amazon.com"},
        {"RoleArn": "arn:aws:iam::210987654321:role/other"},
        {"WebIdentityToken": "x" * 20_001},
    ):
        code, status, _ = refused(ask, **(good | changes))
        assert (code, status) == ("ValidationError", 400), changes
    ask(**good)


def test_an_unsigned_form_opens_nothing_else(sts, refused):
    for operation in (sts.get_caller_identity, sts.get_session_token):
        code, status, _ = refused(operation)
        assert (code, status) == ("MissingAuthenticationToken", 403)
