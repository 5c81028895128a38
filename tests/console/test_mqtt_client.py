"""The MQTT test client: what devices publish is heard, what it publishes is heard by them."""

import pytest
from playwright.sync_api import expect

from device import Device
from fleet import ALLOW_ALL


@pytest.fixture
def device(server, fleet):
    with Device(server, fleet.identity(ALLOW_ALL), fleet.unique("device")) as device:
        yield device


def test_messages_go_both_ways(signed_in, device):
    page = signed_in("/mqtt-test")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    page.get_by_label("Topic filter").fill("console/+/up")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_role("button", name="Unsubscribe from console/+/up")).to_be_visible()
    device.publish("console/a/up", b'{"celsius": 21.5}')
    expect(page.get_by_text('"celsius": 21.5')).to_be_visible()

    device.subscribe("console/a/down")
    page.get_by_label("Topic name").fill("console/a/down")
    page.get_by_label("Message payload").fill("g\u00fcnstig")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    heard = device.next()
    assert (heard.topic, bytes(heard.payload).decode()) == ("console/a/down", "g\u00fcnstig")

    # No longer than one wants to.
    page.get_by_role("button", name="Unsubscribe from console/+/up").click()
    expect(page.get_by_role("button", name="Unsubscribe from console/+/up")).to_be_hidden()
