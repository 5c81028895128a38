"""What the MQTT standards say of a server, byte by byte: the cases in `mqtt/`."""

import pathlib

import pytest

from faults import full_while
from fleet import ALLOW_ALL, Fleet
from mqtt_cases import Peer, Run, parse

FILES = sorted((pathlib.Path(__file__).parent / "mqtt").glob("*.txt"))
CASES = [(file.stem, case) for file in FILES for case in parse(file.read_text())]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case.name}" for file, case in CASES])
def test_a_server_does_what_the_standard_says(server, someone, file, case):
    run = Run(lambda: Peer(server, someone))
    try:
        for step in case.steps:
            try:
                run.step(step)
            except Exception as error:
                raise AssertionError(f"at {step!r}: {error}") from error
    finally:
        run.close()


def test_what_cannot_be_kept_ends_the_connection_or_says_so(own_server, tmp_path):
    """MQTT 3.1.1 has no code for it."""
    own, full = own_server(), tmp_path / "full"
    running = own.start(faults=full_while(own.data, full))
    identity = Fleet(running).identity(ALLOW_ALL)
    run = Run(lambda: Peer(running, identity))
    run.step('a > 10["MQTT" 04 02 003c "~a"]')
    run.step("a < 20[00 00]")
    run.step('b > 10["MQTT" 05 02 003c 00 "~b"]')
    run.step("b < 20[00 00 ...]")
    full.touch()
    run.step('a > 33["~/t" 0001 \'x\']')
    run.step("a ends")
    run.step('b > 33["~/t" 0001 00 \'x\'] c0[]')
    run.step("b < 40[0001 97 ...] d0[]")
    full.unlink()
    run.step('b > 33["~/t" 0001 00 \'x\']')
    run.step("b < 40[0001 ...]")
    run.close()
