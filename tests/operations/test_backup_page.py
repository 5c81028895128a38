"""docs/backup.md, followed literally: each command that it prints is run in its order."""

import re
import shlex
import subprocess
import time

from fleet import make_client
from serving import BINARY, ROOT, clean_environment

PAGE = ROOT / "docs/backup.md"


def commands():
    """Those of the page's shell blocks, joined where a line ends with a backslash."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", PAGE.read_text(), re.DOTALL | re.MULTILINE):
        yield from (line.strip() for line in block.replace("\\\n", " ").splitlines() if line.strip())


def test_what_the_page_prints_runs_as_printed(own, tmp_path):
    site, kept = tmp_path / "var", tmp_path / "backup"
    own.data = site / "fleetwright"
    site.mkdir()
    kept.mkdir()
    make_client(own.start()).create_thing(thingName="one")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/fleetwright").symlink_to(BINARY)
    environment = clean_environment()
    environment["PATH"] = f"{tmp_path / 'bin'}:{environment['PATH']}"
    ran = []
    for command in commands():
        # The page's directories are the operator's; the test has its own.
        here = command.replace("/var/lib/", f"{site}/").replace("/backup/", f"{kept}/")
        if "fleetwright restore" in here:
            assert own.stop() == 0
        if "fleetwright serve" in here:
            own.data = site / "fleetwright-restored"
            assert set(shlex.split(here)[2:]) <= {"--data-dir", str(own.data)}
            assert make_client(own.start()).describe_thing(thingName="one")
        else:
            done = subprocess.run(here, shell=True, env=environment, capture_output=True, text=True,
                                  timeout=60, cwd=tmp_path, executable="/bin/bash")  # fmt: skip
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        ran.append(command.split()[1])
        time.sleep(0.01)
    assert ran == ["backup", "backup", "backup", "restore", "doctor", "serve"]
