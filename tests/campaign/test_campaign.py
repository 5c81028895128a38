"""Two minutes of the campaign: each scenario at least once. `make campaign` goes on for longer."""

import random

import campaign

MINUTES = 1.5


def test_nothing_that_was_acknowledged_is_lost(tmp_path):
    seed = random.randrange(2**32)
    found = campaign.campaign(MINUTES, seed, tmp_path / "logs", list(campaign.SCENARIOS))
    assert not found, f"seed {seed}:\n" + "\n".join(found)
