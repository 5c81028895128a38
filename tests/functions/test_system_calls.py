"""What a function may ask of the kernel, and that runtimes still get what they need."""

import ctypes
import json
import platform
import socket
import stat
import sys
import uuid

import pytest

from deploying import Site
from serving import BINARY, OwnServer

CALLING = '''
import ctypes, mmap, os, signal

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    """An errno's name, or the result."""
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
    if result != -1:
        return result
    error = ctypes.get_errno()
    return __import__("errno").errorcode[error]

def as_i386():
    """A call through the door of 32-bit programs; how the process that makes it ends."""
    child = os.fork()
    if child == 0:
        code = bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3])  # mov eax, getpid; int 0x80; ret
        block = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
                          mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        block.write(code)
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(block)))()
        os._exit(0)
    return signal.Signals(os.WTERMSIG(os.waitpid(child, 0)[1])).name

def handler(event, context):
    if event.get("i386"):
        return as_i386()
    if "read" in event:
        return open(event["read"]).read()
    if "eval" in event:
        return repr(eval(event["eval"]))
    return {name: call(*arguments) for name, arguments in event["calls"].items()}
'''

# Of x86_64; those of 424 and more are the same everywhere.
NUMBERS = {
    "EPERM": {
        "unshare": [272, 0x10000000], "unshare of mounts": [272, 0x20000], "setns": [308, 0, 0],
        "mount": [165, 0, 0, 0, 0, 0], "umount2": [166, 0, 0], "pivot_root": [155, 0, 0],
        "chroot": [161, 0], "fsopen": [430, 0, 0], "fsmount": [432, 0, 0, 0],
        "open_tree": [428, 0, 0, 0], "move_mount": [429, 0, 0, 0, 0, 0],
        "mount_setattr": [442, 0, 0, 0, 0, 0], "keyctl": [250, 0, 0],
        "add_key": [248, 0, 0, 0, 0, 0], "request_key": [249, 0, 0, 0, 0],
        "ptrace": [101, 0, 0, 0, 0], "process_vm_readv": [310, 0, 0, 0, 0, 0, 0],
        "process_vm_writev": [311, 0, 0, 0, 0, 0, 0], "pidfd_getfd": [438, 0, 0, 0],
        "kcmp": [312, 0, 0, 0, 0, 0], "bpf": [321, 0, 0, 0], "perf_event_open": [298, 0, 0, 0, 0, 0],
        "init_module": [175, 0, 0, 0], "finit_module": [313, 0, 0, 0], "delete_module": [176, 0, 0],
        "kexec_load": [246, 0, 0, 0, 0], "kexec_file_load": [320, 0, 0, 0, 0, 0],
        "reboot": [169, 0, 0, 0, 0], "swapon": [167, 0, 0], "swapoff": [168, 0], "acct": [163, 0],
        "syslog": [103, 0, 0, 0], "name_to_handle_at": [303, 0, 0, 0, 0, 0],
        "open_by_handle_at": [304, 0, 0, 0], "fanotify_init": [300, 0, 0],
        "quotactl": [179, 0, 0, 0, 0], "iopl": [172, 3], "ioperm": [173, 0, 1, 1],
        "clone of a user namespace": [56, 0x10000000, 0, 0, 0, 0],
        "clone of mounts": [56, 0x20000, 0, 0, 0, 0],
        "clone of a network": [56, 0x40000000, 0, 0, 0, 0],
        "shared memory without a file": [9, 0, 4096, 3, 0x21, -1, 0],
        "a socket of AF_ALG": [41, 38, 5, 0], "a socket of AF_VSOCK": [41, 40, 1, 0],
        "a socket of AF_PACKET": [41, 17, 3, 0], "a socket of AX.25": [41, 3, 2, 0],
        "a longer pipe": [72, 1, 1031, 1048576], "hidden from the server": [157, 4, 0, 0, 0, 0],
    },
    "ENOSYS": {
        "memfd_create": [319, 0, 0], "memfd_secret": [447, 0], "shmget": [29, 0, 4096, 0o1600],
        "shmat": [30, 0, 0, 0], "semget": [64, 0, 1, 0o1600], "msgget": [68, 0, 0o1600],
        "mq_open": [240, 0, 0, 0, 0], "io_uring_setup": [425, 0, 0],
        "io_uring_enter": [426, 0, 0, 0, 0, 0], "userfaultfd": [323, 0], "clone3": [435, 0, 0],
        "vmsplice": [278, 0, 0, 0, 0], "io_setup": [206, 1, 0],
        "a call that is newer than the list": [463, 0], "another": [500, 0],
        "getpid of x32": [0x40000000 + 39], "memfd_create of x32": [0x40000000 + 319, 0, 0],
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=["root", "nobody"])
def ask(request, site, site_of_nobody):
    of = site if request.param == "root" else site_of_nobody()
    return asking(of)


def asking(of):
    function = of.deploy({"app.py": CALLING})

    def ask(**event):
        answer = of.functions.invoke(FunctionName=function, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return ask


only_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")


@only_x86_64
@pytest.mark.parametrize("error", NUMBERS)
def test_calls_are_refused_with_an_error(ask, error):
    said = ask(calls=NUMBERS[error])
    assert said == dict.fromkeys(NUMBERS[error], error)


@only_x86_64
def test_calls_are_refused_where_limits_are_all_else_too(serve):
    ask = asking(serve('containment = "limits"'))
    for error, calls in NUMBERS.items():
        assert ask(calls=calls) == dict.fromkeys(calls, error)
    assert ask(i386=True) == "SIGSYS"
    assert ask(eval="__import__('subprocess').run(['true']).returncode") == "0"


@only_x86_64
def test_a_call_of_another_architecture_ends_the_process(ask):
    assert ask(i386=True) == "SIGSYS"


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('subprocess').run(['true']).returncode",
        "__import__('threading').Thread(target=print).start()",
        "__import__('multiprocessing').get_context('fork').Process(target=print).start()",
        "__import__('tempfile').TemporaryFile().write(b'x')",
        "mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).read(1)",
        "__import__('socket').socketpair()",
        "__import__('socket').socket().setsockopt(1, 7, 1 << 22)",
        "__import__('asyncio').run(__import__('asyncio').sleep(0))",
        "__import__('concurrent.futures').futures.ThreadPoolExecutor(4).submit(len, 'x').result()",
    ],
)
def test_what_programs_take_for_granted_works(ask, expression):
    said = ask(eval=expression)
    assert isinstance(said, str), said


def test_the_kernels_keys_are_not_shown(ask):
    assert ask(read="/proc/keys") == ask(read="/proc/key-users") == ""


# Joins a session keyring with a key in it, as a login does, and becomes the server.
LOGIN = """#!{python}
import ctypes, os, sys
libc = ctypes.CDLL(None)
keyctl, add_key = {{"x86_64": (250, 248), "aarch64": (219, 217)}}[os.uname().machine]
assert libc.syscall(keyctl, 1, b"operators-session") > 0
assert libc.syscall(add_key, b"user", b"operators-key", b"secret", 6, -3) > 0
os.execv({binary!r}, [{binary!r}, *sys.argv[1:]])
"""


@pytest.mark.parametrize("containment", ["full", "limits"])
def test_a_function_has_a_keyring_of_its_own(tmp_path_factory, runtimes, containment):
    place = tmp_path_factory.mktemp("keyring")
    login = place / "login"
    login.write_text(LOGIN.format(python=sys.executable, binary=BINARY))
    login.chmod(stat.S_IRWXU)
    config = (
        "[provisioning]\nkey-pool-capacity = 1\n"
        f'[functions]\nruntimes-dir = "{runtimes}"\ncontainment = "{containment}"\n'
    )
    with OwnServer(place, config, binary=login) as own:
        ask = asking(Site(own.start(), own))
        # Found only by who has the keyring that it is in.
        number = {"x86_64": 249, "aarch64": 218}[platform.machine()]
        found = f"libc.syscall({number}, b'user', b'operators-key', None, 0)"
        assert ask(eval=found) == "-1"
        seen = ask(read="/proc/keys")
        assert containment == "limits" or seen == ""
        assert own.stop() == 0


def landlock_version():
    """The kernel's version of Landlock, below 1 without; scopes came with 6 (Linux 6.12)."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1)


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel's Landlock has no scopes")
def test_abstract_sockets_of_others_are_out_of_reach(ask):
    name = f"\0fleetwright-test-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as own:
            own.connect(name)
        connect = f"__import__('socket').socket(1).connect({name!r})"
        assert ask(eval=connect)["errorType"] == "PermissionError"
