"""The table of docs/conformance.md: written from a run, read as what must not get worse."""

import pathlib
import re

from operations import FAMILIES, label

PATH = pathlib.Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
HEAD = """# Conformance

Printed by `make conformance`, from the botocore model that the tests install; `make test` fails
when an operation gets worse than this table. For each operation boto3, with parameter validation
on, sends a request with the required members only (*minimal*) and requests that together have
every optional member (*maximal*); the answer must have every member that the model requires and
none that it does not know. *Errors* counts the errors that the model lists for the operation: how
many a test provokes, of those that have a cause here. `Throttling` is provoked with a rate in
`[control]`, `ServiceUnavailable` with its one place taken, `InternalFailure` with a registry that
loses its tables while the server runs. The errors without a cause are named at the end; of IAM, a
column names those for which nobody has written a case.

"""
ROW = re.compile(r"^\| ([\w:-]+) \| (yes|no|—) \| (yes|no|—) \| (.*?) \| (.*?) \|$")


class Results:
    """What a run found."""

    def __init__(self):
        self.works, self.errors, self.reasons = {}, {}, {}

    def worked(self, operation, kind, fine):
        self.works[operation, kind] = fine

    def provoked(self, operation, error, outcome):
        """`outcome`: True, False, or the reason why nothing provokes it."""
        if isinstance(outcome, str):
            self.reasons[operation, error] = outcome
        else:
            self.errors.setdefault(operation, {})[error] = outcome

    def text(self):
        lines, totals = [HEAD.rstrip(), ""], [0, 0, 0, 0, 0]
        for family, (service, names) in FAMILIES.items():
            lines += [f"## {family}", ""]
            lines += ["| operation | minimal | maximal | errors | not provoked |"]
            lines += ["|---|---|---|---|---|"]
            for name in names.split():
                lines.append(self.row(label(service, name), totals))
            lines.append("")
        offered, minimal, maximal, provoked, listed = totals
        count = sum(len(names.split()) for _, names in FAMILIES.values())
        lines += ["## Total", ""]
        lines += [
            f"{count} operations: {offered} offered, {minimal} work minimal, {maximal} work "
            f"maximal; {provoked} of {listed} errors provoked.",
            "",
        ]
        lines += self.why_not()
        return "\n".join(lines).rstrip() + "\n"

    def row(self, name, totals):
        minimal, maximal = self.works.get((name, "minimal")), self.works.get((name, "maximal"))
        if minimal is None:
            return f"| {name} | — | — | — | not offered |"
        errors = self.errors.get(name, {})
        provoked = [error for error, fine in errors.items() if fine]
        missing = [short(error) for error, fine in sorted(errors.items()) if not fine]
        for index, value in enumerate((1, minimal, maximal, len(provoked), len(errors))):
            totals[index] += int(value or 0)
        words = {True: "yes", False: "no", None: "no"}
        return (
            f"| {name} | {words[minimal]} | {words[maximal]} | {len(provoked)}/{len(errors)} | "
            f"{', '.join(missing)} |"
        )

    def why_not(self):
        by_reason = {}
        for (operation, error), reason in self.reasons.items():
            by_reason.setdefault((short(error), reason), []).append(operation)
        lines = ["## Errors without a cause here", "", "| error | operations | why |"]
        lines += ["|---|---|---|"]
        for (error, reason), operations in sorted(by_reason.items()):
            named = ", ".join(operations) if len(operations) <= 5 else f"{len(operations)}"
            lines.append(f"| {error} | {named} | {reason} |")
        return lines


def short(error):
    return error.removesuffix("Exception")


class Committed:
    """What the committed table promises."""

    def __init__(self, text):
        rows = (ROW.match(line) for line in text.splitlines())
        self.rows = {row[1]: row.groups()[1:] for row in rows if row}

    def works(self, operation, kind):
        row = self.rows.get(operation)
        return row is not None and row[0 if kind == "minimal" else 1] == "yes"

    def provokes(self, operation, error):
        row = self.rows.get(operation)
        if row is None or row[0] == "—":
            return False
        return short(error) not in row[3].split(", ")
