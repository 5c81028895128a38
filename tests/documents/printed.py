"""What a document prints for its reader: the commands of its `sh` fences, in their order.

Comments that a reader does not see say what surrounds them:

<!-- run: after README.md -->        first the commands of that document, up to its `<!-- run: end -->`
<!-- run: stop the server -->        what the text asks for in words
<!-- run: old CLI only -->           the next fence is for an AWS CLI that knows no `endpoint_url`
<!-- run: end -->                    where other documents begin
"""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^( *)```(\w*)(?: .*)?$")
DIRECTION = re.compile(r"^<!-- run: (.+) -->$")
# Commands that build or test the project itself: that they exist is what can be asserted here.
PROJECT = ("make ", "cargo ", "scripts/")


@dataclass
class Step:
    """Commands of one fence, or a direction to whoever runs them."""

    line: int
    commands: str = ""
    direction: str = ""

    @property
    def is_of_the_project(self):
        lines = [line for line in self.commands.splitlines() if line and not line.startswith("#")]
        ours = [re.sub(r"^\w+=\S+ ", "", line).startswith(PROJECT) for line in lines]
        assert all(ours) or not any(ours), f"line {self.line}: give `make` and `cargo` a fence of their own"
        return all(ours)


def steps(text):
    """The steps of a document; a fence that is indented by its list loses its indentation."""
    found, fence = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if match := FENCE.match(line):
            if fence is None:
                fence = (match[2], len(match[1]), number, [])
            else:
                kind, _, start, body = fence
                if kind == "sh":
                    found.append(Step(start, commands="\n".join(body)))
                fence = None
        elif fence is not None:
            _, indent, _, body = fence
            body.append(line[indent:] if line[:indent].isspace() else line)
        elif match := DIRECTION.match(line.strip()):
            found.append(Step(number, direction=match[1]))
    assert fence is None, f"the fence of line {fence[2]} has no end"
    return found
