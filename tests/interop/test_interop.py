"""The oldest and the newest client of each family walk the claim tutorial's control plane;
`make interop` has them all."""

import pytest

from matrix import CLIENTS, check


@pytest.mark.parametrize("client", [c for c in CLIENTS if c.at_the_end], ids=lambda c: c.name)
def test_a_client_of_any_year_prepares_provisioning_and_reads_a_refusal(server, client, unique):
    client.install()
    name = unique(client.name.replace(".", "-"))[:36]
    check(client, client.walk(server, name), name)
