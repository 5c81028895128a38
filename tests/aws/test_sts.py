import pytest

from clients import make_client
from running import ACCOUNT


@pytest.fixture(scope="module")
def sts(server):
    return make_client(server, "sts")


def test_the_administrator_is_a_user_of_the_account(sts):
    found = sts.get_caller_identity()
    assert found["Account"] == ACCOUNT
    assert found["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/admin"
    assert found["UserId"].startswith("AIDA")


def test_wrong_secrets_are_refused_in_xml(server, refused):
    sts = make_client(server, "sts", "AKIAAAAAAAAAAAAAAAAA", "x" * 40)
    assert refused(sts.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
