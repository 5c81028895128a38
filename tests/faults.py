"""Faults of a disk, made by a small library (faults.c) that is loaded before a server's own."""

import functools
import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("faults.c")


@functools.cache
def library():
    """Compiles it, once a session, with the C compiler that Rust links with."""
    built = pathlib.Path(tempfile.mkdtemp(prefix="fleetwright-faults-")) / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", built, SOURCE, "-ldl"]
    subprocess.run(list(map(str, command)), check=True)
    return built


def kill_at(directory, call):
    """Kills before the `call`th call that changes what is in a directory or makes it durable."""
    return {"LD_PRELOAD": str(library()), "FAULT_UNDER": str(directory), "FAULT_KILL_AT": str(call)}


def full_while(directory, switch, spare_index=True):
    """While the file `switch` exists, the disk of a directory takes no more bytes; save those of
    the index of SQLite's log, if there was room for it before."""
    spared = {"FAULT_SPARES_INDEX": "1"} if spare_index else {}
    return spared | {
        "LD_PRELOAD": str(library()), "FAULT_UNDER": str(directory),
        "FAULT_FULL_WHILE": str(switch),
    }  # fmt: skip


def no_sync_while(directory, switch):
    """While the file `switch` exists, nothing in a directory can be made durable."""
    return {
        "LD_PRELOAD": str(library()), "FAULT_UNDER": str(directory),
        "FAULT_SYNC_WHILE": str(switch),
    }  # fmt: skip
