"""Where a server listens and what its resources are called."""

import http.server
import json
import os
import pathlib
import socket
from dataclasses import dataclass

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass
class Server:
    """Where a server listens, and what its clients need."""

    api: str
    mqtt: str
    root_ca: pathlib.Path
    credentials: pathlib.Path
    buckets: pathlib.Path | None = None
    registry: pathlib.Path | None = None
    log: pathlib.Path | None = None

    @property
    def environment(self):
        """An environment for AWS clients that reads nothing of the developer's own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return kept | {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }


def _reserved():
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved


# A server asks only the URLs of its configuration, so the ports of hooks are known before it starts.
_PORTS = [_reserved() for _ in range(16)]
HOOK_URLS = [f"http://127.0.0.1:{port.getsockname()[1]}/" for port in _PORTS] + [
    "http://127.0.0.1:1/", "http://127.0.0.1:9/hook", "http://127.0.0.1:9000/",
    "http://localhost/", "https://hook.example/", "https://hook.example:8443/", "https://x/",
]  # fmt: skip


def hook_server(handler):
    """An HTTP server on a port that every server's configuration lists for hooks."""
    port = _PORTS.pop()
    server = http.server.ThreadingHTTPServer(
        port.getsockname(), handler, bind_and_activate=False
    )
    server.socket.close()
    server.socket, server.server_address = port, port.getsockname()
    server.server_name, server.server_port = port.getsockname()
    server.server_activate()
    return server


def with_hook_urls(config):
    """A server's configuration, with the URLs of hooks."""
    urls = f"urls = {json.dumps(HOOK_URLS)}\n"
    before, header, after = f"\n{config}".partition("\n[hooks]\n")
    return f"{before}\n[hooks]\n{urls}{after}".lstrip("\n")


def arn(kind, name):
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}"
