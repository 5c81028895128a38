"""Sessions under churn: connects, take-overs, cut connections, slow readers and kill -9, while
publishers note every message that was acknowledged.

Usage: scripts/soak [--minutes N] [--seed N]

Ends with what was acknowledged, received and received twice, and the server's memory before and
after. Exit codes: 0 nothing was lost and the memory came back; 1 otherwise; 2 wrong usage.
"""

import argparse
import collections
import pathlib
import queue
import random
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
for room in ("tests", "tests/provisioning"):
    sys.path.insert(0, str(ROOT / room))

from device import Device, MQTTv5, MQTTv311, Refused  # noqa: E402
from fleet import ALLOW_ALL, Fleet  # noqa: E402
from serving import OwnServer  # noqa: E402

CONFIGURATION = """[provisioning]
key-pool-capacity = 1
[mqtt]
session-queue-messages = 100000
session-queue-mib = 256
"""
SESSIONS, PUBLISHERS = 8, 3
QUIET = 1.5  # Seconds without a message after which a queue is taken to be empty.
PATIENCE = 30  # Seconds that a session is waited for which an acknowledged message is still owed.
BACK = 0.05  # How near to its start the memory must come back.
SLACK_KIB = 4096  # What an allocator keeps, whatever the server does.


class Soak:
    """One installation, its sessions, and the ledger of its messages."""

    def __init__(self, directory, seed, say=print):
        self.chance, self.say = random.Random(seed), say
        self.own = OwnServer(directory, CONFIGURATION)
        self.server = self.own.start()
        self.identity = Fleet(self.server).identity(ALLOW_ALL)
        self.acknowledged, self.received = set(), collections.defaultdict(collections.Counter)
        self.lock, self.stopped, self.gone = threading.Lock(), threading.Event(), threading.Event()
        self.sequence = 0

    def publish(self, worker):
        """Numbered messages, until the server is gone or it is enough."""
        try:
            with Device(self.server, self.identity, f"publisher-{worker}") as device:
                while not (self.stopped.is_set() or self.gone.is_set()):
                    with self.lock:
                        self.sequence += 1
                        number = self.sequence
                    if device.publish(f"soak/{worker}", str(number)) == 0:
                        self.acknowledged.add(number)
        except (Refused, OSError, AssertionError):
            pass  # Killed in the middle: what was not acknowledged is not owed.

    def connect(self, name, version, slow=False):
        return Device(
            self.server, self.identity, name, version=version, clean=False, expiry=3600,
            configure=lambda client: client.manual_ack_set(slow),
            hear=lambda message: self.received[name].update([int(message.payload)]),
        )  # fmt: skip

    def listen(self, device, quiet):
        """Until nothing arrives for so long. What arrives later is noted all the same: the client
        acknowledges it, whatever becomes of the connection.
        """
        while True:
            try:
                device.next(quiet)
            except queue.Empty:
                return

    def churn(self, name, version):
        """A session that comes, reads a while, is cut, taken over or leaves, until it is enough."""
        chance = random.Random(f"{name}{self.chance.random()}")
        device = None
        while not (self.stopped.is_set() or self.gone.is_set()):
            try:
                before = device
                device = self.connect(name, version, slow=chance.random() < 0.3)
                if before:  # Taken over.
                    before.client.loop_stop()
                if not device.session_present:
                    device.subscribe("soak/+")
                self.listen(device, chance.uniform(0.05, 0.4))
                fate = chance.random()
                if fate < 0.4:
                    device.cut()
                    device = None
                elif fate < 0.7:
                    device.client.disconnect()
                    device.client.loop_stop()
                    device = None
            except (Refused, OSError, AssertionError, queue.Empty):
                device = None
        if device:
            device.cut()

    def life(self, seconds, kill):
        """One life of the server under load."""
        self.gone.clear()
        names = [(f"session-{n}", MQTTv5 if n % 2 else MQTTv311) for n in range(SESSIONS)]
        tasks = [threading.Thread(target=self.churn, args=each) for each in names]
        tasks += [
            threading.Thread(target=self.publish, args=(worker,)) for worker in range(PUBLISHERS)
        ]
        for task in tasks:
            task.start()
        time.sleep(seconds)
        if kill:
            self.own.kill()
        self.gone.set()
        for task in tasks:
            task.join()
        if kill:
            self.server = self.own.start()

    def subscribe_all(self):
        """Every session is there before the first message."""
        for n in range(SESSIONS):
            with self.connect(f"session-{n}", MQTTv5 if n % 2 else MQTTv311) as device:
                assert device.subscribe("soak/+") == [1]

    def drain(self):
        """Every session takes what waits for it."""
        for n in range(SESSIONS):
            name = f"session-{n}"
            with self.connect(name, MQTTv5 if n % 2 else MQTTv311) as device:
                assert device.session_present, f"{name} was lost"
                self.listen(device, QUIET)
                end = time.monotonic() + PATIENCE
                while self.owed(name) and time.monotonic() < end:
                    self.listen(device, QUIET)

    def memory(self):
        """KiB that the server holds at rest."""
        status = pathlib.Path(f"/proc/{self.own.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def owed(self, name):
        """What was acknowledged to a publisher and has not arrived."""
        return self.acknowledged - set(self.received[name])

    def faults(self):
        found = []
        for name in sorted(self.received):
            if lost := self.owed(name):
                found.append(f"{name} lost {len(lost)} acknowledged messages, {min(lost)} first")
        return found


def soak(minutes, seed, directory, say=print):
    """Gives what was wrong."""
    this = Soak(directory, seed, say)
    end = time.monotonic() + minutes * 30
    this.subscribe_all()
    lives = 0
    with this.own:
        while time.monotonic() < end or lives == 0:
            this.life(min(20, minutes * 10), kill=True)
            lives += 1
        this.drain()
        # The last life is not ended: its memory is looked at.
        warm = this.memory()
        this.life(minutes * 20, kill=False)
        this.drain()
        after = this.memory()
        found = this.faults()
        again = sum(count - 1 for each in this.received.values() for count in each.values())
        say(
            f"{len(this.acknowledged)} acknowledged, each for {SESSIONS} sessions, {lives} times "
            f"kill -9; {again} received again; memory {warm} KiB, after more load {after} KiB"
        )
        if after > warm * (1 + BACK) + SLACK_KIB:
            found.append(f"the memory grew from {warm} to {after} KiB")
        if not this.acknowledged:
            found.append("nothing was acknowledged")
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long (60)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory() as directory:
        found = soak(asked.minutes, asked.seed, pathlib.Path(directory))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
