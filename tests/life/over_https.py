"""HTTPS with a client certificate, as a device without an SDK speaks it."""

import http.client
import json
from typing import NamedTuple

from device import tls_context


class Response(NamedTuple):
    status: int
    headers: dict
    body: dict


class Https(http.client.HTTPSConnection):
    """One connection; it stays open between requests."""

    def __init__(self, server, identity, alpn=None, address=None, host="localhost"):
        where, _, port = (address or server.mqtt).rpartition(":")
        super().__init__(where, int(port), context=tls_context(server, identity, alpn), timeout=30)
        self._where, self._name = (where, int(port)), host

    def connect(self):
        tcp = self._create_connection(self._where, 30)
        self.sock = self._context.wrap_socket(tcp, server_hostname=self._name)

    def ask(self, method, path, body=None, **headers):
        """Sends a request; header names have `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request(method, path, body=body, headers=named)
        answer = self.getresponse()
        text = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        assert found["x-amzn-requestid"]
        return Response(answer.status, found, json.loads(text) if text else None)

    def credentials(self, alias, thing=None):
        headers = {"x_amzn_iot_thingname": thing} if thing else {}
        return self.ask("GET", f"/role-aliases/{alias}/credentials", **headers)
