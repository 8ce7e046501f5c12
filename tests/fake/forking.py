"""One process that has imported everything, for all cross-validations of a test process in the same surroundings."""

import os
from pathlib import Path

from mser.crossval import fork_server
from mser.crossval.fork_server import ForkServer

_servers = {}


class LentForkServer:
    """Stands for a `ForkServer` in a command: lends one that is kept, and ends it only where a worker still runs."""

    def __init__(self, threads):
        variables = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self._key = threads, *fork_server.WORKER, Path.cwd(), *sorted(variables.items())
        self._workers = []

    def __enter__(self):
        self._server = _servers.setdefault(self._key, ForkServer(self._key[0]))
        return self

    def start(self, *request):
        self._workers.append(self._server.start(*request))
        return self._workers[-1]

    def __exit__(self, *error):
        if self._server.gone or any(worker.code() is None for worker in self._workers):
            _servers.pop(self._key).__exit__(*error)


def end_all():
    while _servers:
        _servers.popitem()[1].__exit__(None, None, None)
