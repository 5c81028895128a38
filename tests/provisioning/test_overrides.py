"""V12: a template meets a thing that exists already, as `OverrideSettings` say."""

import dataclasses

import pytest

from device import rejection
from fleet import AS_ITSELF, template_body
from identity import Identity


BEFORE = {"kept": "yes", "colour": "red"}


@dataclasses.dataclass
class Existing:
    """A device's thing, in one group; and a group that it is not in."""

    serial: str
    identity: Identity
    has: str
    lacks: str

    @property
    def thing(self):
        return f"sensor-{self.serial}"

    def groups(self, fleet, identity=None):
        return fleet.groups(identity or self.identity, self.thing, (self.has, self.lacks))


@pytest.fixture
def existing(fleet, claim):
    serial, has, lacks = fleet.unique("serial"), fleet.group(), fleet.group()
    thing = {"AttributePayload": BEFORE, "ThingGroups": [has]}
    template = fleet.template(template_body(fleet.policy(*AS_ITSELF), thing=thing))
    return Existing(serial, fleet.device(claim, template, serial), has, lacks)


def meet(fleet, asking, existing, override, groups=None):
    """Registers with a template that wants other attributes and the other group."""
    wanted = {
        "AttributePayload": {"colour": "blue", "new": "1"},
        "ThingGroups": [existing.lacks] if groups is None else groups,
    }
    policy = fleet.policy(*AS_ITSELF)
    template = fleet.template(template_body(policy, thing=wanted, override=override))
    identity, token = asking.certificate_from_csr()
    return identity, asking.register(template, token, SerialNumber=existing.serial)


def spelled_as_in_prose(value):
    return {"ATTRIBUTE_PAYLOAD": value, "THING_GROUPS": value}


def spelled_as_in_examples(value):
    return {"AttributePayload": value, "ThingGroups": value}


@pytest.mark.parametrize("spelling", [spelled_as_in_prose, spelled_as_in_examples])
@pytest.mark.parametrize(
    ("value", "attributes", "keeps", "enters"),
    [
        ("MERGE", {"kept": "yes", "colour": "blue", "new": "1"}, True, True),
        ("REPLACE", {"colour": "blue", "new": "1"}, False, True),
        ("DO_NOTHING", BEFORE, True, False),
    ],
)
def test_v12_an_existing_thing_becomes(
    fleet, claim, device, existing, value, attributes, keeps, enters, spelling
):
    identity, answer = meet(fleet, device(claim), existing, spelling(value))
    assert answer.accepted, answer.body
    assert fleet.attributes(existing.thing) == attributes
    groups = {existing.has: keeps, existing.lacks: enters}
    assert existing.groups(fleet, identity) == {name for name, is_in in groups.items() if is_in}
    assert fleet.status(identity) == "ACTIVE"
    # The earlier certificate stays; taking it away is for a rotation hook.
    assert set(fleet.principals(existing.thing)) == {
        fleet.arn(identity),
        fleet.arn(existing.identity),
    }


@pytest.mark.parametrize("override", [spelled_as_in_examples("FAIL"), None])
def test_v12_a_conflict_changes_nothing(fleet, claim, device, existing, override):
    identity, answer = meet(fleet, device(claim), existing, override)
    assert rejection(answer.body)[:2] == (409, "ResourceConflicts")
    assert fleet.attributes(existing.thing) == BEFORE
    assert existing.groups(fleet) == {existing.has}
    assert fleet.principals(existing.thing) == [fleet.arn(existing.identity)]
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    assert fleet.policies(identity) == []


def test_v12_replacing_by_no_groups_leaves_all(fleet, claim, device, existing):
    override = spelled_as_in_examples("REPLACE")
    identity, answer = meet(fleet, device(claim), existing, override, groups=[])
    assert answer.accepted
    assert existing.groups(fleet, identity) == set()


@pytest.mark.parametrize(
    ("value", "becomes"), [("REPLACE", "wanted"), ("DO_NOTHING", "had"), ("FAIL", None)]
)
def test_v12_the_type_of_an_existing_thing(fleet, claim, device, value, becomes):
    types = {"had": fleet.unique("type"), "wanted": fleet.unique("type")}
    for name in types.values():
        fleet.iot.create_thing_type(thingTypeName=name)
    serial = fleet.unique("serial")
    thing = f"sensor-{serial}"
    fleet.iot.create_thing(thingName=thing, thingTypeName=types["had"])
    body = template_body(
        fleet.policy(*AS_ITSELF),
        thing={"ThingTypeName": types["wanted"]},
        override={"ThingTypeName": value, "AttributePayload": "MERGE"},
    )
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    answer = asking.register(fleet.template(body), token, SerialNumber=serial)
    assert answer.accepted == (becomes is not None)
    assert fleet.iot.describe_thing(thingName=thing)["thingTypeName"] == types[becomes or "had"]


def test_a_group_that_does_not_exist_leaves_no_residue(fleet, claim, device):
    body = template_body(fleet.policy(*AS_ITSELF), thing={"ThingGroups": [fleet.unique("no")]})
    asking, serial = device(claim), fleet.unique("serial")
    identity, token = asking.certificate_from_csr()
    answer = asking.register(fleet.template(body), token, SerialNumber=serial)
    assert rejection(answer.body)[:2] == (400, "ResourceRegistrationFailure")
    assert not fleet.exists(f"sensor-{serial}")
    assert fleet.status(identity) == "PENDING_ACTIVATION"


def test_a_device_comes_back_with_a_second_certificate(fleet, claim, template, device):
    asking, serial = device(claim), fleet.unique("serial")
    for _ in range(2):
        identity, token = asking.certificate_from_csr()
        answer = asking.register(template, token, SerialNumber=serial)
        assert answer.accepted, answer.body
        device(identity, f"sensor-{serial}").close()
    assert len(fleet.principals(f"sensor-{serial}")) == 2
