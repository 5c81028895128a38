import pytest

from running import ACCOUNT, REGION

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


@pytest.fixture
def create(iot, unique):
    """Makes domain configurations, of which an account has ten; removes them after the test."""
    made = []

    def make(**members):
        name = unique("domain")
        answer = iot.create_domain_configuration(domainConfigurationName=name, **members)
        made.append(name)
        assert f":domainconfiguration/{name}/" in answer["domainConfigurationArn"]
        return name

    yield make
    for name in made:
        members = {"domainConfigurationName": name}
        try:
            iot.update_domain_configuration(domainConfigurationStatus="DISABLED", **members)
            iot.delete_domain_configuration(**members)
        except iot.exceptions.ResourceNotFoundException:
            pass


def describe(iot, name):
    return iot.describe_domain_configuration(domainConfigurationName=name)


def test_an_endpoint_is_enabled_and_of_the_data_service(iot, create):
    found = describe(iot, create())
    assert found["domainConfigurationStatus"] == "ENABLED"
    assert (found["serviceType"], found["domainType"]) == ("DATA", "AWS_MANAGED")
    endpoint = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    assert found["domainName"] == endpoint.partition(":")[0]
    assert "authorizerConfig" not in found


def test_a_domain_of_ones_own_comes_with_its_certificate(iot, create):
    found = describe(
        iot, create(domainName="iot.example.com", serverCertificateArns=[CERTIFICATE])
    )
    assert (found["domainName"], found["domainType"]) == ("iot.example.com", "CUSTOMER_MANAGED")
    (certificate,) = found["serverCertificates"]
    assert certificate["serverCertificateArn"] == CERTIFICATE
    # Nobody configured a certificate for it: what is answered is what is presented.
    assert certificate["serverCertificateStatus"] == "INVALID"
    assert "iot.example.com" in certificate["serverCertificateStatusDetail"]
    for half in ({"domainName": "iot.example.com"}, {"serverCertificateArns": [CERTIFICATE]}):
        with pytest.raises(iot.exceptions.InvalidRequestException) as caught:
            create(**half)
        assert "come together" in str(caught.value)


def test_an_update_changes_what_it_names(iot, create, unique):
    authorizer = unique("authorizer")
    iot.create_authorizer(
        authorizerName=authorizer,
        authorizerFunctionArn="command:none",
        signingDisabled=True,
        status="INACTIVE",
    )
    name = create(tlsConfig={"securityPolicy": "first"}, authenticationType="AWS_X509")
    config = {"defaultAuthorizerName": authorizer, "allowAuthorizerOverride": True}
    iot.update_domain_configuration(
        domainConfigurationName=name,
        authorizerConfig=config,
        tlsConfig={"securityPolicy": "second"},
    )
    found = describe(iot, name)
    assert found["authorizerConfig"] == config
    assert found["tlsConfig"] == {"securityPolicy": "second"}
    assert found["authenticationType"] == "AWS_X509"
    with pytest.raises(iot.exceptions.DeleteConflictException):
        iot.delete_authorizer(authorizerName=authorizer)
    iot.update_domain_configuration(domainConfigurationName=name, removeAuthorizerConfig=True)
    assert "authorizerConfig" not in describe(iot, name)
    iot.delete_authorizer(authorizerName=authorizer)


def test_only_a_disabled_domain_configuration_is_deleted(iot, create, refused):
    name = create()
    code, _, message = refused(iot.delete_domain_configuration, domainConfigurationName=name)
    assert code == "InvalidRequestException" and "DISABLED" in message
    iot.update_domain_configuration(
        domainConfigurationName=name, domainConfigurationStatus="DISABLED"
    )
    assert describe(iot, name)["domainConfigurationStatus"] == "DISABLED"
    iot.delete_domain_configuration(domainConfigurationName=name)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        describe(iot, name)


def test_domain_configurations_are_listed_by_service(iot, create):
    names = {create(), create()}
    pages = iot.get_paginator("list_domain_configurations").paginate(
        serviceType="DATA", PaginationConfig={"PageSize": 1}
    )
    listed = {each["domainConfigurationName"] for p in pages for each in p["domainConfigurations"]}
    assert names <= listed
    assert iot.list_domain_configurations(serviceType="JOBS")["domainConfigurations"] == []


@pytest.mark.parametrize(
    "members, word",
    [
        ({"serviceType": "JOBS"}, "serviceType"),
        ({"authorizerConfig": {"defaultAuthorizerName": "absent"}}, "absent"),
        ({"serverCertificateConfig": {"ocspLambdaArn": "nothing"}}, "ocspLambdaArn"),
        ({"domainName": "a b", "serverCertificateArns": [CERTIFICATE]}, "domainName"),
    ],
)
def test_members_are_checked(iot, create, members, word):
    with pytest.raises(iot.exceptions.InvalidRequestException) as caught:
        create(**members)
    assert word in str(caught.value)
