import pytest

from running import ACCOUNT, arn

ROLE = f"arn:aws:iam::{ACCOUNT}:role/devices"


@pytest.fixture
def alias(iot, unique):
    name = unique("alias")
    iot.create_role_alias(roleAlias=name, roleArn=ROLE)
    yield name
    try:
        iot.delete_role_alias(roleAlias=name)
    except iot.exceptions.ResourceNotFoundException:
        pass


def test_a_role_alias_is_described_updated_and_deleted(iot, alias):
    found = iot.describe_role_alias(roleAlias=alias)["roleAliasDescription"]
    assert found["roleAliasArn"] == arn("rolealias", alias)
    assert (found["roleArn"], found["owner"]) == (ROLE, ACCOUNT)
    assert found["credentialDurationSeconds"] == 3600
    other = ROLE + "-2"
    updated = iot.update_role_alias(
        roleAlias=alias, roleArn=other, credentialDurationSeconds=43200
    )
    assert updated["roleAliasArn"] == arn("rolealias", alias)
    found = iot.describe_role_alias(roleAlias=alias)["roleAliasDescription"]
    assert (found["roleArn"], found["credentialDurationSeconds"]) == (other, 43200)
    assert found["creationDate"] <= found["lastModifiedDate"]
    iot.delete_role_alias(roleAlias=alias)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_role_alias(roleAlias=alias)


def test_role_aliases_are_listed_both_ways(iot, unique):
    names = [unique("listed") for _ in range(3)]
    for name in names:
        iot.create_role_alias(roleAlias=name, roleArn=ROLE)
    for ascending in (True, False):
        pages = iot.get_paginator("list_role_aliases").paginate(
            ascendingOrder=ascending, PaginationConfig={"PageSize": 2}
        )
        listed = [name for page in pages for name in page["roleAliases"]]
        assert listed == sorted(listed, reverse=not ascending)
        assert set(names) <= set(listed)
    for name in names:
        iot.delete_role_alias(roleAlias=name)


def test_a_second_role_alias_of_that_name_is_refused(iot, alias, refused):
    code, status, message = refused(iot.create_role_alias, roleAlias=alias, roleArn=ROLE)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    assert alias in message


@pytest.mark.parametrize(
    "members, word",
    [
        ({"roleAlias": "a b"}, "Role alias"),
        ({"roleAlias": "x" * 129}, "128 characters"),
        ({"roleArn": "arn:aws:iam::12:role/devices"}, "roleArn"),
        ({"roleArn": f"arn:aws:iam::{ACCOUNT}:user/devices"}, "roleArn"),
    ],
)
def test_members_are_checked(iot, unique, refused, members, word):
    request = {"roleAlias": unique("bad"), "roleArn": ROLE} | members
    code, status, message = refused(iot.create_role_alias, **request)
    assert (code, status) == ("InvalidRequestException", 400)
    assert word in message


def test_the_cli_works_with_role_aliases(aws, iot, unique):
    name = unique("cli")
    made = aws("create-role-alias", "--role-alias", name, "--role-arn", ROLE)
    assert made["roleAlias"] == name
    wrong = ("--role-alias", name, "--credential-duration-seconds", 899)
    assert "900" in aws("update-role-alias", *wrong, fails=True)
    aws("delete-role-alias", "--role-alias", name)
