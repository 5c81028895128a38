"""Measures a release build and prints ratios, all of one run.

The server runs on one core, the load on another; the floors run on the server's core. Absolute
figures are printed too, but only the ratios are worth comparing between machines.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import boto3

from control_plane import control_plane
from hooks import hooks
from life import life
from measuring import LOAD, LOAD_CORE, ROOT, SERVER, SERVER_CORE, cpu_seconds, on_core, report, resident_kib
from revocation import revocation

DEVICES = int(os.environ.get("BENCH_DEVICES", "3000"))
IDLE = int(os.environ.get("BENCH_IDLE", "2000"))


class Server:
    """A release server on one core, prepared for devices."""

    def __init__(self, directory, prepare=True, cores=SERVER_CORE, config=""):
        self.dir = pathlib.Path(directory)
        ready = self.dir / "ready.json"
        ready.unlink(missing_ok=True)
        (self.dir / "bench.toml").write_text(f"[provisioning]\nkey-pool-capacity = 1\n{config}")
        self.process = on_core(
            cores, SERVER, "serve", "--data-dir", self.dir / "data", "--config",
            self.dir / "bench.toml", "--mqtt-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0",
            "--ready-file", ready, "--log", "error", stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the server did not start")
            time.sleep(0.05)
        addresses = json.loads(ready.read_text())
        self.mqtt, self.api = addresses["mqtt"], addresses["api"]
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(self.dir / "data/admin.credentials")
        self.session = boto3.Session(region_name="us-east-1")
        self.iot = self.session.client("iot", endpoint_url=f"http://{self.api}")
        if prepare:
            self.prepare()

    def prepare(self):
        examples = ROOT / "docs/examples"
        claim = self.iot.create_keys_and_certificate(setAsActive=True)
        (self.dir / "claim.pem").write_text(claim["certificatePem"])
        (self.dir / "claim.key").write_text(claim["keyPair"]["PrivateKey"])
        self.iot.create_policy(policyName="Claim", policyDocument=(examples / "claim-policy.json").read_text())
        self.iot.attach_policy(policyName="Claim", target=claim["certificateArn"])
        self.iot.create_thing_type(thingTypeName="TemperatureSensor")
        self.iot.create_thing_group(thingGroupName="v1-sensors")
        self.iot.create_thing_group(thingGroupName="Berlin-sensors")
        self.iot.create_billing_group(billingGroupName="WarehouseBilling")
        iam = self.session.client("iam", endpoint_url=f"http://{self.api}")
        role = iam.create_role(
            RoleName="Provisioning",
            AssumeRolePolicyDocument=(examples / "provisioning-role-trust.json").read_text(),
        )["Role"]["Arn"]
        iam.attach_role_policy(
            RoleName="Provisioning",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration",
        )
        self.iot.create_provisioning_template(
            templateName="FleetTemplate", enabled=True,
            templateBody=(examples / "fleet-template.json").read_text(),
            provisioningRoleArn=role,
        )

    def credentials(self):
        return ["--server", self.mqtt, "--ca", self.dir / "data/root-ca.pem",
                "--cert", self.dir / "claim.pem", "--key", self.dir / "claim.key"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def provisioning(server):
    """Server CPU of one device over the bare cost of its cryptography."""
    provision = [LOAD, "provision", *server.credentials(), "--template", "FleetTemplate"]
    report(LOAD_CORE, *provision, "--count", 200, "--prefix", "warm")
    before = cpu_seconds(server.process.pid)
    load = report(LOAD_CORE, *provision, "--count", DEVICES)
    micros = (cpu_seconds(server.process.pid) - before) * 1e6 / DEVICES
    floor = report(SERVER_CORE, LOAD, "floor-crypto")["device_micros"]
    print(f"provisioned by CSR       {micros / floor:6.2f} x   "
          f"({micros:.0f} us of server CPU per device; its cryptography alone {floor:.0f} us; "
          f"{DEVICES / load['seconds']:.0f} devices/s; aim 1.5)")


def held(pid, *load):
    before = resident_kib(pid)
    clients = on_core(LOAD_CORE, LOAD, "idle", "--count", IDLE, *load,
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if json.loads(clients.stdout.readline() or "{}").get("held") != IDLE:
        sys.exit("not all idle connections could be opened")
    time.sleep(1)
    kib = (resident_kib(pid) - before) / IDLE
    clients.communicate()
    return kib


def memory(directory):
    """Memory of an idle connection over that of a bare TLS connection; both in fresh processes."""
    with tempfile.TemporaryDirectory(dir=directory) as own:
        server = Server(own)
        ours = held(server.process.pid, *server.credentials())
        server.stop()
    with tempfile.TemporaryDirectory(dir=directory) as own:
        floor = on_core(SERVER_CORE, LOAD, "floor-tls", "--dir", own,
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        address = json.loads(floor.stdout.readline())["address"]
        bare = held(floor.pid, "--bare", "--server", address, "--ca", f"{own}/ca.pem",
                    "--cert", f"{own}/client.pem", "--key", f"{own}/client.key")
        floor.communicate()
    print(f"idle connection          {ours / bare:6.2f} x   "
          f"({ours:.1f} KiB; bare TLS {bare:.1f} KiB; {IDLE} connections; aim 1.5)")


def pure():
    rates = report(SERVER_CORE, LOAD, "pure")
    print(f"policy decisions         {rates['decisions_per_second'] / 1e6:6.2f} million per second and core")
    print(f"template evaluations     {rates['evaluations_per_second'] / 1e3:6.1f} thousand per second and core")


def provisioned(directory):
    server = Server(pathlib.Path(directory))
    try:
        provisioning(server)
    finally:
        server.stop()


ROWS = {
    "provisioning": provisioned,
    "memory": memory,
    "revocation": lambda directory: revocation(Server, directory),
    "pure": lambda _: pure(),
    "hooks": lambda directory: hooks(Server, directory),
    "life": lambda directory: life(Server, directory),
    "control-plane": lambda directory: control_plane(Server, directory),
}


def main():
    asked = os.environ.get("ROWS", "").replace(",", " ").split() or list(ROWS)
    if unknown := set(asked) - set(ROWS):
        sys.exit(f"no such rows: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    with tempfile.TemporaryDirectory() as directory:
        for name in asked:
            ROWS[name](directory)


if __name__ == "__main__":
    main()
