"""Faults at random moments under mixed load, and an external ledger of what was acknowledged.

Usage: scripts/campaign [--minutes N] [--seed N] [--logs DIR] [--scenario NAME …]

Each round draws one scenario from its seed, prints it, and keeps the logs of a round that found
something. It ends with a line for each scenario: rounds, acknowledgements that were checked, faults
found. Exit codes: 0 nothing was lost; 1 something was; 2 wrong usage.
"""

import argparse
import contextlib
import json
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
for room in ("tests", "tests/provisioning"):
    sys.path.insert(0, str(ROOT / room))

import disk  # noqa: E402
import load  # noqa: E402
from ledger import Ledger, differences  # noqa: E402
from serving import OwnServer, run  # noqa: E402

EIO, ENOSPC = 5, 28
CONFIGURATION = "[provisioning]\nkey-pool-capacity = 1\n"
CUTS = 4  # Images of one recorded run.
TRIES = 5  # Rounds of a scenario until one has something to check.
LEAST, SLOW = 20, 20  # Acknowledgements of a load, and how long they are waited for, seconds.


class Round:
    """One installation with its load, its ledger and its logs."""

    def __init__(self, directory, seed):
        self.directory, self.chance = directory, random.Random(seed)
        self.own = OwnServer(directory / "installation", CONFIGURATION)
        self.log = directory / "calls"
        self.ledger = Ledger(self.position)
        self.found, self.checked, self.number = [], 0, 0
        self.scene = load.Scene(self.own.start())
        assert self.own.stop() == 0

    def position(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def under_load(self, seconds, faults=None, later=None):
        """Starts, loads for a while, and kills. With faults a start may be refused."""
        try:
            server = self.own.start(later=later, faults=faults)
        except AssertionError:
            if not faults:
                raise
            return self.own.kill()
        stopped, self.number = threading.Event(), self.number + 1
        tasks = [(load.operate, server, self.ledger, worker) for worker in range(load.OPERATORS)]
        tasks += [
            (load.provision_devices, server, self.scene, self.ledger, worker)
            for worker in range(load.DEVICES)
        ]
        with ThreadPoolExecutor(len(tasks)) as workers:
            working = [workers.submit(*task, self.number, stopped) for task in tasks]
            self.wait(seconds, faults)
            self.own.kill()
            stopped.set()
            for each in working:
                each.result()

    def wait(self, seconds, faults):
        """A while, on a slow machine a longer one: without acknowledgements nothing is shown."""
        before, end = self.ledger.acknowledged(), time.monotonic() + SLOW
        time.sleep(seconds)
        while self.ledger.acknowledged() < before + LEAST and time.monotonic() < end:
            if "DISK_FAIL" in (faults or {}):
                return
            time.sleep(0.1)

    def check(self, own, cut=float("inf"), where=""):
        """Starts without faults and holds what is there against the ledger."""
        try:
            server = own.start()
        except AssertionError as refused:
            self.found.append(f"{where}does not start: {refused}")
            return
        seen = load.look(server)
        faults = differences(self.ledger, seen, cut)
        if own is self.own:
            faults += load.connect(server, self.ledger, self.chance)
        if own.stop() != 0:
            faults.append("does not stop cleanly")
        recorded = Counter(load.records(own.data / "fleetwright.db"))
        wrong = {each: recorded[each] for each in self.ledger.requests(cut) if recorded[each] != 1}
        faults += [f"request {each} has {count} records" for each, count in wrong.items()]
        verified = run("audit", "verify", "--data-dir", own.data)
        if verified.returncode != 0:
            faults.append(f"audit verify: {verified.stdout}{verified.stderr}")
        looked = run("doctor", "--data-dir", own.data, "--config", own.directory / "fleetwright.toml",
                     "--output", "json")  # fmt: skip
        faults += [
            f"doctor: {each['check']}: {each['found']}"
            for each in json.loads(looked.stdout)["findings"]
            # A test machine's addresses may be taken, and its disk full; its clock jumped.
            if each["severity"] == "error" and each["check"] not in ("addresses", "disk", "clock")
        ]
        self.checked += self.ledger.acknowledged(cut)
        self.found += [where + fault for fault in faults]
        if own is self.own:
            self.ledger.settle(seen)

    def images(self, state, log, name):
        """What the disk of a recorded run has after a cut at some of its calls."""
        calls, done = list(disk.calls(log)), 0
        moments = self.chance.sample(range(len(calls)), min(CUTS - 1, len(calls)))
        for moment in sorted({*moments, len(calls) - 1}):
            for call in calls[done : moment + 1]:
                state.do(call)
            done = moment + 1
            where = f"{name} cut at call {moment} of {len(calls)}"
            image = OwnServer(self.directory / where.replace(" ", "-"), CONFIGURATION)
            state.cut(image.data)
            with image:
                yield image, calls[moment].end, f"{where}: "


def kills(this):
    """kill -9 at random moments, again and again on one installation."""
    for _ in range(3):
        this.under_load(this.chance.uniform(0.2, 1.0))
        this.check(this.own)


def cuts(this, honest=True, faults=None):
    """A power cut at random calls of one recorded run: what was not synced is lost or torn."""
    state = disk.Disk(this.own.data, this.chance, honest)
    recording = disk.recorded(this.own.data, this.log)
    this.under_load(this.chance.uniform(0.5, 1.2), recording | (faults or {}))
    for image, cut, where in this.images(state, this.log, "load"):
        this.check(image, cut, where)


def broken_writes(this):
    """The Nth write fails, and some after it; then a kill."""
    code = this.chance.choice([EIO, ENOSPC])
    first, many = this.chance.randint(1, 400), this.chance.choice([1, 3, 50])
    recording = disk.recorded(this.own.data, this.log)
    this.under_load(0.8, recording | disk.failing("write", code, first, many))
    this.check(this.own)


def broken_syncs(this):
    """A sync fails, and then the power goes: what it was asked for may be lost for good."""
    first, many = this.chance.randint(5, 120), this.chance.choice([1, 2, 10])
    cuts(this, faults=disk.failing("sync", EIO, first, many))


def backups(this):
    """Backups are made at random moments under load; each holds what was acknowledged before."""
    made = []

    def back_up(number):
        end, wanted = time.monotonic() + SLOW, LEAST // 4 * (number + 1)
        while this.ledger.acknowledged() < wanted and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(this.chance.uniform(0, 0.2))
        file, cut = this.directory / f"{number}.tar", this.position()
        done = run("backup", "--data-dir", this.own.data, "--to", file)
        # The kill of the server is nothing to a backup: it reads the files.
        made.append((file, cut, done))

    with ThreadPoolExecutor(1) as beside:
        copying = [beside.submit(back_up, number) for number in range(3)]
        this.under_load(1.5, disk.recorded(this.own.data, this.log))
        for each in copying:
            each.result()
    for number, (file, cut, done) in enumerate(made):
        where = f"backup {number}: "
        if done.returncode != 0:
            this.found.append(f"{where}{done.stderr}")
            continue
        with OwnServer(this.directory / f"restored-{number}", CONFIGURATION) as restored:
            done = run("restore", file, "--data-dir", restored.data)
            if done.returncode != 0:
                this.found.append(f"{where}{done.stderr}")
                continue
            this.check(restored, cut, where)


def first_starts(this):
    """A first start is cut by power, and the next one makes the installation whole."""
    fresh, log = OwnServer(this.directory / "fresh", CONFIGURATION), this.directory / "first"
    fresh.data.mkdir(mode=0o700)
    state = disk.Disk(fresh.data, this.chance)
    with fresh:
        fresh.start(faults=disk.recorded(fresh.data, log))
    for image, _, where in this.images(state, log, "first start"):
        try:
            load.Scene(image.start())
            this.checked += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it was found.
            this.found.append(f"{where}{error}")


def clock_jumps(this):
    """The clock is far ahead, or behind, for one start."""
    this.under_load(0.4)
    with contextlib.ExitStack() as ends:
        ends.callback(this.own.kill)
        this.own.start(later=this.chance.choice(["+90d", "+400d", "-2d", "+3h"]))
        time.sleep(0.3)
    this.check(this.own)


def control(this):
    """A disk that ignores every sync: the campaign must find a loss, or it proves nothing."""
    cuts(this, honest=False)
    if not this.found:
        this.found.append("a disk that ignores every sync lost nothing: the check is blind")
    else:
        this.found.clear()


SCENARIOS = {
    "kills": kills,
    "power cuts": cuts,
    "failing writes": broken_writes,
    "failing syncs": broken_syncs,
    "backups": backups,
    "first starts": first_starts,
    "clock jumps": clock_jumps,
    "control": control,
}


def play(name, seed, logs):
    """One round; gives what was found and how many acknowledgements were checked."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fleetwright-campaign-"))
    with contextlib.ExitStack() as ends:
        ends.callback(shutil.rmtree, directory, ignore_errors=True)
        this = Round(directory, seed)
        with this.own:
            SCENARIOS[name](this)
        if this.found and logs:
            kept = logs / f"{name.replace(' ', '-')}-{seed}"
            shutil.copytree(directory, kept, dirs_exist_ok=True)
            (kept / "found.txt").write_text("\n".join(this.found))
    return this.found, this.checked


class Tally:
    """Rounds, acknowledgements checked and faults found, by scenario."""

    def __init__(self):
        self.rounds, self.checked, self.faults = Counter(), Counter(), Counter()

    def add(self, name, found, checked):
        self.rounds[name] += 1
        self.checked[name] += checked
        self.faults[name] += len(found)

    def show(self):
        print(f"\n{'scenario':16}{'rounds':>8}{'checked':>10}{'faults':>8}")
        for name in SCENARIOS:
            if self.rounds[name]:
                counts = self.rounds[name], self.checked[name], self.faults[name]
                print(f"{name:16}{counts[0]:>8}{counts[1]:>10}{counts[2]:>8}")


def campaign(minutes, seed, logs, names, say=print):
    """Rounds until the time is over, each scenario at least once; gives what was found."""
    chance, tally, everything = random.Random(seed), Tally(), []
    end, waiting = time.monotonic() + 60 * minutes, list(names)
    while waiting or time.monotonic() < end:
        name = waiting.pop(0) if waiting else chance.choice(names)
        number = chance.randrange(2**32)
        found, checked = play(name, number, logs)
        tally.add(name, found, checked)
        if not tally.checked[name] and tally.rounds[name] < TRIES:
            # Its faults refused the start: nothing was acknowledged, so nothing is shown.
            waiting.append(name)
        left = max(0, round(end - time.monotonic()))
        say(f"{left // 60:3}:{left % 60:02} left  {name:16} seed {number:<12} {checked:>6} checked"
            f"  {verdict(found, checked)}")
        for each in found:
            say(f"    {each}")
        everything += [f"{name}, seed {number}: {each}" for each in found]
    tally.show()
    blind = [f"{name}: {tally.rounds[name]} rounds had nothing to check" for name in names
             if not tally.checked[name]]  # fmt: skip
    return everything + blind


def verdict(found, checked):
    if found:
        return f"{len(found)} FAULTS"
    return "held" if checked else "nothing to check: the start was refused"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: 30)")
    parser.add_argument("--seed", type=int, help="draws the rounds; default: a new one, printed")
    parser.add_argument("--round", type=int, help="one round again, by the seed printed for it")
    parser.add_argument("--logs", type=pathlib.Path, default=ROOT / "target/campaign",
                        help="where rounds that found something are kept")  # fmt: skip
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only these")
    return parser.parse_args()


def main():
    asked = arguments()
    names = asked.scenario or list(SCENARIOS)
    if asked.round is not None:
        found = [fault for name in names for fault in play(name, asked.round, asked.logs)[0]]
        print("\n".join(found) or "held")
        return 1 if found else 0
    seed = asked.seed if asked.seed is not None else random.randrange(2**32)
    print(f"seed {seed}, {asked.minutes:g} minutes; rounds that find something: {asked.logs}")
    return 1 if campaign(asked.minutes, seed, asked.logs, names) else 0


if __name__ == "__main__":
    sys.exit(main())
