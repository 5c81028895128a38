"""The quick start stays up, and its link leads to what it made."""

import re
import signal
import subprocess

from playwright.sync_api import expect

from serving import BINARY, clean_environment


def test_the_quick_start_stays_with_its_console(new_page):
    process = subprocess.Popen(
        [BINARY, "quickstart", "--stay"], env=clean_environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with process:
        try:
            said, url = [], None
            while url is None:
                said.append(process.stdout.readline())
                assert said[-1], said
                url = re.search(r"http://\S+/console/sign-in#\S+", said[-1])
            page = new_page()
            page.goto(url[0])
            page.get_by_role("link", name="Things").click()
            expect(page.get_by_role("link", name="sensor_SN-0002")).to_be_visible()
            # Another link, for whoever wants one.
            process.stdin.write("\n")
            process.stdin.flush()
            again = process.stdout.readline()
            assert "/console/sign-in#" in again and again.strip() != url[0]
            page.context.close()
        finally:
            process.send_signal(signal.SIGTERM)
        told = process.stdout.read()
    assert process.returncode == 0, told
    assert "server stopped" in told
