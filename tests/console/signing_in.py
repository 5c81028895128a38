"""The link that signs in."""

import subprocess

from serving import BINARY, clean_environment


def link(server, credentials=None):
    """What `fleetwright console` prints."""
    command = [BINARY, "console", "--endpoint-url", server.api]
    command += ["--credentials", str(credentials or server.credentials)]
    done = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
