"""What a power cut leaves of a disk, computed from the calls that a server made (disk.c).

A write is on the disk when its file was synced afterwards. Until then a cut may have lost it, kept
it, or torn it at a sector; writes of one file that are lost do not lose later ones of it. A new
name, a rename and a removal are on the disk when their directory was synced, until then a cut keeps
the first few of them. What a failed sync was asked for is never safe again: a cut decides, whatever
is synced later.
"""

import dataclasses
import functools
import pathlib
import struct
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("disk.c")
HEAD = struct.Struct("<BBHHQQQ")
SECTOR = 512
# Shared memory of the processes that have a database open; no disk ever holds it.
VOLATILE = "-shm"


@functools.cache
def library():
    """Compiles disk.c, once a session, with the C compiler that Rust links with."""
    built = pathlib.Path(tempfile.mkdtemp(prefix="fleetwright-disk-")) / "disk.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", built, SOURCE, "-ldl", "-lpthread"]
    subprocess.run(list(map(str, command)), check=True)
    return built


def recorded(directory, log):
    """The environment of a server whose calls are recorded."""
    return {"LD_PRELOAD": str(library()), "DISK_UNDER": str(directory), "DISK_LOG": str(log)}


def failing(kind, code, first, count):
    """Added to it, calls `first` to `first + count - 1` of a kind (write, sync) fail."""
    return {"DISK_FAIL": f"{kind}:{code}:{first}:{count}"}


@dataclasses.dataclass
class Call:
    """One call: its kind as in disk.c, and where the record of it ends."""

    kind: str
    failed: bool
    path: str
    other: str
    inode: int
    offset: int
    payload: bytes
    end: int


def calls(log):
    """The calls of a record, in their order; a last one that is cut off is left out."""
    content, at = log.read_bytes(), 0
    while at + HEAD.size <= len(content):
        kind, failed, path, other, inode, offset, length = HEAD.unpack_from(content, at)
        names = at + HEAD.size
        body = names + path + other
        end = body + (length if kind == ord("W") else 0)
        if end > len(content):
            return
        yield Call(
            chr(kind),
            bool(failed),
            content[names : names + path].decode(),
            content[names + path : body].decode(),
            inode,
            offset,
            content[body:end],
            end,
        )
        at = end


class File:
    """What is safe of a file, what was asked since, and what a failed sync left undecided."""

    def __init__(self, content=b""):
        self.safe = bytearray(content)
        self.pending = []

    def ask(self, change):
        self.pending.append(change)

    def sync(self):
        for change in self.pending:
            change.apply(self.safe)
        self.pending = []

    def sync_failed(self, chance):
        """Each pending change reached the disk, or never will; nobody is told which."""
        for change in self.pending:
            if chance.random() < 0.5:
                change.apply(self.safe)
        self.pending = []

    def after_cut(self, chance):
        content = bytearray(self.safe)
        for change in self.pending:
            fate = chance.random()
            if fate < 0.4:
                change.apply(content)
            elif fate < 0.6:
                change.torn(chance).apply(content)
        return content


@dataclasses.dataclass
class Write:
    offset: int
    payload: bytes

    def apply(self, content):
        end = self.offset + len(self.payload)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[self.offset : end] = self.payload

    def torn(self, chance):
        """Some whole sectors of it from its start."""
        sectors = len(self.payload) // SECTOR
        return Write(self.offset, self.payload[: SECTOR * chance.randint(0, sectors)])


@dataclasses.dataclass
class Truncate:
    length: int

    def apply(self, content):
        del content[self.length :]
        content.extend(bytes(self.length - len(content)))

    def torn(self, _chance):
        return self


class Disk:
    """A directory as a disk has it. `honest` False is a disk that ignores every sync."""

    def __init__(self, base, chance, honest=True):
        self.chance, self.honest = chance, honest
        self.files, self.directories, self.names = {}, set(), {}
        # Names that are safe, and for each directory what was asked since.
        self.asked = {}
        self.root = str(base)
        self.inodes = {}
        for path in sorted(base.rglob("*")):
            if path.is_dir():
                self.directories.add(str(path))
            elif not path.name.endswith(VOLATILE):
                self.names[str(path)] = file = File(path.read_bytes())
                self.inodes[path.stat().st_ino] = file
        self.now = dict(self.names)

    def do(self, call):
        if call.path.endswith(VOLATILE):
            return
        match call.kind:
            case "N":
                self._name(call.path, call.path, self._file(call.inode, new=True))
            case "W":
                self._file(call.inode).ask(Write(call.offset, call.payload))
            case "T":
                self._file(call.inode).ask(Truncate(call.offset))
            case "D":
                self._ask(call.path, lambda: self.directories.add(call.path))
            case "R":
                file = self.now.pop(call.path, None)
                self.now[call.other] = file
                self._ask(call.other, lambda: self._move(call.path, call.other, file))
            case "U":
                self.now.pop(call.path, None)
                self._ask(call.path, lambda: self.names.pop(call.path, None))
            case "S" if self.honest:
                self._sync(call)

    def _file(self, inode, new=False):
        if new or inode not in self.inodes:
            self.inodes[inode] = File()
        return self.inodes[inode]

    def _name(self, path, directory_of, file):
        self.now[path] = file
        self._ask(directory_of, lambda: self.names.__setitem__(path, file))

    def _move(self, source, target, file):
        self.names.pop(source, None)
        if file is not None:
            self.names[target] = file

    def _ask(self, path, change):
        self.asked.setdefault(str(pathlib.Path(path).parent), []).append(change)

    def _sync(self, call):
        directory = call.path.rstrip("/")
        if directory in self.asked or directory in self.directories or directory == self.root:
            if not call.failed:
                for change in self.asked.pop(directory, []):
                    change()
            return
        file = self._file(call.inode)
        file.sync_failed(self.chance) if call.failed else file.sync()

    def cut(self, target):
        """Writes what is left into a new directory."""
        names, directories = dict(self.names), set(self.directories)
        for changes in self.asked.values():
            for change in changes[: self.chance.randint(0, len(changes))]:
                change()
        left, self.names = self.names, names
        made, self.directories = self.directories, directories
        target.mkdir(mode=0o700)
        for directory in sorted(made):
            (target / pathlib.Path(directory).relative_to(self.root)).mkdir(
                mode=0o700, parents=True, exist_ok=True
            )
        for path, file in left.items():
            place = target / pathlib.Path(path).relative_to(self.root)
            if place.parent.is_dir():
                place.write_bytes(file.after_cut(self.chance))
                place.chmod(0o600)

