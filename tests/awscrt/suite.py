"""Runs AWS's own tests of awscrt, as its source distribution has them, against one server.

Usage: suite.py SOURCE ROOT_CA PORT MODULE…; environment variables name the endpoint as the tests
document it. Prints a JSON object: each test's name with "ok", "skipped" or "failed".

The tests talk to port 8883 of a host that the system trusts; what is changed here is where that is.
"""

import importlib.util
import json
import pathlib
import sys
import unittest

import awscrt.io
import awscrt.mqtt
import awscrt.mqtt5

AWS_PORT = 8883


def trust(root_ca):
    """Every TLS context trusts this root instead of the system's."""
    original = awscrt.io.ClientTlsContext.__init__

    def trusting(self, options):
        options.override_default_trust_store_from_path(None, root_ca)
        original(self, options)

    awscrt.io.ClientTlsContext.__init__ = trusting


def connect_to(port):
    """Whoever means AWS's port gets ours."""
    connection, client = awscrt.mqtt.Connection.__init__, awscrt.mqtt5.Client.__init__

    def moved_connection(self, *arguments, **options):
        if options.get("port") == AWS_PORT:
            options["port"] = port
        connection(self, *arguments, **options)

    def moved_client(self, client_options):
        if client_options.port == AWS_PORT:
            client_options.port = port
        client(self, client_options)

    awscrt.mqtt.Connection.__init__ = moved_connection
    awscrt.mqtt5.Client.__init__ = moved_client


def load(source):
    """The package `test` of the source distribution, with the installed library."""
    folder = pathlib.Path(source, "test")
    spec = importlib.util.spec_from_file_location(
        "test", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["test"] = package
    spec.loader.exec_module(package)


class Outcomes(unittest.TextTestResult):
    """Keeps what came of each test."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.outcomes = {}

    def stopTest(self, test):  # noqa: N802
        broken = [each for each, _ in self.errors + self.failures]
        skipped = [each for each, _ in self.skipped]
        outcome = "failed" if test in broken else "skipped" if test in skipped else "ok"
        self.outcomes[test.id()] = outcome
        super().stopTest(test)


def main(source, root_ca, port, *modules):
    trust(root_ca)
    connect_to(int(port))
    load(source)
    tests = unittest.defaultTestLoader.loadTestsFromNames(modules)
    result = unittest.TextTestRunner(sys.stderr, verbosity=2, resultclass=Outcomes).run(tests)
    json.dump(result.outcomes, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
