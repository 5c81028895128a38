"""Workers: warm after one cold start, bounded, recycled."""

import concurrent.futures
import json
import pathlib
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

COUNTING = """
import os, time
served = 0

def handler(event, context):
    global served
    served += 1
    time.sleep(event.get("sleep", 0))
    if event.get("raise"):
        raise ValueError("as asked")
    if event.get("exit"):
        os._exit(4)
    return {"served": served, "worker": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
            "stage": os.environ.get("STAGE")}
"""


def ask(site, function, **event):
    answer = site.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


@pytest.fixture
def counting(site):
    return site.deploy({"app.py": COUNTING})


def test_a_worker_starts_once_and_stays_warm(site, counting):
    answers = [ask(site, counting) for _ in range(5)]
    assert [answer["served"] for _, answer in answers] == [1, 2, 3, 4, 5]
    assert len({answer["worker"] for _, answer in answers}) == 1


@pytest.mark.parametrize("how", ["raise", "exit", "sleep"])
def test_a_worker_is_recycled_after_an_error(site, how):
    function = site.deploy({"app.py": COUNTING}, Timeout=1)
    _, before = ask(site, function)
    error, _ = ask(site, function, **{how: 30})
    assert error == "Unhandled"
    _, after = ask(site, function)
    assert after["served"] == 1 and after["worker"] != before["worker"]


def test_new_code_and_new_configuration_start_new_workers(site, counting):
    _, before = ask(site, counting)
    site.functions.update_function_configuration(
        FunctionName=counting, Environment={"Variables": {"STAGE": "two"}}
    )
    _, after = ask(site, counting)
    assert (after["served"], after["stage"]) == (1, "two")
    assert after["worker"] != before["worker"]


def test_workers_grow_with_the_load_up_to_their_bound(serve):
    site = serve("max-workers = 3\nmax-workers-per-function = 2")
    one, two = site.deploy({"app.py": COUNTING}), site.deploy({"app.py": COUNTING})
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: ask(site, [one, two][n % 2], sleep=0.1), range(24)))
    assert [error for error, _ in answers if error] == []
    for start in (0, 1):
        assert 1 <= len({answer["worker"] for _, answer in answers[start::2]}) <= 2
    assert len(processes(site)) <= 3
    # A third function takes the place of the worker that has been idle longest.
    assert ask(site, site.deploy({"app.py": COUNTING}))[0] is None
    assert len(processes(site)) <= 3


def test_who_waits_too_long_is_told_so(serve):
    site = serve("max-workers = 1\nmax-workers-per-function = 1")
    busy, other = (site.deploy({"app.py": COUNTING}, Timeout=90) for _ in range(2))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, site, busy, sleep=20)
        time.sleep(1)
        site.functions.meta.config.read_timeout = 90
        began = time.monotonic()
        assert ask(site, other)[0] is None, "it waits until the place is free"
        assert time.monotonic() - began > 5
        assert running.result()[0] is None


def test_idle_workers_are_ended(serve):
    site = serve("idle-seconds = 1")
    function = site.deploy({"app.py": COUNTING})
    ask(site, function)
    assert processes(site)
    wait_until(lambda: not processes(site))
    assert ask(site, function)[1]["served"] == 1


def test_a_worker_that_is_killed_while_idle_costs_nobody_an_answer(site, counting):
    _, before = ask(site, counting)
    for process in processes(site):
        subprocess.run(["kill", "-9", str(process)], check=True)
        wait_until(lambda process=process: not alive(process))
    error, after = ask(site, counting)
    assert error is None, after
    assert after["worker"] != before["worker"]


def test_a_worker_that_is_killed_at_work_fails_its_invocation(serve):
    site = serve()
    function = site.deploy({"app.py": COUNTING}, Timeout=60)
    ask(site, function)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, site, function, sleep=30)
        time.sleep(0.5)
        for process in processes(site):
            subprocess.run(["kill", "-9", str(process)], check=True)
        error, answer = running.result()
    assert error == "Unhandled" and answer["errorType"] == "Runtime.ExitError"
    assert ask(site, function)[0] is None


def test_workers_end_with_the_server_however_it_ends(serve):
    for end in ("stop", "kill"):
        site = serve()
        function = site.deploy({"app.py": "import os, time\n" + FORKING})
        assert ask(site, function)[0] is None
        left = family(site.own.process.pid)
        assert len(left) > 3
        getattr(site.own, end)()
        wait_until(lambda: not any(alive(process) for process in left))


FORKING = """
def handler(event, context):
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            time.sleep(300)
    return "forked"
"""


def test_the_busy_are_refused_before_the_queue_grows_without_end(site, counting):
    with pytest.raises(ClientError) as caught:
        site.functions.invoke(FunctionName=counting, Payload=b"x" * (6 * 1024 * 1024 + 1))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 413)


def processes(site):
    """The outermost process of each worker."""
    return children(site.own.process.pid)


def children(process):
    found = []
    for task in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            pass  # It ended meanwhile.
    return [process for process in found if alive(process)]


def family(process):
    below = children(process)
    return below + [each for child in below for each in family(child)]


def alive(process):
    try:
        state = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(holds, patience=30):
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
