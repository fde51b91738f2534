"""Exports that are killed, and exports on a disk that is full: one process that has loaded everything, and a child of
it for each. A child counts what its interpreter does once the export has begun to write, and sends itself a signal at
the event that was asked for.

`python killing.py FOLDER` prints what became of each export, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from archspec import cli, staging
from archspec.backends.onnx import NotOnnxError, files, weights_of
from archspec.cli import printing
from tests.children import run_in_child

SPEC = """archspec: 1
name: small
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 16, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  flatten: Flatten
  fc: {op: Linear, out_features: 40}
"""
MODES = ("alone", "beside", "safetensors")
OLD, NEW = 1, 2  # the seeds of the weights
_OUTPUT = Path("out/net.onnx")
_CALLS = ("mkdir", "chmod", "replace", "unlink", "rmdir")  # they change the folder; and `write`

Event: TypeAlias = tuple[int, str]
At: TypeAlias = Callable[[int, str], object]
Result: TypeAlias = dict[str, Any]


def command(mode: str, seed: int, *, parity: bool = False) -> list[str]:
    """An export whose tensors stand in the file, or beside it."""
    files.LARGEST_FILE = 1 << 10 if mode == "beside" else 1 << 30
    data = "safetensors" if mode == "safetensors" else "auto"
    words = ["export", "net.yaml", "-o", str(_OUTPUT), "--seed", str(seed), "--external-data", data]
    return words if parity else [*words, "--no-parity"]


class Watch:
    """What the interpreter does, event by event, from the moment on that an export makes a folder of its own."""

    def __init__(self, at: At) -> None:
        self._awake = False
        self._count = 0
        self._at = at

    def __call__(self, frame: FrameType, event: str, function: Any) -> None:
        name = function.__name__ if event.startswith("c_") else frame.f_code.co_name
        self._awake |= (event, name) == ("call", "_aside")
        if self._count or (self._awake and (event, name) == ("c_call", "mkdir")):
            self._count += 1
            self._at(self._count, f"{event} {name}")


def child(words: Sequence[str], at: At | None = None, prepare: Callable[[], object] = int) -> tuple[int, str]:
    """Run a command in a child, which is watched and prepared."""
    return run_in_child(words, Watch(at) if at is not None else None, prepare)


def events(words: Sequence[str]) -> list[Event]:
    """All that happens in an export that nothing disturbs."""
    if not os.fork():
        found: list[Event] = []
        sys.setprofile(Watch(lambda number, label: found.append((number, label))))
        with open(os.devnull, "w", encoding="utf-8") as sys.stdout:
            code = cli.main(words)
        sys.setprofile(None)
        Path("events").write_text(json.dumps(found), encoding="utf-8")
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    return [(number, label) for number, label in json.loads(Path("events").read_text(encoding="utf-8"))]


def moments(found: Sequence[Event], calls: int, others: int) -> list[tuple[int, str, bool]]:
    """Before and after so many calls that change the folder, and as many moments as are wanted between the first byte
    and the last rename; and whether each is one of those."""
    changes = [event for event in found if event[1].split()[1] in _CALLS and event[1].startswith("c_")]
    first = next(number for number, label in found if label == "c_return write")
    last = max(number for number, label in found if label == "c_call replace")
    between = [event for event in found if first <= event[0] < last]
    spread = [between[k * len(between) // others] for k in range(others)]
    writes = [event for event in between if event[1] == "c_return write"]
    some = {*_some(changes, calls), *_some(writes, 4), *spread}
    return [(number, label, first <= number < last) for number, label in sorted(some)]


def _some(found: Sequence[Event], count: int) -> list[Event]:
    return list(found) if len(found) <= count else [found[k * len(found) // count] for k in range(count)]


Weights: TypeAlias = Mapping[str, np.ndarray]


def state(known: Mapping[str, Weights]) -> str:
    """What stands at the destination: `absent`, or the name of the weights that it has to the last bit."""
    if not _OUTPUT.exists():
        return "absent"
    try:
        found = weights_of(_OUTPUT)
    except NotOnnxError as error:
        return str(error)
    for name, weights in known.items():
        if found.keys() == weights.keys() and all(np.array_equal(found[key], weights[key]) for key in found):
            return name
    return "a mix"


@contextmanager
def _before(mode: str, *, present: bool) -> Iterator[dict[str, Weights]]:
    """A folder with the old model, or without; what was left in it by earlier exports stays."""
    known: dict[str, Weights] = {}
    for name, seed in (("new", NEW), ("old", OLD)):
        shutil.rmtree("out", ignore_errors=True)
        Path("out").mkdir()
        assert child(command(mode, seed))[0] == 0
        known[name] = {key: array.copy() for key, array in weights_of(_OUTPUT).items()}
    shutil.rmtree("kept", ignore_errors=True)
    shutil.copytree("out", "kept")
    _restore(present)
    yield known


def _restore(present: bool) -> None:
    for file in Path("kept").iterdir():
        if present:
            shutil.copyfile(file, Path("out", file.name))
        else:
            Path("out", file.name).unlink(missing_ok=True)


def _left() -> list[str]:
    """What no export is meant to leave."""
    return sorted(path.name for path in Path("out").iterdir() if not Path("kept", path.name).exists())


def killed(
    mode: str, number: int, *, present: bool = True, parity: bool = False, calls: int, others: int
) -> Iterator[Result]:
    """What becomes of exports that get a signal."""
    with _before(mode, present=present) as known:
        words = command(mode, NEW, parity=parity)
        found = moments(events(words), calls, others)
        for moment, label, partial in found:
            _restore(present)
            code, said = child(words, lambda count, _, k=moment: count == k and os.kill(os.getpid(), number))
            result = {"moment": label, "code": code, "said": said, "state": state(known), "left": _left()}
            yield {"mode": mode, "signal": number, "present": present, "partial": partial, **result}
        code, said = child(words)
        result = {"moment": "end", "code": code, "said": said, "state": state(known), "left": _left()}
        yield {"mode": mode, "signal": 0, "present": present, **result}


def limited(mode: str) -> Iterator[Result]:
    """What becomes of an export that may not write large files."""
    with _before(mode, present=True) as known:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
        code, said = child(command(mode, NEW), prepare=limit)
        yield {"mode": mode, "code": code, "said": said, "state": state(known), "left": _left()}


def everything() -> dict[str, list[Result]]:
    staging._BIRTH_S = 0  # no other process writes here
    printing._PATIENCE_S = 1e6
    Path("net.yaml").write_text(SPEC, encoding="utf-8")
    Path("out").mkdir()
    with open(os.devnull, "w", encoding="utf-8") as sys.stdout:
        for mode in MODES:
            assert cli.main(command(mode, OLD, parity=True)) == 0  # which loads all that an export needs
    sys.stdout = sys.__stdout__
    kills = [
        *killed("alone", signal.SIGKILL, parity=True, calls=8, others=6),
        *killed("beside", signal.SIGKILL, calls=24, others=2),
        *killed("safetensors", signal.SIGKILL, calls=8, others=1),
        *killed("beside", signal.SIGKILL, present=False, calls=6, others=1),
    ]
    signals = [*killed("alone", signal.SIGTERM, calls=0, others=2), *killed("beside", signal.SIGINT, calls=0, others=2)]
    return {"kills": kills, "signals": signals, "limits": [each for mode in MODES for each in limited(mode)]}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs are started without
    os.chdir(sys.argv[1])
    print(json.dumps(everything()))
