"""Stands for mser.crossval.worker where only its company is tested: quick, and told by the fit options what to do.

``fold`` counts to three, a line of log each, saving itself where it is; SIGTERM ends it in between. What is in
RUN/config.yaml says whether a fold fails (``fail: 2``), dies (``die: 2``) or takes long (``long: true``).
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import yaml

from mser.crossval import fork_server
from mser.manifest import Manifest


def plan(run, options):
    asked = ["checkpoint: {monitor: val/ua}", "model: {text: null}", *options]
    (run / "config.yaml").write_text("\n".join(asked))
    Manifest("iemocap", run, ()).write(run / "manifest.jsonl")
    known = {"corpus": "iemocap", "terms": {"language": "en"}, "audit": {}, "folds": [{"number": 1}, {"number": 2}]}
    (run / "protocol.json").write_text(json.dumps(known))


def fold(run, number, seed):
    folder, wanted = run / f"seed{seed}/fold{number}", yaml.safe_load((run / "config.yaml").read_text()) or {}
    state = folder / "state"
    count = int(state.read_text()) if state.exists() else 0
    print(f"from {count} as {os.environ.get('WANDB_RUN_GROUP')} in {os.getcwd()}", flush=True)
    if wanted.get("fail") == number:
        print("mser: error: this fold is not to be", flush=True)
        raise SystemExit(2)
    if wanted.get("die") == number:
        os.kill(os.getpid(), signal.SIGKILL)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    while count < 3:
        count += 1
        state.write_text(str(count))
        (folder / "begun").touch()
        while wanted.get("long") and count == 2 and not asked:
            time.sleep(0.05)
        if asked:
            print("saved", flush=True)
            raise SystemExit(143)
    (folder / "metrics.json").write_text(json.dumps({"val": {"ua": number / 4}}))


def main(arguments):
    if arguments == [fork_server.SERVE]:
        fork_server._IMPORTED = ()
        fork_server.serve(main)
        return 0
    task, place, *rest = arguments
    if task == "plan":
        plan(Path(place), rest)
    else:
        fold(Path(place), int(rest[0]), int(rest[1]))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    raise SystemExit(main(sys.argv[1:]))
