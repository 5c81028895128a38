"""Issuers over HTTPS: trusted by the configuration's file, or not at all."""

import pytest

from clients import make_client
from issuer import Issuer, own_certificate
from test_web_identity import asked, role, sts  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return own_certificate(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module", params=[True, False], ids=["trusted", "not trusted"])
def trusted(request):
    return request.param


@pytest.fixture(scope="module")
def server(start_server, certificate, trusted):
    settings = f'[web-identity]\nca-file = "{certificate[1]}"\n' if trusted else ""
    return start_server("https", settings)


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture
def issuer(iam, certificate):
    made = Issuer(certificate[0])
    iam.create_open_id_connect_provider(Url=made.url, ClientIDList=["factory"])
    yield made
    made.stop()


def test_an_issuer_over_https_is_believed_as_its_certificate_is(asked, issuer, trusted, refused):
    token = issuer.token()
    if trusted:
        assert asked(token)["SubjectFromWebIdentityToken"] == "press-7"
    else:
        assert refused(asked, token=token)[0] == "IDPCommunicationError"
        assert not issuer.asked


def test_keys_in_the_clear_of_an_encrypted_issuer_are_refused(asked, issuer, refused):
    plain = Issuer()
    document = f'{{"issuer": "{issuer.url}", "jwks_uri": "{plain.url}/keys"}}'
    issuer.answers[issuer.DISCOVERY] = (200, {}, document.encode())
    code, _, _ = refused(asked, token=issuer.token())
    assert code in ("InvalidIdentityToken", "IDPCommunicationError")
    assert not plain.asked
    plain.stop()
