"""What hooks do in the wild, by the device's serial number."""
import json
import os
import subprocess
import sys
import time

ALLOW = {"allowProvisioning": True, "parameterOverrides": {"DeviceLocation": "somewhere"}}


def prints(event):
    print("x" * 1000)
    sys.stderr.write("to stderr, without an end")
    return ALLOW


def prints_without_end(event):
    while True:
        os.write(1, b"\n" * 65536)


def raises(event):
    raise KeyError("no such device: secret-of-the-hook")


def sleeps(event):
    time.sleep(30)
    return ALLOW


def forks(event):
    for _ in range(3):
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
    return ALLOW


def forks_without_end(event):
    while True:
        subprocess.Popen(["/bin/sleep", "300"])


def fills_memory(event):
    blocks = []
    while True:
        blocks.append(bytearray(8 << 20))
        blocks[-1][::4096] = b"x" * len(blocks[-1][::4096])


def writes_a_gigabyte(event):
    with open("/tmp/large", "wb") as file:
        for _ in range(1024):
            file.write(b"x" * (1 << 20))
    return ALLOW


def spins(event):
    while True:
        pass


def exits(event):
    os._exit(0)


def kills_itself(event):
    os.kill(os.getpid(), 9)


def string_true(event):
    return {"allowProvisioning": "true", "parameterOverrides": {"DeviceLocation": "text"}}


def string_yes(event):
    return {"allowProvisioning": "yes"}


def nothing(event):
    return None


def number(event):
    return 1


def text(event):
    return json.dumps(ALLOW)


def not_json(event):
    return {"allowProvisioning": True, "when": object()}


def large(event):
    return ALLOW | {"more": "x" * (300 * 1024)}


def refuses_with_overrides(event):
    return ALLOW | {"allowProvisioning": False}


def handler(event, context):
    name = event["parameters"]["SerialNumber"].partition("-")[0]
    return globals()[name](event)
