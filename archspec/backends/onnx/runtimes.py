"""What each onnxruntime runs: the last opset and IR version of its releases.

Measured: each release was given models of every opset and IR version, and every op of this package at each opset that
it took; all patch releases of one version agree. Its own page, which ends at 1.20, says the same but for 1.15:
https://onnxruntime.ai/docs/reference/compatibility.html has IR 8 for it, where it takes 9, and opset 19, of which it
lacks a third of the kernels. `onnx.helper.VERSION_TABLE` tells which release of ONNX brought which.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archspec.diagnostics import in_words, near


class Runtime(NamedTuple):
    """A version of onnxruntime: the last opset of ai.onnx that it has the kernels for, and the last IR version that it
    reads."""

    version: str
    opset: int
    ir_version: int

    @property
    def target(self) -> str:
        """What a command line calls it."""
        return f"ort-{self.version}"


RUNTIMES = (
    Runtime("1.15", 18, 9),
    Runtime("1.16", 19, 9),
    Runtime("1.17", 20, 9),
    Runtime("1.18", 21, 10),
    Runtime("1.19", 21, 10),
    Runtime("1.20", 21, 10),
    Runtime("1.21", 22, 10),
    Runtime("1.22", 22, 10),
    Runtime("1.23", 23, 11),
    Runtime("1.24", 25, 13),
    Runtime("1.25", 26, 13),
    Runtime("1.26", 26, 13),
    Runtime("1.27", 26, 13),
    Runtime("1.28", 26, 13),
    Runtime("1.29", 26, 13),
    Runtime("1.30", 26, 13),
    Runtime("1.31", 26, 13),
)
LATEST = RUNTIMES[-1]


class UnknownTarget(Exception):
    """No runtime of the table is called this."""


def runtime_of(target: str) -> Runtime:
    """The runtime of `ort-1.20` or `ort-latest`. Raises UnknownTarget."""
    known = {"ort-latest": LATEST, **{runtime.target: runtime for runtime in RUNTIMES}}
    if target not in known:
        ends = f"{RUNTIMES[0].target} to {LATEST.target}"
        message = f"there is no target `{target}`: choose one of {ends}, or ort-latest"
        meant = [] if re.fullmatch(r"ort-\d+\.\d+", target) else near(target, known)  # versions are all alike
        raise UnknownTarget("; ".join([message, *in_words(meant)]))
    return known[target]


def first_with(opset: int) -> Runtime | None:
    """The oldest runtime that runs an opset, if any does."""
    return next((runtime for runtime in RUNTIMES if runtime.opset >= opset), None)
