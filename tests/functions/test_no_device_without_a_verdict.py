"""Whatever is killed or full in the middle of a hook: no device is accepted without a verdict."""

import concurrent.futures
import os
import queue
import random
import subprocess
import threading
import time

import pytest

from deploying import Site, wild
from device import Device, Refused
from serving import OwnServer
from test_workers import processes

SLOW = """
import time

def handler(event, context):
    time.sleep(0.3)
    serial = event["parameters"]["SerialNumber"]
    return {"allowProvisioning": serial.startswith("good"),
            "parameterOverrides": {"DeviceLocation": "judged"}}
"""


def try_to_register(site, claim, template, serial):
    """Whether the device was accepted; `None` when it lost its connection before an answer."""
    try:
        with Device(site.server, claim) as asking:
            _, token = asking.certificate_from_csr()
            return asking.register(template, token, SerialNumber=serial).accepted
    except (Refused, queue.Empty, AssertionError):
        return None


def check_nobody_slipped_in(site, outcomes):
    for serial, accepted in outcomes.items():
        thing = f"sensor-{serial}"
        if accepted or site.exists(thing):
            assert serial.startswith("good")
            assert site.attributes(thing) == {"where": "judged"}, "the verdict's own parameter"


def register_many(site, claim, template, count):
    serials = [site.unique(random.choice(["good", "bad"])) for _ in range(count)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda each: try_to_register(site, claim, template, each), serials)
        return dict(zip(serials, answers, strict=True))


def test_workers_that_are_killed_all_the_time_let_nobody_in(serve):
    site = serve()
    claim, template = site.claim("*"), site.hooked(site.deploy({"app.py": SLOW}))
    stop = threading.Event()

    def kill():
        while not stop.wait(0.4):
            for process in processes(site):
                if random.random() < 0.5:
                    subprocess.run(["kill", "-9", str(process)], stderr=subprocess.DEVNULL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        outcomes = register_many(site, claim, template, 40)
    finally:
        stop.set()
        killer.join()
    check_nobody_slipped_in(site, outcomes)
    assert None not in outcomes.values(), "every device got its answer"
    assert False in outcomes.values()


def test_a_server_that_is_killed_in_the_middle_lets_nobody_in(serve):
    site = serve()
    claim, template = site.claim("*"), site.hooked(site.deploy({"app.py": SLOW}))
    outcomes = {}
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(register_many, site, claim, template, 8)
            time.sleep(random.uniform(0.2, 1.0))
            site.own.kill()
            outcomes |= running.result()
        site.own.start()
        check_nobody_slipped_in(site, outcomes)
    assert try_to_register(site, claim, template, site.unique("good")) is True


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_lets_nobody_in(tmp_path_factory, runtimes):
    """Where nothing more can be written, neither code nor log nor registry: no."""
    place = tmp_path_factory.mktemp("small")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "small", place], check=True)
    try:
        config = f'[provisioning]\nkey-pool-capacity = 1\n[functions]\nruntimes-dir = "{runtimes}"\n'
        with OwnServer(place / "own", config) as own:
            site = Site(own.start(), own)
            claim = site.claim("*")
            files = wild("seattle.py")
            template = site.hooked(site.deploy(files, Handler="seattle.pre_provisioning_hook"))
            assert try_to_register(site, claim, template, "before")
            fill(place / "ballast")
            assert not try_to_register(site, claim, template, "full")
            (place / "ballast").unlink()
            assert not site.exists("sensor-full")
            assert try_to_register(site, claim, template, "after")
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
