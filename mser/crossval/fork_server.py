"""A process that imports PyTorch and Lightning once and splits off a worker for each fold, which starts at once.

The imports take several seconds of a processor's time, and each fold of a small corpus little more. Elsewhere than on
Linux, where libraries do not bear a fork, each worker is a process of its own from the start.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn

WORKER = [sys.executable, "-m", "mser.crossval.worker"]
SERVE = "serve"
_IMPORTED = ("mser.crossval.plan", "mser.crossval.fold")
"""What every worker needs; nothing of it begins to compute or asks a GPU."""
_TICK = 0.05  # seconds until a worker's end is noticed


class Worker:
    """A worker that a server was asked for.

    Args:
        server: that was asked.
        number: of the request.
    """

    def __init__(self, server: ForkServer, number: int) -> None:
        self._server, self._number = server, number

    def code(self) -> int | None:
        """Return None while it runs, then its exit code; -N where signal N ended it."""
        self._server.listen()
        if self._number in self._server.codes or not self._server.gone:
            return self._server.codes.get(self._number)
        if (pid := self._server.pids.get(self._number)) is None:
            return 1  # the server could not even import; its errors say why
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # nobody can tell any more when it ends
        return self._server.codes.setdefault(self._number, -signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send it a signal, as soon as there is somebody to send it to."""
        while self._number not in self._server.pids and not self._server.gone:
            time.sleep(_TICK)
            self._server.listen()
        if self.code() is None:
            os.kill(self._server.pids[self._number], number)


class ForkServer:
    """Starts workers; the first begins when everything is imported.

    Args:
        threads: ``OMP_NUM_THREADS`` of each worker.

    Attributes:
        pids: of the workers that have begun, by the number of their request.
        codes: the exit codes of those that ended.
        gone: whether the server itself has ended.
    """

    def __init__(self, threads: str) -> None:
        # NVML counts GPUs without the driver, which does not survive a fork.
        self._environment = {"OMP_NUM_THREADS": threads, "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked, self._unread = 0, b""
        self.pids: dict[int, int] = {}
        self.codes: dict[int, int] = {}
        self.gone = False

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and what it started."""
        if self._process is None:
            return
        self._process.kill()
        while not self.gone:
            time.sleep(_TICK)
            self.listen()
        for number in range(1, self._asked + 1):
            Worker(self, number).code()
        self._process.communicate()

    def start(self, arguments: Sequence[str], out: Path, errors: Path, variables: Mapping[str, str]) -> Worker:
        """Ask for a worker, which is there shortly.

        Args:
            arguments: of `mser.crossval.worker`.
            out: file that what it prints is added to.
            errors: file that its errors are added to; may be the same.
            variables: all of its environment, but for what the server sets.
        """
        self._process = self._process or self._begun(errors)
        self._asked += 1
        request = {"number": self._asked, "arguments": list(arguments), "out": str(out), "errors": str(errors),
                   "variables": {**variables, **self._environment}}  # fmt: skip
        try:
            self._pipe("stdin").write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            self.gone = True
        return Worker(self, self._asked)

    def listen(self) -> None:
        """Note what the server has said of its workers since."""
        while not self.gone and select.select([self._pipe("stdout")], [], [], 0)[0]:
            read = os.read(self._pipe("stdout").fileno(), 1 << 16)
            self.gone = not read
            *lines, self._unread = (self._unread + read).split(b"\n")
            for number, pid, code in map(json.loads, lines):
                if code is None:
                    self.pids[number] = pid
                else:
                    self.codes[number] = code

    def _begun(self, errors: Path) -> subprocess.Popen[bytes]:
        with errors.open("ab") as file:
            # Its own session: Ctrl-C in the terminal reaches the workers once, through us, and not twice.
            return subprocess.Popen([*WORKER, SERVE], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=file, env={**os.environ, **self._environment},
                                    start_new_session=True)  # fmt: skip

    def _pipe(self, name: str) -> IO[bytes]:
        pipe: IO[bytes] = getattr(self._process, name)
        return pipe


def serve(work: Callable[[list[str]], int]) -> None:
    """Split off workers as they are asked for on standard input, until no more are wanted.

    Args:
        work: what each does with its arguments; returns its exit code.
    """
    requests, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.dup(1)
    os.dup2(2, 1)  # what an import prints is no answer
    forks = sys.platform == "linux"
    numbers: dict[int, int] = {}
    while True:
        if select.select([requests], [], [], _TICK)[0]:
            line = requests.readline()
            if not line:
                return
            request = json.loads(line)
            for module in _IMPORTED if forks else ():
                import_module(module)
            pid = os.fork() if forks else _spawned(request)
            if pid == 0:
                requests.close()
                os.close(answers)
                _live(request, work)
            numbers[pid] = request["number"]
            os.write(answers, json.dumps([request["number"], pid, None]).encode() + b"\n")
        for pid, code in _ended(numbers):
            os.write(answers, json.dumps([numbers.pop(pid), pid, code]).encode() + b"\n")


def _ended(pids: Mapping[int, int]) -> list[tuple[int, int]]:
    ended = [os.waitpid(pid, os.WNOHANG) for pid in pids]
    return [(pid, os.waitstatus_to_exitcode(status)) for pid, status in ended if pid]


_ADDED = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def _live(request: Mapping[str, Any], work: Callable[[list[str]], int]) -> NoReturn:
    """Make this process the worker that was asked for, to its end."""
    code = 1
    try:
        code = work(_become(request))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        # No further: at its end ONNX Runtime, which torchmetrics imports, waits for a thread that no fork has.
        os._exit(code)


def _become(request: Mapping[str, Any]) -> list[str]:
    """Give this process the standard streams, variables and arguments that were asked for, and return the last."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(request["out"], _ADDED, 0o666), 1)
    os.dup2(os.open(request["errors"], _ADDED, 0o666), 2)
    os.environ.clear()
    os.environ.update(request["variables"])
    sys.argv[1:] = request["arguments"]  # what Lightning starts further processes with
    return sys.argv[1:]


def _spawned(request: Mapping[str, Any]) -> int:
    """Start the worker anew and return its process."""
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, request["out"], _ADDED, 0o666),
        (os.POSIX_SPAWN_OPEN, 2, request["errors"], _ADDED, 0o666),
    ]
    command, variables = [*WORKER, *request["arguments"]], request["variables"]
    return os.posix_spawn(command[0], command, variables, file_actions=files, setpgroup=0)
