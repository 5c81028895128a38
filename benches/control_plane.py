"""The control plane beside moto's server, and with a large registry.

CPU seconds of the server per request, both servers on the same core; the client signs for both.
"""

import concurrent.futures
import http.client
import os
import pathlib
import sys
import time

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from measuring import LOAD, SERVER_CORE, cpu_seconds, on_core, report, settle

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "3000"))
MANY = int(os.environ.get("BENCH_THINGS", "1000000"))
FEW = 10_000
CONNECTIONS = 16
OPERATIONS = ("CreateThing", "DescribeThing", "ListThings")
# moto needs milliseconds a request; fewer give the same mean.
MOTO_REQUESTS = REQUESTS // 10


class Client:
    """Signs and sends."""

    def __init__(self, address, session):
        self.address, self.signer = address, SigV4Auth(session.get_credentials(), "iot", "us-east-1")

    def signed(self, method, path, body=b""):
        request = AWSRequest(method, f"http://{self.address}{path}", data=body)
        request.headers["Content-Type"] = "application/json"
        self.signer.add_auth(request)
        return method, path, body, dict(request.headers.items())

    def send(self, requests):
        """Sends the requests over one connection."""
        connection = http.client.HTTPConnection(*self.address.rsplit(":", 1))
        for method, path, body, headers in requests:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]}")
        connection.close()


def micros(client, pid, count, known):
    """Server CPU microseconds per request of each operation; `known` things are there."""
    attributes = b'{"attributePayload":{"attributes":{"n":"1"}}}'
    calls = {
        "CreateThing": lambda n: client.signed("POST", f"/things/made-{n}", attributes),
        "DescribeThing": lambda n: client.signed("GET", f"/things/bench-{n * 7919 % known}"),
        "ListThings": lambda n: client.signed("GET", "/things?maxResults=50"),
    }
    spent = {}
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for name in OPERATIONS:
            requests = [calls[name](number) for number in range(count)]
            settle(pid)
            begun = cpu_seconds(pid)
            list(pool.map(client.send, (requests[n::CONNECTIONS] for n in range(CONNECTIONS))))
            spent[name] = (cpu_seconds(pid) - begun) * 1e6 / count
    return spent


def moto(directory):
    """moto's server, on our server's core, with as many things as it can be given in short time."""
    port = "5055"
    with (pathlib.Path(directory) / "moto.log").open("wb") as log:
        process = on_core(SERVER_CORE, sys.executable, "-m", "moto.server", "-p", port, stdout=log, stderr=log)
    address = f"127.0.0.1:{port}"
    session = boto3.Session("moto", "moto", region_name="us-east-1")
    deadline = time.monotonic() + 60
    while True:
        try:
            client = Client(address, session)
            client.send([client.signed("GET", "/things?maxResults=1")])
            break
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("moto's server did not start")
            time.sleep(0.2)
    client.send([client.signed("POST", f"/things/bench-{n}", b"{}") for n in range(MOTO_REQUESTS)])
    spent = micros(client, process.pid, MOTO_REQUESTS, MOTO_REQUESTS)
    process.terminate()
    process.wait(30)
    return spent


def filled(server_class, directory, things):
    """A server whose registry holds that many things."""
    server_class(directory).stop()
    report(SERVER_CORE, LOAD, "fill", "--data-dir", directory / "data", "--things", things)
    return server_class(directory, prepare=False)


def control_plane(server_class, directory):
    few_dir, many_dir = pathlib.Path(directory) / "few", pathlib.Path(directory) / "many"
    few_dir.mkdir()
    many_dir.mkdir()
    theirs = moto(directory)
    print("control plane, CPU per request, beside moto's server (aim: 30 times as many requests):")
    server = filled(server_class, few_dir, FEW)
    few = micros(Client(server.api, server.session), server.process.pid, REQUESTS, FEW)
    server.stop()
    for name in OPERATIONS:
        print(f"  {name:<22} {theirs[name] / few[name]:6.1f} x   ({few[name]:.0f} us; moto {theirs[name]:.0f} us)")
    print(f"  filling a registry with {MANY} things …", flush=True)
    server = filled(server_class, many_dir, MANY)
    many = micros(Client(server.api, server.session), server.process.pid, REQUESTS, MANY)
    server.stop()
    print(f"control plane with {MANY} things over {FEW} (aim 1.5):")
    for name in OPERATIONS:
        print(f"  {name:<22} {many[name] / few[name]:6.2f} x   ({many[name]:.0f} us)")
