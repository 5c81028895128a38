"""A device on paho-mqtt: sends what it is told, keeps what it hears."""

import json
import queue
import ssl
import threading
import uuid
from typing import NamedTuple

import cbor2
import paho.mqtt.client as paho
from paho.mqtt.client import MQTTv5, MQTTv311
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from identity import Identity, key_pem, make_csr, make_key

CREATE = "$aws/certificates/create"
CREATE_FROM_CSR = "$aws/certificates/create-from-csr"
NOT_AUTHORIZED = 135
VERSIONS = [MQTTv311, MQTTv5]
PATIENCE = 30

ENCODE = {"json": lambda body: json.dumps(body).encode(), "cbor": cbor2.dumps}
DECODE = {"json": json.loads, "cbor": cbor2.loads}


def provision(template):
    return f"$aws/provisioning-templates/{template}/provision"


class Refused(Exception):
    """The server did not let the device in: the CONNACK's reason, `None` if there was none."""


class Answer(NamedTuple):
    accepted: bool
    body: dict


class Device:
    """A connection; a context manager that disconnects."""

    def __init__(self, server, identity, client_id=None, *, version=MQTTv311, host="localhost",
                 keepalive=60, username=None, alpn=None, configure=None, clean=True,
                 expiry=None, hear=None):  # fmt: skip
        """`clean` and `expiry` are Clean Start and Session Expiry Interval; 3.1.1 has the first only.
        `hear` is called with every message, before it is acknowledged.
        """
        self.client_id = client_id or f"test-{uuid.uuid4().hex[:12]}"
        self.messages, self.ends = queue.Queue(), queue.Queue()
        self._acks, self._heard, connacks = {}, threading.Condition(), queue.Queue()
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            self.client_id,
            protocol=version,
            clean_session=clean if version == MQTTv311 else None,
            reconnect_on_failure=False,
        )
        self.client.tls_set_context(tls_context(server, identity, alpn))
        self.client.max_inflight_messages_set(100)
        if username:
            self.client.username_pw_set(username)
        if configure:
            configure(self.client)
        self.client.on_connect = lambda *a: connacks.put((a[3], a[4], a[2].session_present))
        self.client.on_disconnect = lambda *a: (connacks.put(None), self._on_end(a[3].value))
        self.client.on_message = lambda *a: (hear and hear(a[2]), self.messages.put(a[2]))
        self.client.on_subscribe = lambda *a: self._on_ack(a[2], [code.value for code in a[3]])
        self.client.on_unsubscribe = lambda *a: self._on_ack(a[2], 0)
        self.client.on_publish = lambda *a: self._on_ack(a[2], a[3].value)
        try:
            self.client.connect(
                host, int(server.mqtt.rpartition(":")[2]), keepalive, **_start(version, clean, expiry)
            )
        except (OSError, ssl.SSLError) as error:
            raise Refused(None) from error
        self.client.loop_start()
        connack = connacks.get(timeout=PATIENCE)
        if connack is None or connack[0].is_failure:
            self.close()
            raise Refused(connack and connack[0].value)
        self.properties, self.session_present = connack[1:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def cut(self):
        """Ends the connection as a power cut does: no DISCONNECT."""
        socket = self.client.socket()
        if socket:  # Where the server has not ended it already.
            socket.close()
        self.client.loop_stop()

    def _on_ack(self, mid, codes):
        with self._heard:
            self._acks[mid] = codes
            self._heard.notify_all()

    def _on_end(self, reason):
        with self._heard:
            self.ends.put(reason)
            self._heard.notify_all()

    def _ack(self, mid):
        with self._heard:
            told = self._heard.wait_for(
                lambda: mid in self._acks or not self.ends.empty(), PATIENCE
            )
            assert told, "neither acknowledged nor ended"
            return self._acks.pop(mid, None)

    def subscribe(self, *filters, qos=1):
        """Gives the SUBACK's codes, `None` when the connection ended instead."""
        _, mid = self.client.subscribe([(each, qos) for each in filters])
        return self._ack(mid)

    def unsubscribe(self, *filters):
        """Waits for the UNSUBACK."""
        _, mid = self.client.unsubscribe(list(filters))
        return self._ack(mid)

    def publish(self, topic, payload=b"", qos=1, retain=False):
        """QoS 1 waits for its PUBACK and gives the code, `None` when the connection ended."""
        sent = self.client.publish(topic, payload, qos, retain)
        return self._ack(sent.mid) if qos else None

    def send(self, topic, payload=b"", qos=0):
        """Publishes without waiting for anything."""
        return self.client.publish(topic, payload, qos)

    def next(self, timeout=PATIENCE):
        return self.messages.get(timeout=timeout)

    def end(self):
        """Waits until the server ends the connection; gives the reason, 128 when none was told."""
        return self.ends.get(timeout=PATIENCE)

    def answer(self, topic, form="json"):
        """The next message, which must answer a request on this topic."""
        message = self.next()
        assert message.topic.startswith(f"{topic}/{form}/"), message.topic
        outcome = message.topic.rpartition("/")[2]
        assert outcome in ("accepted", "rejected")
        return Answer(outcome == "accepted", DECODE[form](message.payload))

    def ask(self, topic, body=None, form="json", *, raw=None, qos=1):
        """One provisioning request and its answer, whatever it is."""
        payload = raw if raw is not None else ENCODE[form](body or {})
        self.client.publish(f"{topic}/{form}", payload, qos)
        return self.answer(topic, form)

    def accepted(self, topic, body=None, form="json", **options):
        answer = self.ask(topic, body, form, **options)
        assert answer.accepted, answer.body
        return answer.body

    def rejected(self, topic, body=None, form="json", **options):
        """Gives the status code, the error code and the message."""
        answer = self.ask(topic, body, form, **options)
        assert not answer.accepted, answer.body
        return rejection(answer.body)

    def certificate_from_csr(self, kind="P-256"):
        """A new key's certificate and its ownership token."""
        key = make_key(kind)
        body = self.accepted(CREATE_FROM_CSR, {"certificateSigningRequest": make_csr(key)})
        identity = Identity(body["certificatePem"], key_pem(key))
        return identity, body["certificateOwnershipToken"]

    def register(self, template, token, form="json", **parameters):
        """`RegisterThing`, whatever the answer."""
        body = {"certificateOwnershipToken": token, "parameters": parameters}
        return self.ask(provision(template), body, form)


def _start(version, clean, expiry):
    """How MQTT 5 asks for its session."""
    if version != MQTTv5 or (clean and expiry is None):
        return {}
    properties = Properties(PacketTypes.CONNECT)
    if expiry is not None:
        properties.SessionExpiryInterval = expiry
    return {"clean_start": clean, "properties": properties}


def rejection(body):
    """All three members, of the types that the SDKs read, and no others."""
    assert set(body) == {"statusCode", "errorCode", "errorMessage"}, body
    assert type(body["statusCode"]) is int
    assert body["errorCode"] and body["errorMessage"]
    return body["statusCode"], body["errorCode"], body["errorMessage"]


def tls_context(server, identity, alpn=None):
    context = ssl.create_default_context(cafile=server.root_ca)
    if identity:
        context.load_cert_chain(identity.certificate_file, identity.key_file)
    if alpn:
        context.set_alpn_protocols([alpn])
    return context
