"""Port 443, where AWS's SDKs go by themselves: they are given a host name and no port."""

import re
import ssl

import awscrt.auth
import awscrt.io
import pytest
from awsiot.greengrass_discovery import DiscoveryClient, DiscoveryException

from aliased import Setup, client, refused
from fleet import Fleet, allow
from over_https import Https
from running import REGION, arn

OPTIONS = ["--mqtt-listen", "127.0.0.3:443"]
OPTIONS += ["--hostname", "localhost", "--hostname", "127.0.0.1", "--hostname", "127.0.0.3"]


def mutual(server, device):
    """The SDK's TLS with a device's certificate."""
    options = awscrt.io.TlsContextOptions.create_client_with_mtls(
        device.certificate_pem.encode(), device.private_key_pem.encode()
    )
    options.override_default_trust_store_from_path(None, str(server.root_ca))
    return awscrt.io.ClientTlsContext(options)


@pytest.fixture(scope="module")
def on_443(own_server):
    """A server with an address of its own for the credentials provider, and one for everything."""
    own = own_server("""
        [endpoints]
        credentials = "127.0.0.2"
        credentials-listen = "127.0.0.2:443"
    """)
    try:
        return Fleet(own.start(options=OPTIONS))
    except AssertionError as error:
        if not re.search("Permission denied|Address already in use", str(error)):
            raise
        return pytest.skip("port 443 cannot be had here")


def test_an_sdk_finds_the_endpoint_by_its_name(on_443):
    fleet, server, address = on_443, on_443.server, "127.0.0.2"
    setup = Setup(fleet, allow("iot:DescribeThing", arn("thing", "${credentials-iot:ThingName}")))
    endpoint = fleet.iot.describe_endpoint(endpointType="iot:CredentialProvider")
    assert endpoint["endpointAddress"] == address

    provider = awscrt.auth.AwsCredentialsProvider.new_x509(
        endpoint=address,
        thing_name=setup.thing,
        role_alias=setup.alias,
        tls_ctx=mutual(server, setup.device),
    )
    got = provider.get_credentials().result(30)
    made = {
        "accessKeyId": got.access_key_id,
        "secretAccessKey": got.secret_access_key,
        "sessionToken": got.session_token,
    }
    assert client(server, "iot", made).describe_thing(thingName=setup.thing)
    # This address is for credentials alone; the name of the data endpoint for all the rest.
    elsewhere = Https(server, setup.device, address=f"{address}:443", host=address)
    assert refused(elsewhere.ask("POST", "/topics/a", b""))[0] == 404
    assert elsewhere.credentials(setup.alias).status == 200
    assert refused(setup.ask())[0] == 404
    with pytest.raises((ssl.SSLError, OSError)):
        Https(server, None, address=f"{address}:443", host=address).credentials(setup.alias)


@pytest.mark.parametrize("alpn", [None, "http/1.1"])
def test_on_443_who_has_no_certificate_is_answered(on_443, alpn):
    """Without AWS's ALPN the certificate is asked for, and its absence is said in HTTP."""
    setup, address = Setup(on_443), "127.0.0.3:443"
    anybody = Https(on_443.server, None, address=address, alpn=alpn)
    for answer in [anybody.credentials(setup.alias), anybody.ask("POST", "/topics/a", b"")]:
        assert refused(answer)[:2] == (403, "AccessDeniedException")
    device = Https(on_443.server, setup.device, address=address, alpn=alpn, host="127.0.0.1")
    assert device.credentials(setup.alias).status == 200


def test_an_sdk_that_discovers_greengrass_groups_is_told_that_there_are_none(on_443):
    def discover(device, thing):
        client = DiscoveryClient(
            awscrt.io.ClientBootstrap.get_or_create_static_default(),
            awscrt.io.SocketOptions(),
            mutual(on_443.server, device),
            REGION,
            gg_server_name="127.0.0.3",
        )
        assert client.port == 443
        with pytest.raises(DiscoveryException) as caught:
            client.discover(thing).result(30)
        return caught.value.http_response_code

    device = on_443.identity(allow("greengrass:Discover", arn("thing", "core")))
    assert discover(device, "core") == 404
    assert discover(device, "other") == 403
