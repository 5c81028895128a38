"""A server that cannot do what it is asked says so, and works again once it can."""

import contextlib
import sqlite3

import pytest
from botocore.exceptions import ClientError

from clients import make_client

MANY = 40


@pytest.fixture(scope="module")
def small(start_server):
    """One key in the pool, and no patience."""
    return start_server("small", "[provisioning]\nkey-pool-capacity = 1\nkey-wait-millis = 1\n")


def refusal(error):
    answer = error.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_empty_key_pool_is_told_with_the_way_out(small):
    iot = make_client(small)
    with pytest.raises(ClientError) as caught:
        for _ in range(MANY):
            iot.create_keys_and_certificate()
    assert refusal(caught.value) == ("ServiceUnavailableException", 503)
    assert "CreateCertificateFromCsr" in str(caught.value)


def test_a_registry_that_another_process_locks_is_unavailable_to_writers_only(small):
    iot = make_client(small)
    with contextlib.closing(sqlite3.connect(small.registry, isolation_level=None)) as registry:
        registry.execute("BEGIN IMMEDIATE")
        with pytest.raises(ClientError) as caught:
            iot.create_thing(thingName="late")
        iot.list_things()
        registry.execute("ROLLBACK")
    assert refusal(caught.value) == ("ServiceUnavailableException", 503)
    assert "locked" not in str(caught.value)
    iot.create_thing(thingName="late")
