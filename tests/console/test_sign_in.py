"""Who gets in, by which way, and how they get out."""

import json
import pathlib
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from serving import OwnServer, run
from signing_in import link


@pytest.fixture(scope="module")
def key(server):
    """The administrator's id, secret."""
    lines = pathlib.Path(server.credentials).read_text().splitlines()
    values = dict(line.split(" = ", 1) for line in lines if " = " in line)
    return values["aws_access_key_id"], values["aws_secret_access_key"]


def opened(server, token):
    """Status and body of what opening a link answers."""
    body = json.dumps({"token": token}).encode()
    request = urllib.request.Request(f"{server.api}/fleetwright/console-sessions", body)
    request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_link_signs_in_once(server, new_page):
    page, url = new_page(), link(server)
    page.goto(url)
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    # The token is gone from the address, and no permanent key is kept.
    assert page.url == f"{server.api}/console/"
    kept = json.loads(page.evaluate("sessionStorage.getItem('fleetwright-session')"))
    assert kept["accessKeyId"].startswith("ASIA") and kept["sessionToken"]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.reload()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()

    other = new_page()
    other.goto(url)
    expect(other.get_by_text("This link was used, or its minute is over")).to_be_visible()
    assert other.evaluate("sessionStorage.length") == 0


def test_a_link_ends_after_its_minute(tmp_path):
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    ahead = tmp_path / "ahead"
    ahead.write_text("+0")
    clock = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(ahead),
             "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    with OwnServer(tmp_path / "own", "[provisioning]\nkey-pool-capacity = 1\n") as own:
        server = own.start(faults=clock)
        tokens = [link(server).split("#")[1] for _ in range(2)]
        status, body = opened(server, tokens[0])
        assert status == 200 and body["accessKeyId"].startswith("ASIA")
        ahead.write_text("+61")
        status, body = opened(server, tokens[1])
        assert status == 403 and "its minute is over" in body["message"]


def test_links_are_recorded_and_need_their_right(server, reader):
    token = link(server).split("#")[1]
    assert opened(server, token)[0] == 200
    assert opened(server, token)[0] == 403
    assert opened(server, "x" * 43)[0] == 403
    command = ["audit", "--endpoint-url", server.api, "--credentials", server.credentials]
    trail = run(*command, "--output", "json").stdout.splitlines()
    records = [json.loads(line) for line in trail]
    opened_by = [it for it in records if it["operation"] == "OpenConsoleLink"]
    good = [it for it in opened_by if it["outcome"] == "Accepted"]
    assert good and all(it["principal"].endswith(":user/admin") for it in good)
    assert sum(it["outcome"] == "Denied" for it in opened_by) >= 2
    assert any(it["operation"] == "CreateConsoleLink" for it in records)
    assert token not in str(trail)
    refused = run("console", "--endpoint-url", server.api, "--credentials", reader)
    assert refused.returncode == 1
    assert "AccessDenied" in refused.stderr and "fleetwright:CreateConsoleLink" in refused.stderr


def test_a_key_signs_in_and_is_not_kept(server, new_page, key):
    page = new_page()
    page.goto(f"{server.api}/console/things")
    page.get_by_label("Access key ID").fill(key[0])
    page.get_by_label("Secret access key").fill(key[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    # Where one wanted to be.
    expect(page.get_by_role("heading", name="Things")).to_be_visible()
    everything = page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert key[1] not in everything and key[0] not in everything

    page.get_by_role("button", name="admin").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_wrong_key_is_refused(server, new_page, key):
    page = new_page()
    page.goto(f"{server.api}/console/")
    page.get_by_label("Access key ID").fill(key[0])
    page.get_by_label("Secret access key").fill("x" * 40)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("You are not signed in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_whoever_is_idle_is_signed_out(server, new_page):
    page = new_page()
    page.clock.install()
    page.goto(link(server))
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.clock.fast_forward("31:00")
    expect(page.get_by_text("You were signed out after 30 minutes")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_the_first_load_is_small(server, new_page):
    """600 KB, compressed, until the overview is there."""
    page, sizes = new_page(), {}

    def loaded(request):
        if "/console/" in request.url:
            sizes[request.url] = request.sizes()["responseBodySize"]

    page.on("requestfinished", loaded)
    page.goto(link(server))
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 5 and 100_000 < sum(sizes.values()) < 600_000, sizes
