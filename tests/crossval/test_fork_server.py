"""Workers are split off one process, each with its own words, variables and end; their server leaves none behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from mser.crossval import fork_server
from mser.crossval.fork_server import SERVE, ForkServer, _spawned

WORKS = """
import atexit, os, sys, time
from mser.crossval import fork_server
from mser.crossval.fork_server import serve
fork_server._IMPORTED = ("tomllib",)

def work(arguments):
    print(*arguments, os.environ.get("OF_THIS_FOLD"), os.environ["OMP_NUM_THREADS"], *sys.argv[1:], flush=True)
    print(os.getsid(0) == os.getpid(), "tomllib" in sys.modules, flush=True)
    if arguments[0] == "wait":
        time.sleep(60)
    if arguments[0] == "raise":
        raise ValueError("of no use")
    atexit.register(print, "goodbye")
    return int(arguments[1])

serve(work)
"""


@pytest.fixture
def server(tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text(WORKS)
    monkeypatch.setattr(fork_server, "WORKER", [*fork_server.WORKER[:1], str(script)])
    return ForkServer("3")


def state(pid):
    """Return what a process does, once it has had the time to end: Z where it has and nobody asked how."""
    deadline = time.monotonic() + 10
    while (file := Path(f"/proc/{pid}/stat")).exists() and time.monotonic() < deadline:
        if (now := file.read_text().rpartition(")")[2].split()[0]) == "Z":
            return "ended"
        time.sleep(0.01)
    return now if file.exists() else "ended"


def ended(worker):
    deadline = time.monotonic() + 30
    while (code := worker.code()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return code


def test_each_has_its_own_words_variables_and_end(server, tmp_path):
    with server:
        variables = dict(os.environ)
        workers = [
            server.start(
                ["raise" if code == 1 else "end", str(code)],
                tmp_path / f"{code}.out",
                tmp_path / f"{code}.err",
                variables | {"OF_THIS_FOLD": f"fold {code}"},
            )
            for code in (0, 1, 2)
        ]
        assert [ended(worker) for worker in workers] == [0, 1, 2]
    for code in (0, 2):
        assert (tmp_path / f"{code}.out").read_text() == f"end {code} fold {code} 3 end {code}\nTrue True\ngoodbye\n"
    assert (tmp_path / "1.err").read_text().endswith("ValueError: of no use\n")


def test_a_signal_reaches_the_one_it_is_meant_for_and_the_others_end_with_the_server(server, tmp_path):
    with server:
        first, second = (
            server.start(["wait", "0"], tmp_path / name, tmp_path / name, dict(os.environ)) for name in ("a", "b")
        )
        first.send(signal.SIGTERM)
        assert ended(first) == -signal.SIGTERM
        assert second.code() is None
    assert ended(second) == -signal.SIGKILL
    assert state(server.pids[2]) == "ended"


def test_workers_end_with_a_server_that_is_killed(server, tmp_path):
    with server:
        worker = server.start(["wait", "0"], tmp_path / "log", tmp_path / "log", dict(os.environ))
        worker.send(0)  # it has begun
        server._process.kill()
        assert ended(worker) == -signal.SIGKILL
    assert state(server.pids[1]) == "ended"


def test_where_nothing_can_begin_its_log_says_why(server, tmp_path, monkeypatch):
    (tmp_path / "worker.py").write_text("import nothing_of_this_name")
    with server:
        assert ended(server.start(["end", "0"], tmp_path / "log", tmp_path / "log", {})) == 1
    assert "nothing_of_this_name" in (tmp_path / "log").read_text()


def test_where_libraries_do_not_bear_a_fork_a_worker_starts_anew(tmp_path):
    log = tmp_path / "log"
    request = {"arguments": [SERVE], "out": str(log), "errors": str(log), "variables": dict(os.environ)}
    assert os.waitstatus_to_exitcode(os.waitpid(_spawned(request), 0)[1]) == 0  # nothing was asked of it
    assert log.read_text() == ""
