"""The numbered statements of MQTT 3.1.1 and 5.0 (appendices A and B of the OASIS standards), each with
its proof: read from `mqtt/`, held against the tree, printed as docs/mqtt-conformance.md.

A statement `owes` what it says to a server, to a client, or to both. Those of a server, and of both,
have one proof: a test, `path::name`; a family of cases, `path` of its file or `path::name` of one case;
or a `divergence`, a row of DIVERGENCES.md by its first cell. A client's may name the test that shows
what the server does about it."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mqtt-conformance.md"
FILES = {"MQTT 3.1.1": "mqtt311.json", "MQTT 5.0": "mqtt5.json"}
HEAD = """# Conformance with MQTT

Printed by `make conformance`. Every numbered statement of MQTT 3.1.1 (appendix A of the OASIS
standard) and of MQTT 5.0 (appendix B), in our words, whom it obliges, and its proof: the test, or the
row of [DIVERGENCES.md](../DIVERGENCES.md) that says why not. Files of cases (`.txt`) are run whole by one
test; `make test` fails when a proof is gone. What only obliges a client is listed so that the count can
be checked; where a test is named, it shows what the server does about a client that breaks it.
"""


def statements(version):
    """Number → statement, in the order of the standard."""
    path = ROOT / "tests" / "conformance" / "mqtt" / FILES[version]
    return json.loads(path.read_text(), object_pairs_hook=unrepeated)


def unrepeated(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    return dict(pairs)


def is_there(proof):
    """Whether a test of this name, or a case, is in the tree."""
    path, _, name = proof.partition("::")
    file = ROOT / path
    if not file.is_file():
        return False
    text = file.read_text()
    if file.suffix == ".txt":
        return name in cases(text) if name else bool(cases(text))
    word = {".rs": "fn", ".py": "def"}[file.suffix]
    return re.search(rf"^ *(async )?{word} {re.escape(name)}\(", text, re.MULTILINE) is not None


def cases(text):
    """The names in a file of cases: the first lines of its paragraphs."""
    paragraphs = (part.strip("\n") for part in text.split("\n\n"))
    return [part.splitlines()[0] for part in paragraphs if part and not part.startswith("#")]


def divergences():
    """The first cells of the rows of DIVERGENCES.md."""
    rows = (ROOT / "DIVERGENCES.md").read_text().splitlines()
    return [row.split(" | ")[0].removeprefix("| ") for row in rows if row.startswith("| ")]


def text():
    lines = [HEAD]
    for version in FILES:
        found = statements(version)
        of_server = [each for each in found.values() if each["owes"] != "client"]
        tested = sum("proof" in each for each in of_server)
        apart = sum("divergence" in each for each in of_server)
        lines += [f"## {version}", ""]
        lines += [
            f"{len(found)} statements: {len(of_server)} oblige a server, {tested} of them tested, "
            f"{apart} in DIVERGENCES.md; {len(found) - len(of_server)} oblige clients only.",
            "",
        ]
        lines += ["| number | obliges | statement | proof |", "|---|---|---|---|"]
        lines += [row(number, each) for number, each in found.items()] + [""]
    return "\n".join(lines).rstrip() + "\n"


def row(number, each):
    if "divergence" in each:
        proof = f"DIVERGENCES.md: {each['divergence']}"
    else:
        proof = f"`{each['proof']}`" if "proof" in each else ""
    return f"| {number} | {each['owes']} | {each['statement']} | {proof} |".replace("  |", " |")


if __name__ == "__main__":
    PAGE.write_text(text())
