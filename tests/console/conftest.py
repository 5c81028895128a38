"""The console in a real browser: Debian's Chromium, driven by Playwright, against a real server."""

import json
import pathlib
import shutil
import sys

import pytest
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "provisioning"))

from fleet import Fleet, make_client  # noqa: E402
from signing_in import link  # noqa: E402

# A loaded machine of two cores: nothing here asserts on speed.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

# What the browser may say that is no error of the page's: a refused request is shown on the page.
EXPECTED = ("Failed to load resource",)


@pytest.fixture(scope="session")
def fleet(server):
    return Fleet(server)


@pytest.fixture(scope="session")
def chromium():
    found = shutil.which("chromium")
    assert found, "Chromium is missing: scripts/prerequisites test"
    with sync_playwright() as playwright:
        # As root there is no sandbox to be had; the pages are our own.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(server, tmp_path_factory):
    """The credentials file of a user who may look at things, and at nothing else."""
    iam = make_client(server, "iam")
    iam.create_user(UserName="reader")
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iot:ListThings", "iot:DescribeEndpoint"], "Resource": "*"},
    ]}  # fmt: skip
    iam.put_user_policy(
        UserName="reader", PolicyName="look", PolicyDocument=json.dumps(document)
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    file = tmp_path_factory.mktemp("reader") / "credentials"
    file.write_text(
        f"[default]\naws_access_key_id = {key['AccessKeyId']}\n"
        f"aws_secret_access_key = {key['SecretAccessKey']}\nregion = us-east-1\n"
    )
    return file


@pytest.fixture
def new_page(chromium):
    """Opens pages that must say nothing on the browser's console, in a context of their own."""
    contexts, said = [], []

    def open_page(**options):
        options = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))

        def heard(message):
            if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
                said.append(message.text)

        page.on("console", heard)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said, said


@pytest.fixture
def signed_in(server, new_page):
    """A page of somebody who is signed in: by default the administrator."""

    def sign_in(path="/", credentials=None, **options):
        page = new_page(**options)
        page.goto(link(server, credentials))
        expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
        if path != "/":
            page.goto(f"{server.api}/console{path}")
        return page

    return sign_in
