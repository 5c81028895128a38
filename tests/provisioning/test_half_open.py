"""Peers that open connections and say nothing keep nobody out."""

import contextlib
import http.client
import resource
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

from device import Device
from fleet import ALLOW_ALL, Fleet
from serving import OwnServer

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: "


@pytest.fixture(scope="module", autouse=True)
def many_files():
    """This process opens thousands of sockets."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def health(server):
    url = urllib.parse.urlsplit(server.api)
    with contextlib.closing(http.client.HTTPConnection(url.netloc, timeout=10)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status


class Holders:
    """Connections that are held open and renewed as soon as one is lost."""

    def __init__(self, port, count, says=b""):
        self.port, self.says, self.lost = port, says, 0
        self.held = [self.dial() for _ in range(count)]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.renew, daemon=True)
        self.thread.start()

    def dial(self):
        held = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        held.sendall(self.says)
        held.setblocking(False)
        return held

    def renew(self):
        while not self.stop.wait(0.1):
            for at, held in enumerate(self.held):
                with contextlib.suppress(BlockingIOError):
                    with contextlib.suppress(ConnectionError):
                        held.recv(100)
                    held.close()
                    self.lost += 1
                    with contextlib.suppress(OSError):
                        self.held[at] = self.dial()

    def lose_one(self):
        """Waits until the server has ended one of them."""
        deadline = time.monotonic() + 30
        while not self.lost:
            assert time.monotonic() < deadline, "none had to go, so there was room for all"
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        for held in self.held:
            held.close()


def test_half_request_heads_do_not_block_the_control_plane_or_health(own_server):
    own = own_server()
    server = own.start()
    fleet = Fleet(server)
    with Holders(own.ports[1], 1100, HALF_A_HEAD) as holders:
        for _ in range(5):
            assert health(server) == 200
            fleet.iot.describe_endpoint()
            fleet.identity(ALLOW_ALL)
        holders.lose_one()
    line = next(line for line in own.log.read_text().splitlines() if "max-waiting" in line)
    assert "evicted" in line and '"slots":1024' in line


def test_strangers_who_only_open_tcp_do_not_keep_devices_out(own_server):
    own = own_server("[mqtt]\nmax-half-open = 64\n[control]\nmax-waiting = 64\n")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    with Holders(own.ports[0], 300) as holders, Holders(own.ports[1], 300):
        for _ in range(3):
            Device(server, identity).close()
            assert health(server) == 200
        holders.lose_one()
    assert "max-half-open" in own.log.read_text()


class FewFiles(OwnServer):
    """A server that may have few files open."""

    FILES = 128

    def start(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        popen = subprocess.Popen

        def limited(*arguments, **options):
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.FILES, self.FILES))
            return popen(*arguments, preexec_fn=limit, **options)

        subprocess.Popen = limited
        try:
            return super().start()
        finally:
            subprocess.Popen = popen
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_with_few_descriptors_strangers_do_not_keep_devices_out(tmp_path):
    with FewFiles(tmp_path, "[provisioning]\nkey-pool-capacity = 1\n") as own:
        server = own.start()
        identity = Fleet(server).identity(ALLOW_ALL)
        connected = Device(server, identity)
        with Holders(own.ports[0], 100), Holders(own.ports[1], 100, HALF_A_HEAD):
            for _ in range(2):
                Device(server, identity).close()
                assert health(server) == 200
        assert connected.publish("still/there", b"1") == 0
        connected.close()
        assert own.stop() == 0
