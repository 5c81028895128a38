"""Every numbered statement of the MQTT standards has its test, or its row in DIVERGENCES.md."""

import re

import pytest

from mqtt_statements import FILES, PAGE, divergences, is_there, statements, text

# How many numbers a section of the standard has, from 1 on; what is not from 1 on stands in GAPS.
SECTIONS = {
    "MQTT 3.1.1": {
        "1.5.3": 3, "2.2.2": 2, "2.3.1": 7, "3.1.0": 2, "3.1.2": 24, "3.1.3": 11, "3.1.4": 5,
        "3.2.0": 1, "3.2.2": 6, "3.3.1": 12, "3.3.2": 3, "3.3.4": 1, "3.3.5": 2, "3.6.1": 1,
        "3.8.1": 1, "3.8.3": 3, "3-8.3": 4, "3.8.4": 6, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2,
        "3.10.4": 6, "3.12.4": 1, "3.14.1": 1, "3.14.4": 3, "4.1.0": 2, "4.3.1": 1, "4.3.2": 2,
        "4.3.3": 2, "4.4.0": 1, "4.5.0": 2, "4.6.0": 6, "4.7.1": 3, "4.7.2": 1, "4.7.3": 4,
        "4.8.0": 2, "6.0.0": 4, "7.0.0": 2, "7.1.1": 1, "7.1.2": 1,
    },
    "MQTT 5.0": {
        "1.5.4": 3, "1.5.5": 1, "1.5.7": 1, "2.1.3": 1, "2.2.1": 6, "2.2.2": 1, "3.1.0": 2,
        "3.1.2": 30, "3.1.3": 12, "3.1.4": 6, "3.2.0": 2, "3.2.2": 22, "3.3.1": 13, "3.3.2": 20,
        "3.3.4": 10, "3.4.2": 3, "3.5.2": 3, "3.6.1": 1, "3.6.2": 3, "3.7.2": 3, "3.8.1": 1,
        "3.8.3": 5, "3.8.4": 8, "3.9.2": 2, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6,
        "3.11.2": 2, "3.11.3": 2, "3.12.4": 1, "3.14.0": 1, "3.14.1": 1, "3.14.2": 4, "3.14.4": 3,
        "3.15.1": 1, "3.15.2": 3, "4.1.0": 2, "4.2.0": 1, "4.3.1": 1, "4.3.2": 5, "4.3.3": 13,
        "4.4.0": 2, "4.5.0": 2, "4.6.0": 6, "4.7.0": 1, "4.7.1": 2, "4.7.2": 1, "4.7.3": 4,
        "4.8.2": 6, "4.9.0": 3, "4.12.0": 7, "4.12.1": 2, "4.13.1": 1, "4.13.2": 1, "6.0.0": 4,
    },
}  # fmt: skip
# As the standards print them: one number stands under a section with a dash, one is not given.
GAPS = {
    "MQTT 3.1.1": {"MQTT-3-8.3-1", "MQTT-3-8.3-2", "MQTT-3-8.3-3"},
    "MQTT 5.0": {"MQTT-2.2.1-1"},
}
COUNTS = {"MQTT 3.1.1": 141, "MQTT 5.0": 251}
BOTH = pytest.mark.parametrize("version", FILES)


@BOTH
def test_no_number_is_missing_and_none_is_made_up(version):
    expected = {
        f"MQTT-{section}-{number}"
        for section, count in SECTIONS[version].items()
        for number in range(1, count + 1)
    } - GAPS[version]
    assert set(statements(version)) == expected
    assert len(expected) == COUNTS[version]


@BOTH
def test_each_statement_has_one_proof_that_exists(version):
    rows, wrong = divergences(), []
    for number, each in statements(version).items():
        assert set(each) <= {"owes", "statement", "proof", "divergence"}, number
        assert each["owes"] in ("server", "client", "both"), number
        assert each["statement"].endswith(".") and "|" not in each["statement"], number
        proofs = sum(kind in each for kind in ("proof", "divergence"))
        if proofs > 1 or (proofs == 0 and each["owes"] != "client"):
            wrong.append(f"{number} has {proofs} proofs")
        if "proof" in each and not is_there(each["proof"]):
            wrong.append(f"{number}: no test {each['proof']}")
        if "divergence" in each and rows.count(each["divergence"]) != 1:
            wrong.append(f"{number}: no row {each['divergence']}")
    assert not wrong, "\n".join(wrong)


def test_what_is_not_there_is_not_found():
    assert is_there("tests/conformance/test_mqtt_statements.py::test_what_is_not_there_is_not_found")
    assert is_there("crates/mqtt/cases/accepted.txt")
    assert is_there("crates/mqtt/cases/accepted.txt::RETAIN")
    for gone in ["tests/gone.py::test_x", "tests/conformance/test_mqtt_statements.py::test_gone",
                 "crates/mqtt/cases/accepted.txt::gone", "crates/mqtt/tests/flows.rs::published_"]:  # fmt: skip
        assert not is_there(gone), gone


def test_cases_that_are_named_by_a_number_are_of_a_statement():
    """The files of crates/mqtt/cases: a number in their name is one of the standard's."""
    from mqtt_statements import ROOT

    numbers = {"": statements("MQTT 3.1.1"), "5": statements("MQTT 5.0")}
    for file in (ROOT / "crates/mqtt/cases").glob("MQTT*.txt"):
        if found := re.fullmatch(r"MQTT(5?)-(.*-\d+)", file.stem):
            assert f"MQTT-{found[2]}" in numbers[found[1]], file.name


def test_the_page_is_of_today():
    assert PAGE.read_text() == text(), "write it: make conformance"
