"""A function's memory is bounded whatever it is made of, as root and as nobody else."""

import json
import pathlib
import threading
import time

import pytest

# A function of 128 MiB, `/tmp` beside it, and what is written between two looks of the server,
# which are 25 ms apart: connections over loopback grow fastest.
LIMIT = 1024

HOARDING = '''
import ctypes, mmap, os, socket, sys, time

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p
MIB = 1 << 20
kept = []

def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result in (-1, 2**64 - 1):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result

def anonymous():
    for _ in range(200):
        kept.append(bytearray(b"x") * (8 * MIB))

def shared_anonymous():
    for _ in range(32):
        block = mmap.mmap(-1, 64 * MIB)
        for at in range(0, 64 * MIB, 4096):
            block[at] = 1
        block.madvise(mmap.MADV_DONTNEED)
        kept.append(block)

def shared_zeros():
    file = os.open("/dev/zero", os.O_RDWR)
    for _ in range(32):
        block = mmap.mmap(file, 64 * MIB)
        for at in range(0, 64 * MIB, 4096):
            block[at] = 1
        block.madvise(mmap.MADV_DONTNEED)
        kept.append(block)

def files_in(directory):
    for number in range(64):
        with open(f"{directory}/{number}", "wb") as file:
            for _ in range(64):
                file.write(b"x" * MIB)

def temporary_files():
    files_in("/tmp")

def shared_memory_files():
    files_in("/dev/shm")

def mapped_files():
    file = os.open("/tmp/mapped", os.O_RDWR | os.O_CREAT)
    os.ftruncate(file, 60 * MIB)
    block = mmap.mmap(file, 60 * MIB)
    for at in range(0, 60 * MIB, 4096):
        block[at] = 1
    os.ftruncate(file, 4096 * MIB)

def memfd():
    for _ in range(32):
        file = os.memfd_create("hoard")
        for _ in range(64):
            os.write(file, b"x" * MIB)
        kept.append(file)

def system_v_segments():
    for _ in range(32):
        segment = call("shmget", 0, ctypes.c_size_t(64 * MIB), 0o1600)
        where = call("shmat", segment, None, 0)
        ctypes.memset(where, 1, 64 * MIB)
        call("shmdt", ctypes.c_void_p(where))

def system_v_messages():
    for _ in range(2000):
        queue = call("msgget", 0, 0o1600)
        text = (ctypes.c_char * 8200)(b"\\1")
        for _ in range(2):
            call("msgsnd", queue, text, ctypes.c_size_t(8000), 0)

def posix_messages():
    for number in range(10000):
        call("mq_open", b"/hoard%d" % number, os.O_CREAT | os.O_RDWR, 0o600, None)

def pipes():
    import fcntl
    for _ in range(2000):
        reader, writer = os.pipe()
        try:
            fcntl.fcntl(writer, 1031, MIB)
        except OSError:
            pass
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 65536)
        except BlockingIOError:
            pass
        kept.append((reader, writer))

def spread(hoard):
    """By many processes, each of which stops where its own limits are."""
    for _ in range(200):
        if not os.fork():
            try:
                hoard()
            except BaseException:
                pass
            time.sleep(60)
            os._exit(0)

def many_pipes():
    spread(pipes)
    time.sleep(8)

def sockets():
    for _ in range(2000):
        pair = socket.socketpair()
        for end in pair:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * MIB)
            end.setblocking(False)
            try:
                while True:
                    end.send(b"x" * 65536)
            except BlockingIOError:
                pass
        kept.append(pair)

def many_sockets():
    spread(sockets)
    time.sleep(8)

def connections():
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    for _ in range(2000):
        end = socket.create_connection(listener.getsockname())
        end.setblocking(False)
        try:
            while True:
                end.send(b"x" * MIB)
        except BlockingIOError:
            pass
        kept.append((end, listener.accept()))

def own_namespace():
    user = os.getuid()
    call("unshare", 0x10000000 | 0x20000)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    call("mount", b"x", b"/tmp", b"tmpfs", 0, b"size=4g")
    files_in("/tmp")

def cloned_namespace():
    flags = 0x10000000 | 0x20000 | 17
    child = call("syscall", 56 if os.uname().machine == "x86_64" else 220, flags, 0, 0, 0, 0)
    if child == 0:
        call("mount", b"x", b"/tmp", b"tmpfs", 0, b"size=4g")
        files_in("/tmp")
        time.sleep(60)
    os.waitpid(child, 0)

def processes():
    def grow():
        kept.append(bytearray(b"x") * (64 * MIB))
    spread(grow)
    time.sleep(8)

def page_tables():
    # Reading maps the one page of zeros, which costs nothing; its tables do.
    size = 1 << 40
    where = call("mmap", None, ctypes.c_size_t(size), 1, 0x4022, -1, 0)
    for at in range(0, size, 2 * MIB):
        ctypes.c_char.from_address(where + at).value

def thread_stacks():
    import threading
    threading.stack_size(64 * MIB)
    def fill():
        block = ctypes.create_string_buffer(16 * MIB)
        ctypes.memset(block, 1, 16 * MIB)
        time.sleep(60)
    for _ in range(200):
        threading.Thread(target=fill, daemon=True).start()

def spliced_pages():
    reader, writer = os.pipe()
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    block = mmap.mmap(-1, 2 * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    place = ctypes.addressof(ctypes.c_char.from_buffer(block))
    call("vmsplice", writer, ctypes.byref(Vector(place, 4096)), ctypes.c_size_t(1), 0)

def keys():
    number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    for each in range(10000):
        call("syscall", number, b"user", b"hoard%d" % each, b"x" * 30000, 30000, -3)

def leave():
    os._exit(1)

def handler(event, context):
    try:
        globals()[event["hoard"]]()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "done"
'''

# What a hoard of each kind comes to: refused at once, full at a bound, or ended.
REFUSED = [
    "shared_anonymous", "shared_zeros", "shared_memory_files", "memfd", "system_v_segments",
    "system_v_messages", "posix_messages", "own_namespace", "cloned_namespace", "spliced_pages",
    "keys",
]  # fmt: skip
FULL = [
    "temporary_files", "pipes", "sockets", "connections", "mapped_files", "page_tables",
]  # fmt: skip
ENDED = ["anonymous", "many_pipes", "many_sockets", "processes", "thread_stacks"]


def kernels_own():
    """MiB that are neither free, nor files' that can be read again, nor any process's own."""
    table = pathlib.Path("/proc/meminfo").read_text()
    values = {line.split(":")[0]: int(line.split()[1]) for line in table.splitlines()}
    files = values["Buffers"] + values["Cached"] - values["Shmem"] + values["SReclaimable"]
    return (values["MemTotal"] - values["MemFree"] - files - values["AnonPages"]) // 1024


def processes_own(process):
    """MiB that a process and its descendants have for themselves."""
    most, to_visit = 0, [str(process)]
    while to_visit:
        place = pathlib.Path("/proc", to_visit.pop())
        try:
            for line in (place / "status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    most += int(line.split()[1])
            for thread in (place / "task").iterdir():
                to_visit += (thread / "children").read_text().split()
        except OSError:
            continue
    return most // 1024


class Watch:
    """The most that a server with its functions had while it lasted, over what was before: other
    processes of the machine do not count, the kernel as a whole does."""

    def __init__(self, server):
        self.server = server

    def used(self):
        return kernels_own() + processes_own(self.server)

    def __enter__(self):
        self.before, self.most, self.stop = self.used(), 0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.stop.wait(0.05):
            self.most = max(self.most, self.used() - self.before)

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@pytest.fixture(scope="module", params=["root", "nobody"])
def hoarder(request, site, site_of_nobody):
    """Asks a function to hoard; gives its answer, and the most that the machine had in use."""
    of = site if request.param == "root" else site_of_nobody()
    function = of.deploy({"app.py": HOARDING}, Timeout=20, MemorySize=128)

    def hoard(kind):
        payload = json.dumps({"hoard": kind})
        with Watch(of.own.process.pid) as watch:
            answer = of.functions.invoke(FunctionName=function, Payload=payload)
        return json.loads(answer["Payload"].read()), watch.most

    return hoard


@pytest.mark.parametrize("kind", REFUSED + FULL + ENDED)
def test_memory_is_bounded_whatever_it_is_made_of(hoarder, kind):
    said, most = hoarder(kind)
    text = said if isinstance(said, str) else json.dumps(said)
    print(f"{kind}: {text[:150]}, {most} MiB")
    assert most < LIMIT, (text, most)
    if kind in REFUSED:
        assert isinstance(said, str) and said.startswith(
            ("PermissionError", "OSError", "FileNotFoundError")
        ), text
    elif kind in ENDED:
        assert any(each in text for each in ("OutOfMemory", "MemoryError", "new thread")), text
    # The next event finds a worker that works, and what it kept is gone with the one after.
    assert "KeyError" in hoarder("nothing")[0]
    assert "Runtime.ExitError" in json.dumps(hoarder("leave")[0])
