"""Ansible's modules for IAM and Lambda, for real: applied, applied again, taken away."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from clients import make_client
from packages import package

HERE = pathlib.Path(__file__).resolve().parent / "ansible"
# It has a Python of its own; scripts/venv makes it.
ANSIBLE = pathlib.Path(sys.prefix) / "ansible/bin"
PATIENCE = 300


@pytest.fixture(scope="module")
def play(server, tmp_path_factory):
    """Plays a book; gives how many tasks changed something."""
    home = tmp_path_factory.mktemp("ansible")
    archive = home / "function.zip"
    archive.write_bytes(package())
    environment = server.environment | {
        "AWS_ENDPOINT_URL": server.api,
        "HOME": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(ANSIBLE), os.environ["PATH"]]),
    }

    def run(book, prefix, invoke):
        command = [ANSIBLE / "ansible-playbook", HERE / book]
        variables = {
            "prefix": prefix,
            "archive": archive,
            "invoke": str(invoke).lower(),
            "ansible_python_interpreter": ANSIBLE / "python",
        }
        for name, value in variables.items():
            command += ["--extra-vars", f"{name}={value}"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return int(re.search(r"changed=(\d+)", done.stdout)[1])

    return run


def test_a_second_run_changes_nothing_and_everything_can_be_taken_away(
    play, server, unique, runtimes
):
    prefix = unique("ansible")
    assert play("present.yml", prefix, invoke=True) == 9
    assert play("present.yml", prefix, invoke=False) == 0
    assert play("absent.yml", prefix, invoke=False) == 9
    iam, functions = make_client(server, "iam"), make_client(server, "lambda")
    left = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    left += [user["UserName"] for user in iam.list_users()["Users"]]
    left += [group["GroupName"] for group in iam.list_groups()["Groups"]]
    left += [policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    left += [function["FunctionName"] for function in functions.list_functions()["Functions"]]
    assert not [name for name in left if name.startswith(prefix)]
