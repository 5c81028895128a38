"""A minute of the soak; `make soak` goes on for an hour."""

import random

import soak

MINUTES = 0.5


def test_sessions_lose_nothing_and_the_memory_comes_back(tmp_path):
    seed = random.randrange(2**32)
    assert soak.soak(MINUTES, seed, tmp_path) == [], f"seed {seed}"
