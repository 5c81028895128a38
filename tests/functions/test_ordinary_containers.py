"""Functions run in containers as they are started every day: their root may do less than root."""

import os
import shlex
import stat

import pytest
from deploying import Site
from test_system_calls import asking
from serving import BINARY, OwnServer

MACHINES = {
    "no-sys-admin": ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"],
    "one-id": ["unshare", "--map-root-user"],
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have less than root's rights")
@pytest.mark.parametrize("machine", MACHINES)
def test_a_function_runs_and_has_no_rights(tmp_path, runtimes, machine):
    wrapper = tmp_path / "within"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(MACHINES[machine])} {BINARY} "$@"\n')
    wrapper.chmod(stat.S_IRWXU)
    config = f'[provisioning]\nkey-pool-capacity = 1\n[functions]\nruntimes-dir = "{runtimes}"\n'
    with OwnServer(tmp_path / "own", config, binary=wrapper) as own:
        ask = asking(Site(own.start(), own))
        assert ask(eval="os.getuid()") == "993"
        assert "CapEff:\t0000000000000000" in ask(read="/proc/self/status")
        assert own.stop() == 0
    assert "functions are contained" in own.log.read_text()
