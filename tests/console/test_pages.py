"""Every page: it loads, has no serious flaw for those who cannot see it, and says when it is refused."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from fleet import ALLOW_ALL

PAGES = {
    "/": "Overview",
    "/templates": "Provisioning templates",
    "/templates/create": "Describe provisioning template",
    "/templates/{template}": "{template}",
    "/templates/{template}/first-device": "Connect a device",
    "/things": "Things",
    "/things/{thing}": "{thing}",
    "/jobs": "Jobs",
    "/jobs/{job}": "{job}",
    "/connections": "Connections",
    "/certificates": "Certificates",
    "/certificates/{certificate}": "{certificate}",
    "/policies": "Policies",
    "/policies/{policy}": "{policy}",
    "/mqtt-test": "MQTT test client",
    "/functions": "Functions",
    "/roles": "Roles",
    "/audit": "Audit",
    "/settings": "Settings",
}
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def names(fleet):
    """One of each."""
    thing, job = fleet.unique("thing"), fleet.unique("job")
    made = fleet.iot.create_thing(thingName=thing, attributePayload={"attributes": {"a": "1"}})
    fleet.iot.create_job(jobId=job, targets=[made["thingArn"]], document='{"do": "it"}')
    identity = fleet.identity(ALLOW_ALL)
    policy = fleet.policies(identity)[0]
    return {"template": fleet.template(), "thing": thing, "job": job, "policy": policy,
            "certificate": identity.id}  # fmt: skip


def quiet(page):
    """Waits until nothing is on its way any more."""
    expect(page.locator("main, [class*=awsui_content]").first).to_be_visible()
    page.wait_for_load_state("networkidle")


def flaws(page, rules=None):
    """What axe finds that keeps people out; `rules` are those that are looked at, all by default."""
    options = {"runOnly": rules} if rules else None
    found = Axe().run(page, options=options).response["violations"]
    return [(it["id"], it["impact"], it["nodes"][0]["html"][:200]) for it in found
            if it["impact"] in SERIOUS]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_loads_and_can_be_used_by_everybody(signed_in, server, names, scheme):
    page = signed_in(color_scheme=scheme)
    # The dark is other colours and nothing else.
    rules = ["color-contrast"] if scheme == "dark" else None
    found = {}
    for path, title in PAGES.items():
        page.goto(f"{server.api}/console{path.format(**names)}")
        expect(page.get_by_role("heading", name=title.format(**names), level=1).first).to_be_visible()
        quiet(page)
        assert page.get_by_text("This page broke").count() == 0, path
        found[path] = flaws(page, rules)
    assert not any(found.values()), {path: some for path, some in found.items() if some}


def test_every_page_says_what_right_is_missing(signed_in, server, names, new_page, reader, fleet):
    """Somebody who may look at things only: no page is empty, none breaks."""
    page = signed_in_as(new_page, server, fleet, reader)
    for path, title in PAGES.items():
        page.goto(f"{server.api}/console{path.format(**names)}")
        if path == "/":
            expect(page.get_by_text("AccessDeniedException").first).to_be_visible()
        elif path == "/mqtt-test":
            expect(page.get_by_text("Not connected").first).to_be_visible()
        elif path == "/things":
            expect(page.get_by_role("link", name=names["thing"])).to_be_visible()
        else:
            expect(page.get_by_text(re.compile("AccessDenied")).first).to_be_visible()
        assert page.get_by_text("This page broke").count() == 0, path


def signed_in_as(new_page, server, fleet, credentials):
    text = credentials.read_text()
    key = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    page = new_page()
    page.goto(f"{server.api}/console/")
    page.get_by_label("Access key ID").fill(key["aws_access_key_id"])
    page.get_by_label("Secret access key").fill(key["aws_secret_access_key"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    return page


def test_sign_in_can_be_used_by_everybody(new_page, server):
    for scheme in ("light", "dark"):
        page = new_page(color_scheme=scheme)
        page.goto(f"{server.api}/console/")
        expect(page.get_by_label("Access key ID")).to_be_visible()
        assert flaws(page) == []


def test_a_certificate_is_switched_off_and_on(signed_in, fleet):
    identity = fleet.identity(ALLOW_ALL)
    page = signed_in(f"/certificates/{identity.id}")
    page.get_by_role("button", name="Deactivate", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("INACTIVE", exact=True)).to_be_visible()
    assert fleet.status(identity) == "INACTIVE"
    page.get_by_role("button", name="Activate", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Activate", exact=True).click()
    expect(page.get_by_text("ACTIVE", exact=True)).to_be_visible()
    assert fleet.status(identity) == "ACTIVE"


def test_a_policy_is_edited_and_its_earlier_version_is_shown(signed_in, fleet):
    policy = fleet.policies(fleet.identity(ALLOW_ALL))[0]
    page = signed_in(f"/policies/{policy}?tab=edit")
    page.get_by_role("textbox", name="Policy document").fill("{")
    expect(page.get_by_role("button", name="Save as new active version")).to_be_disabled()
    document = '{"Version": "2012-10-17", "Statement": []}'
    page.get_by_role("textbox", name="Policy document").fill(document)
    page.get_by_role("button", name="Save as new active version").click()
    expect(page.get_by_text("MalformedPolicy").first).to_be_visible()
    allowed = '{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}'
    page.get_by_role("textbox", name="Policy document").fill(document.replace("[]", f"[{allowed}]"))
    page.get_by_role("button", name="Save as new active version").click()
    page.get_by_role("tab", name="Versions").click()
    expect(page.get_by_text("Version 2 (active)")).to_be_visible()


def test_things_are_paged_by_the_server_and_made(signed_in, fleet):
    for at in range(60):
        fleet.iot.create_thing(thingName=f"paged-{at:03}")
    page = signed_in("/things")
    expect(page.get_by_role("heading", name="Things (50+)")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("link", name="paged-059")).to_be_visible()
    page.get_by_role("button", name="Create thing").click()
    page.get_by_role("dialog").get_by_label("Thing name").fill("made-here")
    page.get_by_role("dialog").get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name="made-here", level=1)).to_be_visible()
    assert fleet.exists("made-here")


def test_a_page_that_is_not_there_is_told(signed_in):
    page = signed_in("/nothing/of/that/kind")
    expect(page.get_by_text("There is no such page.")).to_be_visible()
