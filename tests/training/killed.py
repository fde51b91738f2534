"""Trainings that are killed and go on: one process that has loaded everything, and a child of it for each.

`python killed.py FOLDER` prints what became of each, as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from safetensors import numpy

from archspec import cli, staging
from archspec.training import keeping
from tests.children import run_in_child

SPEC = """archspec: 1
name: small
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  flatten: Flatten
  dropout: {op: Dropout, p: 0.3}
  fc: {op: Linear, out_features: 3}
"""
RECIPE = """recipe: 1
model: ./net.yaml
data: {source: fake, samples: 64}
batch_size: 16
optimizer: {name: AdamW, lr: 1e-2}
schedule: cosine
augmentation: {flip: 0.5, mixup: 0.2}
ema: {decay: 0.9}
stages:
  - {epochs: 2, train: ["fc"]}
  - {epochs: 2}
"""
EPOCHS = 4
_CHANGES = ("mkdir", "rename", "replace", "rmdir", "unlink", "write")  # of a folder
_RUN = Path("run")

At: TypeAlias = Callable[[int, str], object]


class Watch:
    """What the interpreter does to files, event by event, before and after; and each step of an optimizer."""

    def __init__(self, at: At) -> None:
        self._count = 0
        self._at = at

    def __call__(self, frame: FrameType, event: str, function: Any) -> None:
        name = function.__name__ if event.startswith("c_") else frame.f_code.co_name
        wanted = event.startswith("c_") and name in _CHANGES
        if (wanted and _RUN.exists()) or (event, name) == ("call", "learn"):
            self._count += 1
            self._at(self._count, f"{event} {name}")


def child(words: Sequence[str], at: At | None = None, prepare: Callable[[], object] = int) -> tuple[int, str]:
    """Run a command in a child, which is watched and prepared."""
    return run_in_child(words, Watch(at) if at is not None else None, prepare)


def tensors() -> dict[str, bytes]:
    """The bytes of every tensor that a run keeps."""
    files = [_RUN / "model.safetensors", *sorted((_RUN / "last").glob("*.safetensors"))]
    return {
        f"{file.relative_to(_RUN)} {key}": array.tobytes()
        for file in files
        for key, array in numpy.load_file(file).items()
    }


def epochs_kept() -> int:
    state = json.loads((_RUN / "last" / "state.json").read_text(encoding="utf-8"))
    return len(state["epochs"])


TRAIN, RESUME = ("train", "recipe.yaml", "-o", "run"), ("train", "--resume", "run")


def killed(moments: int) -> Iterator[dict[str, Any]]:
    """What becomes of trainings that get a signal, and then go on."""
    found: list[tuple[int, str]] = []
    events = Path("events")
    code, said = child(TRAIN, lambda number, label: events.open("a").write(f"{number} {label}\n"))
    assert code == 0, said
    whole = tensors()
    for line in events.read_text(encoding="utf-8").splitlines():
        number, label = line.split(" ", 1)
        found.append((int(number), label))
    moves = [each for each in found if each[1].endswith(("rename", "replace"))]
    between = [each for each in found if each[1] == "c_call rename"][2]  # of what was kept last, and what is to be
    for number, label in sorted({*_some(found, moments), *_some(moves, moments), between}):
        shutil.rmtree(_RUN)
        dead, _ = child(TRAIN, lambda count, _, k=number: count == k and os.kill(os.getpid(), signal.SIGKILL))
        has_begun = (_RUN / "recipe.yaml").exists() and ((_RUN / "last").exists() or any(_RUN.glob(".last.*/before")))
        code, said = child(RESUME)
        left = sorted(path.name for path in _RUN.rglob(".*"))
        yield {
            "moment": f"{number} {label}",
            "killed": dead,
            "begun": has_begun,
            "code": code,
            "said": said,
            "same": code == 0 and tensors() == whole,
            "left": left,
        }


def _some(found: Sequence[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    return [found[k * len(found) // count] for k in range(count)]


def signalled() -> Iterator[dict[str, Any]]:
    """What can be caught, in the middle of the third epoch."""
    for number in (signal.SIGINT, signal.SIGTERM):
        shutil.rmtree(_RUN)
        steps: list[str] = []

        def at(_: int, label: str, number: int = number, steps: list[str] = steps) -> None:
            steps.append(label)
            if label == "call learn" and steps.count(label) == 9:
                os.kill(os.getpid(), number)

        code, said = child(TRAIN, at)
        yield {"signal": number, "code": code, "said": said, "kept": epochs_kept()}


def limited() -> dict[str, Any]:
    """What becomes of a training that may not write large files from some moment on."""
    shutil.rmtree(_RUN)

    def at(_: int, label: str) -> None:
        if label == "c_return rename" and (_RUN / "last" / "state.json").exists() and epochs_kept() == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))

    code, said = child(TRAIN, at)
    result = {"code": code, "said": said, "kept": epochs_kept(), "left": sorted(p.name for p in _RUN.rglob(".*"))}
    code, _ = child(RESUME)
    return {**result, "resumed": code}


def everything() -> dict[str, Any]:
    staging._BIRTH_S = 0  # no other process writes here
    Path("net.yaml").write_text(SPEC, encoding="utf-8")
    Path("recipe.yaml").write_text(RECIPE, encoding="utf-8")
    with open(os.devnull, "w", encoding="utf-8") as sys.stdout:
        assert cli.main(["train", "recipe.yaml", "-o", "warm"]) == 0  # which loads all that a training needs
    sys.stdout = sys.__stdout__
    keeping.draw = lambda *_: b""  # a picture takes as long as all the rest
    gc.freeze()
    kills = [*killed(5)]
    return {"kills": kills, "signals": [*signalled()], "limited": limited()}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs are started without
    os.chdir(sys.argv[1])
    print(json.dumps(everything()))
