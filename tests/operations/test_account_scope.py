"""Account and region belong to an installation: every ARN names them."""

import pytest
from serving import OwnServer


def test_another_account_or_region_is_refused_with_the_way_out(own):
    own.start()
    own.stop()
    before = {path: path.read_bytes() for path in own.data.rglob("*") if path.is_file()}
    for options in (["--account", "999999999999"], ["--region", "eu-central-1"]):
        with pytest.raises(AssertionError) as refused:
            own.start(options=options)
        error = str(refused.value)
        assert "the server ended with 1" in error
        assert "made for account 123456789012 and region us-east-1" in error
        assert "--account 123456789012 --region us-east-1" in error and options[1] in error
    after = {path: path.read_bytes() for path in own.data.rglob("*") if path.is_file()}
    assert {path: text for path, text in after.items() if path.name != "lock"} == {
        path: text for path, text in before.items() if path.name != "lock"
    }
    own.start()


def test_the_account_that_was_chosen_at_the_first_start_stays(tmp_path):
    config = 'account = "999999999999"\nregion = "eu-central-1"\n[provisioning]\nkey-pool-capacity = 1\n'
    with OwnServer(tmp_path, config) as own:
        own.start()
        own.stop()
        own.configure("[provisioning]\nkey-pool-capacity = 1\n")
        with pytest.raises(AssertionError, match="--account 999999999999 --region eu-central-1"):
            own.start()
        own.start(options=["--account", "999999999999", "--region", "eu-central-1"])
