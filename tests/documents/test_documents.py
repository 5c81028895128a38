"""What README.md and docs/ print runs as it is printed, in its order, in a fresh directory, with the
AWS CLI of PyPI (version 1) and that of Debian (version 2.9)."""

import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys

import pytest

from conftest import BINARY, ROOT, clean_environment
from printed import steps

HERE = pathlib.Path(__file__).resolve().parent
DEBIANS = pathlib.Path("/usr/bin/aws")
PATIENCE = 60
WHOLE_DOCUMENT = 900
# Where a server listens by default, which the documents take for granted.
PORTS = (8080, 8443, 8883)
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    if any(step.commands for step in steps(path.read_text()))
)


def read(document):
    return steps((ROOT / document).read_text())


def before_end(document):
    found = read(document)
    ends = [step for step in found if step.direction == "end"]
    assert ends, f"{document} does not say where other documents begin"
    return found[: found.index(ends[0])]


def script(document, is_old, found=None):
    """The commands of a document as one script of Bash, each fence announced."""
    lines, next_is_for_old = [], False
    for step in read(document) if found is None else found:
        if step.direction.startswith("after "):
            other = step.direction.removeprefix("after ")
            lines += script(other, is_old, before_end(other))
        elif step.direction == "stop the server":
            lines.append("stop_server")
        elif step.direction == "old CLI only":
            next_is_for_old = True
        elif step.direction == "end":
            pass
        elif step.direction:
            raise AssertionError(f"{document}:{step.line}: unknown direction {step.direction}")
        elif not step.is_of_the_project:
            if is_old or not next_is_for_old:
                lines += [f"echo {shlex.quote(f'--- {document}:{step.line}')} >&2", step.commands]
            next_is_for_old = False
    return lines


def uses_aws(document):
    return any(re.search(r"\baws ", step.commands) for step in read(document))


def clients(document):
    """A document that prints no `aws` of its own is run with one of them."""
    return ["pypi", "debian"] if uses_aws(document) else ["pypi"]


RUNS = [(document, client) for document in DOCUMENTS for client in clients(document)]


def type_in(lines, folder, aws):
    """What a reader gets who types these commands into a fresh directory; (status, output)."""
    programs = folder / "programs"
    programs.mkdir()
    ours = pathlib.Path(BINARY).resolve()
    for program in (aws, ours, ours.with_name("fleetwright-device")):
        (programs / program.name).symlink_to(program)
    (folder / "docs").symlink_to(ROOT / "docs")
    log = folder / "server.log"
    environment = clean_environment() | {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "HOME": str(folder),
        "SERVER_LOG": str(log),
        "READY_FILE": str(folder / "ready.json"),
        "PATIENCE": str(PATIENCE),
        "AWS_PAGER": "",
    }
    first = ["set -euo pipefail", "shopt -s expand_aliases", f". {HERE / 'reader.sh'}"]
    file = folder / "document.sh"
    file.write_text("\n".join([*first, *lines, "stop_server", ""]))
    done = subprocess.run(
        ["bash", file],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WHOLE_DOCUMENT,
    )
    served = log.read_text() if log.exists() else ""
    return done.returncode, f"{done.stdout}\n--- the server's log\n{served}"


@pytest.mark.parametrize(("document", "client"), RUNS)
def test_what_a_document_prints_runs(document, client, tmp_path):
    aws = pathlib.Path(sys.executable).with_name("aws") if client == "pypi" else DEBIANS
    if not aws.exists():
        pytest.skip(f"{aws}: the distribution's packages have no AWS CLI")
    for port in PORTS:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is taken"
    status, output = type_in(script(document, is_old=client == "debian"), tmp_path, aws)
    assert status == 0, output


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nfalse\n```",
        "```sh\nfalse | true\ntrue\n```",
        "```sh\nfleetwright serve --no-such-option\n```",
        "```sh\nfleetwright no-such-command\n```",
        "```sh\naws no-such-service\n```",
    ],
)
def test_a_command_that_fails_is_noticed(text, tmp_path):
    aws = pathlib.Path(sys.executable).with_name("aws")
    status, _ = type_in(script("a document", False, steps(text)), tmp_path, aws)
    assert status != 0


def test_fences_and_directions_are_found():
    text = """1. One
   ```sh
   echo one \\
       two
   ```
```json
{}
```
<!-- run: stop the server -->
```sh
A=1 make test
```
"""
    first, stop, last = steps(text)
    assert first.commands == "echo one \\\n    two"
    assert stop.direction == "stop the server"
    assert last.is_of_the_project and not first.is_of_the_project


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_and_packages_that_a_document_names_exist(document):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    manifests = (path.read_text() for path in (ROOT / "crates").glob("*/Cargo.toml"))
    packages = {re.search(r'^name = "(.+)"', text, re.MULTILINE)[1] for text in manifests}
    for step in read(document):
        if not step.commands or not step.is_of_the_project:
            continue
        for line in step.commands.splitlines():
            for target in re.findall(r"\bmake ([a-z]+)", line):
                assert target in targets, f"{document}:{step.line}: no target {target}"
            for package in re.findall(r"--package (\S+)", line):
                assert package in packages, f"{document}:{step.line}: no package {package}"
            for path in re.findall(r"--path (\S+)", line):
                assert (ROOT / path / "Cargo.toml").is_file(), f"{document}:{step.line}: {path}"
            for path in re.findall(r"(?:^| )(scripts/\S+)", line):
                assert os.access(ROOT / path, os.X_OK), f"{document}:{step.line}: {path}"
