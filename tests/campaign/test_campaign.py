"""Two minutes of the campaign: each scenario at least once. `make campaign` goes on for longer."""

import random

import campaign

MINUTES = 1.5


def test_nothing_that_was_acknowledged_is_lost(tmp_path):
    seed = random.randrange(2**32)
    found = campaign.campaign(MINUTES, seed, tmp_path / "logs", list(campaign.SCENARIOS))
    assert not found, f"seed {seed}:\n" + "\n".join(found)


def test_a_round_without_an_acknowledgement_shows_nothing(monkeypatch):
    """It is not said to have held, another is played, and a scenario with none but such fails."""
    said, played = [], iter([0, 0, 7])
    monkeypatch.setattr(campaign, "play", lambda *_: ([], next(played)))
    assert campaign.campaign(0, 1, None, ["failing writes"], said.append) == []
    assert ["held" in line for line in said] == [False, False, True]
    monkeypatch.setattr(campaign, "play", lambda *_: ([], 0))
    found = campaign.campaign(0, 1, None, ["failing writes"], said.append)
    assert found == ["failing writes: 5 rounds had nothing to check"]
