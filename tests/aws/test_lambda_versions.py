"""Published versions of functions, and aliases that point at them."""

import pytest

from packages import package
from test_lambda import OTHER, arn, digest


@pytest.fixture
def published(functions, function):
    """A function with the versions 1 and 2."""
    functions.publish_version(FunctionName=function, Description="one")
    functions.update_function_code(FunctionName=function, ZipFile=package(OTHER), Publish=True)
    return function


def test_a_version_is_a_snapshot(functions, function):
    one = functions.publish_version(FunctionName=function, Description="one")
    assert one["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (one["Version"], one["Description"]) == ("1", "one")
    assert one["FunctionArn"] == arn(f"{function}:1")
    functions.update_function_configuration(FunctionName=function, Timeout=60)
    found = functions.get_function_configuration(FunctionName=function, Qualifier="1")
    assert (found["Timeout"], found["FunctionArn"]) == (3, arn(f"{function}:1"))
    functions.get_waiter("published_version_active").wait(FunctionName=function, Qualifier="1")


def test_nothing_is_published_when_nothing_changed(functions, create):
    name = create(Environment={"Variables": {"TABLE": "a"}}, Publish=True)["FunctionName"]
    # Sent again as it is.
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"TABLE": "a"}}
    )
    assert functions.publish_version(FunctionName=name)["Version"] == "1"
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"TABLE": "b"}}
    )
    assert functions.publish_version(FunctionName=name)["Version"] == "2"


def test_what_is_published_is_what_was_meant(functions, function, refused):
    error = refused(
        functions.publish_version, FunctionName=function, CodeSha256=digest(package(OTHER))
    )
    assert error[:2] == ("InvalidParameterValueException", 400)
    assert "CodeSha256" in error[2]
    other = "00000000-0000-4000-8000-000000000000"
    error = refused(functions.publish_version, FunctionName=function, RevisionId=other)
    assert error[:2] == ("PreconditionFailedException", 412)
    functions.publish_version(FunctionName=function, CodeSha256=digest(package()))


def test_versions_are_listed_from_latest_on(functions, published):
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=published, PaginationConfig={"PageSize": 2}
    )
    seen = [item["FunctionArn"] for page in pages for item in page["Versions"]]
    assert seen == [arn(f"{published}:{version}") for version in ("$LATEST", "1", "2")]
    pages = functions.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    listed = [item["FunctionArn"] for page in pages for item in page["Functions"]]
    assert set(seen) <= set(listed)


def test_a_version_is_deleted_unless_an_alias_needs_it(functions, published, refused):
    functions.create_alias(FunctionName=published, Name="live", FunctionVersion="1")
    error = refused(functions.delete_function, FunctionName=published, Qualifier="1")
    assert error[:2] == ("ResourceConflictException", 409)
    assert error[2].endswith("following aliases reference it: [live]")
    functions.delete_alias(FunctionName=published, Name="live")
    functions.delete_function(FunctionName=published, Qualifier="1")
    error = refused(functions.get_function, FunctionName=published, Qualifier="1")
    assert error[2] == f"Function not found: {arn(published)}:1"
    for qualifier in ("$LATEST", "live"):
        error = refused(functions.delete_function, FunctionName=published, Qualifier=qualifier)
        assert error[:2] == ("InvalidParameterValueException", 400), qualifier
    functions.get_function(FunctionName=published, Qualifier="2")


def test_an_alias_moves_from_version_to_version(functions, published, refused):
    made = functions.create_alias(
        FunctionName=published, Name="live", FunctionVersion="1", Description="a"
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["AliasArn"] == arn(f"{published}:live")
    found = functions.get_function(FunctionName=f"{published}:live")["Configuration"]
    assert (found["Version"], found["FunctionArn"]) == ("1", arn(f"{published}:live"))
    moved = functions.update_alias(
        FunctionName=published, Name="live", FunctionVersion="2", RevisionId=made["RevisionId"]
    )
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "a")
    error = refused(
        functions.update_alias,
        FunctionName=published,
        Name="live",
        Description="b",
        RevisionId=made["RevisionId"],
    )
    assert error[:2] == ("PreconditionFailedException", 412)
    again = functions.get_alias(FunctionName=published, Name="live")
    again.pop("ResponseMetadata"), moved.pop("ResponseMetadata")
    assert again == moved
    functions.delete_alias(FunctionName=published, Name="live")
    error = refused(functions.get_alias, FunctionName=published, Name="live")
    assert error[2] == f"Cannot find alias arn: {arn(published)}:live"


def test_an_alias_shares_two_versions(functions, published, refused):
    weights = {"AdditionalVersionWeights": {"2": 0.1}}
    made = functions.create_alias(
        FunctionName=published, Name="live", FunctionVersion="1", RoutingConfig=weights
    )
    assert made["RoutingConfig"] == weights
    for wrong in ({"2": 1.5}, {"1": 0.5}, {"$LATEST": 0.5}, {"2": 0.1, "3": 0.1}, {"live": 0.1}):
        error = refused(
            functions.update_alias,
            FunctionName=published,
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": wrong},
        )
        assert error[:2] == ("InvalidParameterValueException", 400), wrong
    plain = functions.update_alias(
        FunctionName=published, Name="live", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert "RoutingConfig" not in plain


def test_aliases_are_listed_by_name(functions, published):
    for name, version in (("a", "1"), ("b", "2"), ("c", "2")):
        functions.create_alias(FunctionName=published, Name=name, FunctionVersion=version)
    pages = functions.get_paginator("list_aliases").paginate(
        FunctionName=published, PaginationConfig={"PageSize": 2}
    )
    assert [item["Name"] for page in pages for item in page["Aliases"]] == ["a", "b", "c"]
    of_two = functions.list_aliases(FunctionName=published, FunctionVersion="2")["Aliases"]
    assert [item["Name"] for item in of_two] == ["b", "c"]


def test_aliases_that_cannot_be_are_refused(functions, published, refused):
    functions.create_alias(FunctionName=published, Name="live", FunctionVersion="1")
    error = refused(
        functions.create_alias, FunctionName=published, Name="live", FunctionVersion="2"
    )
    assert error == (
        "ResourceConflictException",
        409,
        f"Alias already exists: {arn(published)}:live",
    )
    error = refused(functions.create_alias, FunctionName=published, Name="7", FunctionVersion="1")
    assert error[:2] == ("InvalidParameterValueException", 400)
    error = refused(functions.create_alias, FunctionName=published, Name="x", FunctionVersion="7")
    assert error[:2] == ("ResourceNotFoundException", 404)
