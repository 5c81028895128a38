import pytest


@pytest.mark.parametrize("kind", [None, "iot:Data", "iot:Data-ATS"])
def test_the_data_endpoint_is_the_gateway(iot, server, kind):
    members = {"endpointType": kind} if kind else {}
    host, _, port = iot.describe_endpoint(**members)["endpointAddress"].partition(":")
    assert host
    if server.mqtt:
        assert (port or "8883") == server.mqtt.rpartition(":")[2]


def test_an_unknown_endpoint_type_is_refused(iot, refused):
    code, status, message = refused(iot.describe_endpoint, endpointType="iot:Nothing")
    assert (code, status) == ("InvalidRequestException", 400)
    assert "iot:Nothing" in message and "iot:Data-ATS" in message


@pytest.mark.parametrize("kind", ["iot:CredentialProvider", "iot:Jobs"])
def test_the_other_endpoints_are_served_by_the_gateway_as_well(iot, kind):
    data, other = (
        iot.describe_endpoint(endpointType=each)["endpointAddress"].partition(":")[0]
        for each in ("iot:Data-ATS", kind)
    )
    assert other == data


def test_the_cli_describes_the_endpoint(aws, iot):
    assert aws("describe-endpoint", "--endpoint-type", "iot:Data-ATS") == {
        "endpointAddress": iot.describe_endpoint()["endpointAddress"]
    }
