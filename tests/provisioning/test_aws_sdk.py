"""AWS IoT Device SDK for Python v2, unmodified: MQTT 3.1.1 and 5, both of its identity clients."""

import queue
from concurrent.futures import Future

import pytest
from awscrt import mqtt, mqtt5, mqtt_request_response
from awsiot import V2ServiceException, iotidentity, mqtt5_client_builder, mqtt_connection_builder

from device import PATIENCE
from fleet import AS_ITSELF, template_body
from identity import Identity, key_pem, make_csr, make_key

AT_LEAST_ONCE = mqtt.QoS.AT_LEAST_ONCE


class Mqtt311:
    """The SDK's client of MQTT 3.1.1."""

    def __init__(self, **how):
        self.client = mqtt_connection_builder.mtls_from_bytes(**how)
        self.client.connect().result(PATIENCE)

    def stop(self):
        self.client.disconnect().result(PATIENCE)

    def echo(self, topic, payload):
        heard = Future()
        self.client.subscribe(
            topic, AT_LEAST_ONCE, lambda topic, payload, **_: heard.set_result(payload)
        )[0].result(PATIENCE)
        self.client.publish(topic, payload, AT_LEAST_ONCE)[0].result(PATIENCE)
        return heard.result(PATIENCE)


class Mqtt5:
    """The SDK's client of MQTT 5."""

    def __init__(self, **how):
        connected, self.stopped, self.heard = Future(), Future(), queue.Queue()
        self.client = mqtt5_client_builder.mtls_from_bytes(
            on_lifecycle_connection_success=connected.set_result,
            on_lifecycle_connection_failure=lambda failed: connected.set_exception(
                failed.exception
            ),
            on_lifecycle_stopped=self.stopped.set_result,
            on_publish_received=lambda received: self.heard.put(received.publish_packet.payload),
            **how,
        )
        self.client.start()
        connected.result(PATIENCE)

    def stop(self):
        self.client.stop()
        self.stopped.result(PATIENCE)

    def echo(self, topic, payload):
        once = mqtt5.QoS.AT_LEAST_ONCE
        subscription = mqtt5.Subscription(topic_filter=topic, qos=once)
        self.client.subscribe(mqtt5.SubscribePacket([subscription])).result(PATIENCE)
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=once)
        told = self.client.publish(packet).result(PATIENCE)
        assert told.puback.reason_code == mqtt5.PubackReasonCode.SUCCESS
        return self.heard.get(timeout=PATIENCE)


class Rejected(Exception):
    pass


class IdentityV1:
    """Subscriptions with callbacks, then publishes."""

    def __init__(self, client):
        self.client = iotidentity.IotIdentityClient(client)

    def _ask(self, name, request, subscription):
        answered = Future()
        subscribe = f"subscribe_to_{name}"
        getattr(self.client, f"{subscribe}_accepted")(
            subscription, AT_LEAST_ONCE, answered.set_result
        )[0].result(PATIENCE)
        getattr(self.client, f"{subscribe}_rejected")(
            subscription, AT_LEAST_ONCE, lambda error: answered.set_exception(Rejected(error))
        )[0].result(PATIENCE)
        getattr(self.client, f"publish_{name}")(request, AT_LEAST_ONCE).result(PATIENCE)
        return answered.result(PATIENCE)

    def create_keys_and_certificate(self, request):
        subscription = iotidentity.CreateKeysAndCertificateSubscriptionRequest()
        return self._ask("create_keys_and_certificate", request, subscription)

    def create_certificate_from_csr(self, request):
        subscription = iotidentity.CreateCertificateFromCsrSubscriptionRequest()
        return self._ask("create_certificate_from_csr", request, subscription)

    def register_thing(self, request):
        subscription = iotidentity.RegisterThingSubscriptionRequest(
            template_name=request.template_name
        )
        return self._ask("register_thing", request, subscription)


class IdentityV2:
    """Requests with futures; the client subscribes by itself."""

    def __init__(self, client):
        options = mqtt_request_response.ClientOptions(
            max_request_response_subscriptions=2,
            max_streaming_subscriptions=2,
            operation_timeout_in_seconds=PATIENCE,
        )
        self.client = iotidentity.IotIdentityClientV2(client, options)

    def _result(self, future):
        try:
            return future.result(PATIENCE)
        except V2ServiceException as error:
            if error.modeled_error is None:
                raise
            raise Rejected(error.modeled_error) from error

    def create_keys_and_certificate(self, request):
        return self._result(self.client.create_keys_and_certificate(request))

    def create_certificate_from_csr(self, request):
        return self._result(self.client.create_certificate_from_csr(request))

    def register_thing(self, request):
        return self._result(self.client.register_thing(request))


def by_keys(client):
    made = client.create_keys_and_certificate(iotidentity.CreateKeysAndCertificateRequest())
    return made, Identity(made.certificate_pem, made.private_key)


def by_csr(client):
    key = make_key()
    made = client.create_certificate_from_csr(
        iotidentity.CreateCertificateFromCsrRequest(certificate_signing_request=make_csr(key))
    )
    return made, Identity(made.certificate_pem, key_pem(key))


@pytest.fixture
def connect(server):
    """Opens connections of the SDK that stop with the test."""
    opened = []

    def connect(protocol, identity, client_id):
        opened.append(
            protocol(
                cert_bytes=identity.certificate_pem.encode(),
                pri_key_bytes=identity.private_key_pem.encode(),
                ca_bytes=server.root_ca.read_bytes(),
                endpoint="localhost",
                port=int(server.mqtt.rpartition(":")[2]),
                client_id=client_id,
            )
        )
        return opened[-1]

    yield connect
    for each in opened:
        each.stop()


@pytest.fixture(scope="module")
def configuring(fleet):
    """A template with a device configuration."""
    body = template_body(
        fleet.policy(*AS_ITSELF), DeviceConfiguration={"url": "https://fleet.example"}
    )
    return fleet.template(body)


@pytest.mark.parametrize("method", [by_keys, by_csr])
@pytest.mark.parametrize("identity_client", [IdentityV1, IdentityV2])
@pytest.mark.parametrize("protocol", [Mqtt311, Mqtt5])
def test_the_sdk_provisions_a_device_and_connects_as_it(
    fleet, claim, configuring, connect, protocol, identity_client, method
):
    session = connect(protocol, claim, fleet.unique("claim"))
    client = identity_client(session.client)
    made, identity = method(client)
    assert made.certificate_id == identity.id
    serial = fleet.unique("serial")
    registered = client.register_thing(
        iotidentity.RegisterThingRequest(
            template_name=configuring,
            certificate_ownership_token=made.certificate_ownership_token,
            parameters={"SerialNumber": serial},
        )
    )
    thing = f"sensor-{serial}"
    assert registered.thing_name == thing
    assert registered.device_configuration == {"url": "https://fleet.example"}
    device = connect(protocol, identity, thing)
    assert device.echo(f"fleet/{thing}/hello", b"world") == b"world"


@pytest.mark.parametrize("identity_client", [IdentityV1, IdentityV2])
@pytest.mark.parametrize("protocol", [Mqtt311, Mqtt5])
def test_the_sdk_reads_all_three_members_of_a_rejection(
    fleet, claim, template, connect, protocol, identity_client
):
    client = identity_client(connect(protocol, claim, fleet.unique("claim")).client)
    with pytest.raises(Rejected) as caught:
        client.register_thing(
            iotidentity.RegisterThingRequest(
                template_name=template,
                certificate_ownership_token="",
                parameters={"SerialNumber": "1"},
            )
        )
    error = caught.value.args[0]
    assert error.status_code == 400
    assert error.error_code == "InvalidCertificateOwnershipToken"
    assert error.error_message == "Certificate ownership token cannot be empty."
