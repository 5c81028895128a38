"""A server whose configuration sets a rate throttles as AWS does."""

import json

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from clients import make_client
from issuer import Issuer
from running import ACCOUNT, REGION

MANY = 30


@pytest.fixture(scope="module")
def throttling(start_server):
    """Two requests of each operation a second, three at once."""
    return start_server("throttling", "[control]\nrequests-per-second = 2\nburst = 3\n")


def until_refused(operation, **members):
    """The error, status and message of the first request that is refused."""
    for _ in range(MANY):
        try:
            operation(**members)
        except ClientError as error:
            answer = error.response
            assert answer["ResponseMetadata"]["RequestId"]
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            return answer["Error"]["Code"], status, answer["Error"]["Message"]
    raise AssertionError(f"{MANY} requests were admitted")


def test_an_operation_asked_too_often_is_throttled_and_others_are_not(throttling):
    iot = make_client(throttling)
    code, status, message = until_refused(iot.list_things)
    assert (code, status) == ("ThrottlingException", 400)
    for part in ("ListThings", "2 requests per second", "requests-per-second", "[control]"):
        assert part in message
    iot.list_policies()


@pytest.mark.parametrize(
    "service, operation, members, code, status",
    [
        ("iot-data", "publish", {"topic": "a"}, "ThrottlingException", 429),
        ("iam", "list_users", {}, "Throttling", 400),
        ("sts", "get_caller_identity", {}, "Throttling", 400),
    ],
)
def test_every_service_has_its_own_words_for_it(
    throttling, service, operation, members, code, status
):
    client = make_client(throttling, service)
    refused = until_refused(getattr(client, operation), **members)
    assert refused[:2] == (code, status)


def test_a_client_that_retries_gets_all_its_answers(throttling):
    core = botocore.session.Session()
    core.set_config_variable("credentials_file", str(throttling.credentials))
    core.set_config_variable("config_file", "/dev/null")
    config = Config(retries={"mode": "adaptive", "max_attempts": 10})
    session = boto3.Session(None, None, None, REGION, core)
    iot = session.client("iot", endpoint_url=throttling.api, config=config)
    attempts = [
        iot.list_thing_types()["ResponseMetadata"]["RetryAttempts"] for _ in range(8)
    ]
    assert sum(attempts) > 0, "nothing was throttled"


def test_nothing_is_throttled_unless_it_is_configured(iot):
    for _ in range(MANY):
        iot.list_things(maxResults=1)


def test_a_stranger_spends_nobodys_allowance(throttling):
    stranger = make_client(throttling, "iot", "AKIAAAAAAAAAAAAAAAAA", "a" * 40)
    for _ in range(MANY):
        with pytest.raises(ClientError) as caught:
            stranger.list_thing_groups()
        assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
    make_client(throttling).list_thing_groups()


def test_who_may_not_have_an_operation_spends_nothing_of_its_rate(throttling):
    iam = make_client(throttling, "iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = make_client(throttling, "iot", key["AccessKeyId"], key["SecretAccessKey"])
    for _ in range(MANY):
        with pytest.raises(ClientError) as caught:
            nobody.list_billing_groups()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    make_client(throttling).list_billing_groups()


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.stop()


def test_roles_for_tokens_are_throttled_for_those_whom_the_role_lets_in(throttling, issuer):
    iam = make_client(throttling, "iam")
    iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["factory"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.host}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer.host}:sub": "press-7"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="press", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
    sts = boto3.client("sts", REGION, endpoint_url=throttling.api, config=config)

    def ask(token):
        return sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="press", WebIdentityToken=token
        )

    for token, code in (("a.b.c", "InvalidIdentityToken"), (issuer.token(sub="x"), "AccessDenied")):
        for _ in range(MANY):
            with pytest.raises(ClientError) as caught:
                ask(token)
            assert caught.value.response["Error"]["Code"] == code
    assert ask(issuer.token())["SubjectFromWebIdentityToken"] == "press-7"
    assert until_refused(ask, token=issuer.token())[:2] == ("Throttling", 400)
