"""Servers in trouble: one that throttles, one that is full, one whose registry breaks."""

import contextlib
import functools
import sqlite3
import threading

from scene import PATIENCE, Scene

# What tells who asks and what he may: kept, so that an operation fails by itself.
WHO_ASKS = {
    "access_keys",
    "audit",
    "group_members",
    "identities",
    "inline_policies",
    "managed_attachments",
    "managed_policies",
    "managed_policy_versions",
    "roles",
}


class Trouble:
    """Each server is started when the first case asks for it."""

    def __init__(self, start_server, clients_of, hook):
        self._start, self._clients_of, self._hook = start_server, clients_of, hook

    @functools.cached_property
    def throttling(self):
        """Clients of a server that takes one request of each operation a second."""
        server = self._start("throttling", "[control]\nrequests-per-second = 1\n")
        return self._clients_of(server)

    @functools.cached_property
    def full(self):
        server = self._start("full", "[control]\nrequests-at-once = 1\n")
        return Full(self._clients_of(server), self._hook)

    @functools.cached_property
    def broken(self):
        server = self._start("broken")
        return Broken(server, self._clients_of, self._hook)


class Full:
    """A server for one request at once."""

    def __init__(self, clients, hook):
        self.clients, self._hook = clients, hook
        self._slow = Scene(clients, hook.url).working_authorizer("/slow")

    @contextlib.contextmanager
    def taken(self):
        """While a request is under way: its authorizer has not answered yet."""
        self._hook.begun.clear()
        self._hook.may_answer.clear()
        invoke = functools.partial(
            self.clients["iot"].test_invoke_authorizer, authorizerName=self._slow, token="a-token"
        )
        asking = threading.Thread(target=invoke)
        asking.start()
        try:
            assert self._hook.begun.wait(PATIENCE), "the request did not begin"
            yield
        finally:
            self._hook.may_answer.set()
            asking.join(PATIENCE)


class Broken:
    """A server whose registry loses its tables underneath it."""

    def __init__(self, server, clients_of, hook):
        self.server, self._clients_of, self._hook = server, clients_of, hook
        self.clients = clients_of(server)

    def scene(self):
        return Scene(self.clients, self._hook.url, self.server)

    def unseen(self):
        """Clients with a key that the server has not read yet."""
        user = self.scene().identities.user
        key = self.clients["iam"].create_access_key(UserName=user)["AccessKey"]
        return self._clients_of(self.server, key["AccessKeyId"], key["SecretAccessKey"])

    @contextlib.contextmanager
    def without_tables(self, kept=frozenset()):
        with contextlib.closing(sqlite3.connect(self.server.registry, timeout=PATIENCE)) as registry:
            found = registry.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            lost = [name for (name,) in found if name not in kept]
            rename(registry, [(name, f"lost_{name}") for name in lost])
            try:
                yield
            finally:
                rename(registry, [(f"lost_{name}", name) for name in lost])

    def cause_in_log(self, request_id):
        """The cause of a failure, which stands in the log alone."""
        lines = self.server.log.read_text(errors="replace").splitlines()
        found = [line for line in lines if request_id in line and "ERROR" in line]
        assert len(found) == 1, found
        return found[0]


def rename(registry, names):
    statements = [f"ALTER TABLE {old} RENAME TO {new};" for old, new in names]
    registry.executescript("BEGIN IMMEDIATE;" + "".join(statements) + "COMMIT;")
