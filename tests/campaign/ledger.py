"""The external ledger: what was acknowledged to somebody outside, and when.

A key is written by one worker, one value after the other. An entry is asked first and acknowledged
later, or never. `position` is how far the record of the disk's calls had come when the
acknowledgement arrived: what a cut at a later call may not lose.
"""

import dataclasses
import threading

ABSENT = None


@dataclasses.dataclass
class Entry:
    value: object
    acknowledged: int | None = None


class Ledger:
    """Values by key, of all workers; `position` gives the length of the record of calls."""

    def __init__(self, position=lambda: 0):
        self._entries, self._requests, self._lock = {}, {}, threading.Lock()
        self._position = position
        self.identities = {}

    def ask(self, key, value):
        """A change is about to be asked for; the worker acknowledges it or leaves it open."""
        entry = Entry(value)
        with self._lock:
            self._entries.setdefault(key, []).append(entry)
        return entry

    def acknowledge(self, entry, request=None):
        position = self._position()
        with self._lock:
            entry.acknowledged = position
            if request:
                self._requests[request] = position

    def allowed(self, key, cut):
        """The values that a key may have after a cut at this position."""
        entries = [Entry(ABSENT, 0), *self._entries[key]]
        known = max(
            number
            for number, entry in enumerate(entries)
            if entry.acknowledged is not None and entry.acknowledged <= cut
        )
        return [entry.value for entry in entries[known:]]

    def keys(self):
        return list(self._entries)

    def requests(self, cut):
        """Changes over HTTP that were acknowledged by then, by their request's id."""
        return [request for request, position in self._requests.items() if position <= cut]

    def acknowledged(self, cut=float("inf")):
        return sum(
            entry.acknowledged is not None and entry.acknowledged <= cut
            for entries in self._entries.values()
            for entry in entries
        )

    def settle(self, seen):
        """After a check: what is there is what counts, for whoever goes on."""
        with self._lock:
            for key in self._entries:
                self._entries[key] = [Entry(seen.get(key, ABSENT), 0)]


def differences(ledger, seen, cut=float("inf")):
    """What is not as it was acknowledged: a sentence each."""
    found = []
    for key in ledger.keys():
        value, allowed = seen.get(key, ABSENT), ledger.allowed(key, cut)
        if value not in allowed:
            found.append(f"{' '.join(map(str, key))} is {value!r}, allowed: {allowed!r}")
    return found
