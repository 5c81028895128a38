"""A configuration that cannot be used is refused, one that can is shown with its origins."""

import json
import subprocess

import pytest
from serving import BINARY, clean_environment


def fleetwright(*arguments, **environment):
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_value_is_shown_with_its_origin(tmp_path):
    config = tmp_path / "fleetwright.toml"
    config.write_text('account = "999999999999"\nregion = "eu-west-1"\n[mqtt]\nmemory-mib = 17\n')
    arguments = ("--config", config, "--hostname", "a.example", "--hostname", "b.example")
    environment = {"FLEETWRIGHT_REGION": "eu-central-1", "FLEETWRIGHT_API_TLS": "1"}
    done = fleetwright("config", "show", *arguments, "--output", "json", **environment)
    assert done.returncode == 0, done.stderr
    shown = {row["key"]: row for row in json.loads(done.stdout)["values"]}
    values = {
        key: (shown[key]["value"], shown[key]["kind"], shown[key]["origin"])
        for key in ("account", "region", "api-tls", "hostnames", "[mqtt] memory-mib", "log")
    }
    assert values == {
        "account": ("999999999999", "file", f"{config}:1"),
        "region": ("eu-central-1", "environment", "environment FLEETWRIGHT_REGION"),
        "api-tls": (True, "environment", "environment FLEETWRIGHT_API_TLS"),
        "hostnames": (["a.example", "b.example"], "command-line", "command line --hostname"),
        "[mqtt] memory-mib": (17, "file", f"{config}:4"),
        "log": ("info", "default", "default"),
    }
    table = fleetwright("config", "show", *arguments, **environment).stdout
    assert any(line.split() == ["account", '"999999999999"', f"{config}:1"]
               for line in table.splitlines())  # fmt: skip


@pytest.mark.parametrize("command", [["serve"], ["serve", "--check"], ["config", "show"], ["doctor"]])
def test_every_command_that_reads_a_configuration_refuses_the_same(tmp_path, command):
    config = tmp_path / "fleetwright.toml"
    config.write_text("[mqtt]\nmax-connections = 0\n")
    done = fleetwright(*command, "--config", config, "--data-dir", tmp_path / "data",
                       FLEETWRIGHT_REGON="eu-central-1")  # fmt: skip
    assert done.returncode == 1 and not done.stdout
    assert f"{config}:2: [mqtt] max-connections = 0: must be" in done.stderr
    assert "FLEETWRIGHT_REGON; did you mean 'FLEETWRIGHT_REGION'?" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_check_starts_nothing(tmp_path):
    done = fleetwright("serve", "--check", "--data-dir", tmp_path / "data", "--api-tls")
    assert done.returncode == 0, done.stderr
    assert "api-tls" in done.stdout and not (tmp_path / "data").exists()
