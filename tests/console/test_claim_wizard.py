"""The tutorial, clicked through: from nothing to a device that joined, on the page."""

import json
import os
import pathlib
import subprocess

from playwright.sync_api import expect

from fleet import make_client
from serving import BINARY, clean_environment

# Where pictures go, if they are asked for: the README has one of them.
PICTURES = os.environ.get("FLEETWRIGHT_PICTURES")


def picture(page, name):
    if PICTURES:
        pathlib.Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png")


def dialog(page, title):
    return page.get_by_role("dialog", name=title)


def keep(page, scope, button, directory):
    """Downloads a file; gives where it is."""
    with page.expect_download() as started:
        scope.get_by_role("button", name=button).click()
    file = directory / started.value.suggested_filename
    started.value.save_as(file)
    return file


def device(server, files, template, parameter, identity):
    """The device of our own, as the page tells to start it."""
    port = server.mqtt.rpartition(":")[2]
    command = [BINARY, "device", "provision", "--endpoint", f"localhost:{port}"]
    command += ["--ca", "root-ca.pem", "--claim-cert", "claim.cert.pem"]
    command += ["--claim-key", "claim.private.key", "--template", template]
    command += ["--parameter", parameter, "--identity", identity]
    return subprocess.run(
        command, cwd=files, env=clean_environment(), capture_output=True, text=True, timeout=120
    )


def test_from_the_first_click_to_a_device(server, fleet, signed_in, tmp_path):
    page = signed_in()
    page.get_by_role("link", name="Connect many devices").click()
    heading = page.get_by_role("heading", name="Describe provisioning template", level=1)
    expect(heading).to_be_visible()

    # 1. Describe provisioning template: role, claim policy and claim certificate made in place.
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Give the template a name").first).to_be_visible()
    page.get_by_label("Provisioning template name").fill("Sensors")
    page.get_by_role("button", name="Create new role").click()
    role = dialog(page, "Create new role")
    role.get_by_label("Role name").fill("SensorProvisioning")
    expect(role.get_by_text("aws iam create-role")).to_be_visible()
    role.get_by_role("button", name="Create", exact=True).click()
    expect(role).to_be_hidden()
    page.get_by_role("button", name="Create IoT policy").click()
    policy = dialog(page, "Create IoT policy")
    policy.get_by_label("Policy name").fill("SensorClaim")
    document = policy.get_by_role("textbox", name="Policy document").input_value()
    assert "provisioning-templates/Sensors/provision/*" in document
    policy.get_by_role("button", name="Create", exact=True).click()
    expect(policy).to_be_hidden()
    page.get_by_role("button", name="Create claim certificate").click()
    downloads = dialog(page, "Download certificates and keys")
    expect(downloads.get_by_text("This is the only time")).to_be_visible()
    for button in ("Device certificate", "Root CA certificate", "Private key file"):
        keep(page, downloads, button, tmp_path)
    downloads.get_by_role("button", name="Done").click()
    picture(page, "claim-wizard")
    page.get_by_role("button", name="Next").click()

    # 2. Set provisioning actions.
    page.get_by_label("Thing name prefix").fill("sensor_")
    expect(page.get_by_text("sensor_SN-0001")).to_be_visible()
    page.get_by_role("button", name="Next").click()

    # 3. Set device permissions.
    page.get_by_role("button", name="Create policy").click()
    policy = dialog(page, "Create policy")
    policy.get_by_label("Policy name").fill("SensorDevice")
    policy.get_by_role("button", name="Create", exact=True).click()
    expect(policy).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Choose SensorDevice")).to_be_checked()
    page.get_by_role("button", name="Next").click()

    # 4. Review and create: what is shown is what is sent.
    page.get_by_role("tab", name="JSON").click()
    shown = page.get_by_role("tabpanel").inner_text()
    assert "CreateProvisioningTemplate" in shown and '"templateName": "Sensors"' in shown
    page.get_by_role("button", name="Create template").click()
    expect(page.get_by_text("Waiting for the first device")).to_be_visible()
    made = fleet.iot.describe_provisioning_template(templateName="Sensors")
    assert made["enabled"] and made["provisioningRoleArn"].endswith(":role/SensorProvisioning")
    resources = json.loads(made["templateBody"])["Resources"]
    assert resources["policy_1"]["Properties"] == {"PolicyName": "SensorDevice"}
    command = page.get_by_text("fleetwright device provision").inner_text()
    assert f"--endpoint localhost:{server.mqtt.rpartition(':')[2]}" in command, command

    # 5. A device that is refused, with the reason; then one that joins, as itself.
    refused = device(server, tmp_path, "Sensors", "serial=SN-0001", "./refused")
    assert refused.returncode != 0
    expect(page.get_by_text("Registration refused")).to_be_visible()
    expect(page.get_by_text("SerialNumber", exact=False).last).to_be_visible()
    expect(page.get_by_text("Send every parameter that the template has")).to_be_visible()
    joined = device(server, tmp_path, "Sensors", "SerialNumber=SN-0001", "./joined")
    assert joined.returncode == 0, joined.stderr
    expect(page.get_by_text("sensor_SN-0001 joined")).to_be_visible()
    expect(page.get_by_text("Registered as sensor_SN-0001")).to_be_visible()
    picture(page, "first-device")
    page.get_by_role("link", name="Open the thing").click()
    expect(page.get_by_role("heading", name="sensor_SN-0001", level=1)).to_be_visible()
    page.get_by_role("tab", name="Certificates").click()
    expect(page.get_by_role("link", name=fleet.principals("sensor_SN-0001")[0].split("/")[1])
           ).to_be_visible()  # fmt: skip


def test_a_hook_is_made_in_place_and_tried_with_a_sample_device(server, fleet, signed_in):
    name = fleet.template()
    page = signed_in("/templates/create")
    page.get_by_label("Provisioning template name").fill("Hooked")
    page.get_by_role("button", name="Choose a role").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Use a Lambda function").check()
    page.get_by_role("button", name="Create a Lambda function").click()
    function = dialog(page, "Create a Lambda function")
    function.get_by_label("Function name").fill("console-hook")
    assert 'startswith("SN-")' in function.get_by_label("app.py").input_value()
    function.get_by_role("button", name="Create", exact=True).click()
    expect(function).to_be_hidden()
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create template").click()
    expect(page.get_by_text("Waiting for the first device")).to_be_visible()
    made = fleet.iot.describe_provisioning_template(templateName="Hooked")
    functions = make_client(server, "lambda")
    assert made["preProvisioningHook"]["targetArn"].endswith(":function:console-hook")
    policy = json.loads(functions.get_policy(FunctionName="console-hook")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "iot.amazonaws.com"}
    assert functions.get_function(FunctionName="console-hook")["Configuration"]["CodeSize"] > 100

    # What becomes of a device that is not there.
    page.goto(f"{server.api}/console/templates/{name}?tab=try")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It would be refused")).to_be_visible()
    page.get_by_label("SerialNumber").fill("SN-0001")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It would be registered")).to_be_visible()


def test_a_name_that_is_taken_is_told_by_the_server(server, fleet, signed_in):
    taken = fleet.template()
    page = signed_in("/templates/create")
    page.get_by_label("Provisioning template name").fill(taken)
    page.get_by_role("button", name="Choose a role").click()
    page.get_by_role("option").first.click()
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create template").click()
    expect(page.get_by_text("The template was not created: ResourceAlreadyExists")).to_be_visible()
