"""The notation of the files in `mqtt/`: what clients send, byte by byte, and what they are to read.

A case is a paragraph: its name, then steps. `A > …` has client A send, connecting first if it has no
connection; `A < …` reads just these packets; `A ends` sees the connection end, with nothing before;
`A cut` loses it without a word. Packets are `10[…]`: the first byte, then the body, whose length is
filled in. In it stand bytes in hex; "…" is a text with its length, '…' one without; `~` in a text is a
word of this run's own. In what is read `..` is any byte, `...` any bytes; `<p>` is a packet id that is
met again under this name, and is sent again as such."""

import json
import re
import uuid
from typing import NamedTuple

import packets

TOKEN = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|<\w+>|\.{2,3}|[0-9a-f]{2}\[|\]|(?:[0-9a-f]{2})+)"""
)


class Case(NamedTuple):
    name: str
    steps: list


def parse(text):
    parts = (part.strip("\n") for part in text.split("\n\n"))
    return [
        Case(part.splitlines()[0], [line.strip() for line in part.splitlines()[1:]])
        for part in parts
        if part and not part.startswith("#")
    ]


class Peer(packets.Wire):
    """A client; its packets have the whole first byte."""

    def _whole(self):
        first = self._buffer[:1]
        found = super()._whole()
        return found and (first[0], found[1])


class Run:
    """A case on its way."""

    def __init__(self, connect):
        self.connect, self.word = connect, f"x{uuid.uuid4().hex[:8]}"
        self.peers, self.ids = {}, {}

    def close(self):
        for peer in self.peers.values():
            peer.tls.close()

    def step(self, line):
        who, what, *rest = line.split(None, 2)
        {">": self.send, "<": self.read, "cut": self.cut, "ends": self.ends}[what](who, *rest)

    def send(self, who, written):
        if who not in self.peers:
            self.peers[who] = self.connect()
        self.peers[who].send(*(packets.packet(first, b"".join(map(self.sent, body)))
                               for first, body in self.split(written)))  # fmt: skip

    def read(self, who, written):
        for first, body in self.split(written):
            found = self.peers[who].next()
            assert found, f"{who} read the end of the connection"
            pattern = b"".join(map(self.expected, body))
            match = re.fullmatch(pattern, found[1], re.DOTALL)
            assert match and found[0] == first, f"{who} read {found[0]:02x} {found[1]!r}"
            self.ids |= match.groupdict()

    def cut(self, who):
        self.peers.pop(who).tls.close()

    def ends(self, who):
        assert (found := self.peers.pop(who).next()) is None, found

    def split(self, written):
        """First byte and tokens of each packet."""
        found, at = [], 0
        while at < len(written.rstrip()):
            token = TOKEN.match(written, at)
            assert token, f"cannot read {written[at:]!r}"
            at = token.end()
            if token[1].endswith("[") and token[1][0] not in "\"'":
                found.append((int(token[1][:2], 16), []))
            elif token[1] != "]":
                found[-1][1].append(token[1])
        return found

    def sent(self, token):
        if token[0] == '"':
            return packets.text(json.loads(token).replace("~", self.word))
        if token[0] == "'":
            return token[1:-1].replace("~", self.word).encode()
        return self.ids[token[1:-1]] if token[0] == "<" else bytes.fromhex(token)

    def expected(self, token):
        if token[0] == ".":
            return b"." if token == ".." else b".*"
        if token[0] == "<" and token[1:-1] not in self.ids:
            return b"(?P<%s>..)" % token[1:-1].encode()
        return re.escape(self.sent(token))
