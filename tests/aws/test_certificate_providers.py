import pytest

from running import ACCOUNT, REGION, arn

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sign"
OPERATIONS = ["CreateCertificateFromCsr"]


@pytest.fixture
def create(iot, unique):
    """Makes providers; the account's one is free again after the test."""
    made = []

    def make(**members):
        name = members.pop("certificateProviderName", None) or unique("provider")
        request = {"lambdaFunctionArn": FUNCTION, "accountDefaultForOperations": OPERATIONS}
        iot.create_certificate_provider(
            certificateProviderName=name, **request | members
        )
        made.append(name)
        return name

    yield make
    for name in made:
        try:
            iot.delete_certificate_provider(certificateProviderName=name)
        except iot.exceptions.ResourceNotFoundException:
            pass


def test_a_certificate_provider_is_described_updated_and_deleted(iot, create):
    name = create()
    found = iot.describe_certificate_provider(certificateProviderName=name)
    assert found["certificateProviderArn"] == arn("certificateprovider", name)
    assert found["lambdaFunctionArn"] == FUNCTION
    assert found["accountDefaultForOperations"] == OPERATIONS
    iot.update_certificate_provider(
        certificateProviderName=name, lambdaFunctionArn=FUNCTION + "2"
    )
    found = iot.describe_certificate_provider(certificateProviderName=name)
    assert found["lambdaFunctionArn"] == FUNCTION + "2"
    listed = iot.list_certificate_providers()["certificateProviders"]
    assert [each["certificateProviderName"] for each in listed] == [name]
    iot.delete_certificate_provider(certificateProviderName=name)
    assert iot.list_certificate_providers()["certificateProviders"] == []


def test_an_account_has_one_certificate_provider(iot, create):
    name = create()
    with pytest.raises(iot.exceptions.LimitExceededException):
        create()
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        create(certificateProviderName=name)


@pytest.mark.parametrize(
    "members, word",
    [
        ({"accountDefaultForOperations": ["RegisterThing"]}, "CreateCertificateFromCsr"),
        ({"lambdaFunctionArn": "ftp://nowhere"}, "lambdaFunctionArn"),
        ({"clientToken": "with white space, though it is long enough"}, "clientToken"),
    ],
)
def test_members_are_checked(iot, create, members, word):
    with pytest.raises(iot.exceptions.InvalidRequestException) as caught:
        create(**members)
    assert word in str(caught.value)
