"""One mutant checked, in this process: what the command said, what it took, and how far it came."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from archspec import cli, compilation
from archspec.compilation import Compilation
from archspec.diagnostics import Diagnostic, Severity
from archspec.elaborate import network
from archspec.elaborate.state import State
from archspec.graph import Graph
from tests.proof.front_corpus import Base, files, lay_out
from tests.proof.front_mutants import Mutant

MEMORY = Path("/proc/self/status")


@dataclass
class Outcome:
    """What became of a mutant: what was checked, the bytes of the mutant, the run of the command, what it compiled."""

    target: str
    data: bytes
    code: object = None
    printed: str = ""
    complaints: str = ""
    error: BaseException | None = None
    seconds: float = 0.0
    megabytes: float = 0.0
    read: bool = False
    layers: int = 0
    compilation: Compilation | None = None
    items: tuple[Diagnostic, ...] = ()

    @property
    def graph(self) -> Graph | None:
        return self.compilation.graph if self.compilation else None

    @property
    def errors(self) -> list[Diagnostic]:
        return [item for item in self.items if item.severity is Severity.ERROR]

    @property
    def stage(self) -> str:
        """How far it came: a spec is elaborated once one of its layers, or of a block's, has been."""
        if self.layers:
            return "errors" if self.errors else "warnings" if self.items else "clean"
        groups = {item.code.name[:2] for item in self.errors}
        if groups & {"A0", "A6"}:
            return "bytes refused"
        return "document refused" if self.read or "A1" not in groups else "YAML refused"


STAGES = ("bytes refused", "YAML refused", "document refused", "errors", "warnings", "clean")
ELABORATED = STAGES[3:]


@dataclass
class _Seen:
    """What the last compilation was, though the command only prints it."""

    states: list[State] = field(default_factory=list)
    compilations: list[Compilation] = field(default_factory=list)


@contextmanager
def workplace() -> Iterator[None]:
    """A folder of all files to break, to stand in."""
    before = Path.cwd()
    in_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="front-", dir=in_memory if in_memory.is_dir() else None) as folder:
        lay_out(Path(folder))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


@contextmanager
def standing_in(mutant: Mutant) -> Iterator[None]:
    """While a mutant has the place of its base's file, in that file's folder."""
    base, before = mutant.base, Path.cwd()
    os.chdir(base.folder)
    path = Path(base.mutated)
    path.write_bytes(mutant.data)
    try:
        yield
    finally:
        path.write_bytes(files()[base.folder][base.mutated].encode("utf-8", errors="surrogateescape"))
        os.chdir(before)


def check(base: Base, data: bytes) -> Outcome:
    """`archspec check` of what stands in the place of a base's file; `data` is that file's."""
    with _watched() as seen:
        outcome = Outcome(base.target, data, *command(["check", base.target, *base.settings]))
    if seen.compilations:
        outcome.compilation = found = seen.compilations[0]
        outcome.items, outcome.read = tuple(found.diagnostics), found.target.spec is not None
    outcome.layers = sum(state.layer_count for state in seen.states)
    return outcome


class Ran(NamedTuple):
    """One run of the command: its exit code, what it printed, what it raised, seconds of CPU time, and megabytes more
    than before at its peak."""

    code: object
    printed: str
    complaints: str
    error: BaseException | None
    seconds: float
    megabytes: float


def command(arguments: list[str]) -> Ran:
    """Run the command in this process."""
    before = sys.stdout, sys.stderr
    out, err = _stream(), _stream()
    sys.stdout, sys.stderr = out, err
    code, raised = None, None
    base = _start_of_memory()
    start = process_time()
    try:
        code = cli.main(arguments)
    except (Exception, SystemExit) as error:
        raised = error
    finally:
        seconds = process_time() - start
        sys.stdout, sys.stderr = before
    return Ran(code, _text(out), _text(err), raised, seconds, max(0.0, _memory("VmHWM") - base))


@contextmanager
def _watched() -> Iterator[_Seen]:
    """Keep what the command compiles: it prints no graph, and takes apart those of which it has no more to say."""
    seen = _Seen()
    compile_target, state, take_apart = compilation.compile_target, network.State, Graph.take_apart

    def kept_compilation(*args: Any, **more: Any) -> Compilation:
        seen.compilations.append(compile_target(*args, **more))
        return seen.compilations[-1]

    def kept_state(*args: Any, **more: Any) -> State:
        seen.states.append(state(*args, **more))
        return seen.states[-1]

    compilation.compile_target, network.State = kept_compilation, kept_state  # type: ignore[assignment, misc]
    Graph.take_apart = _kept_whole  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        compilation.compile_target, network.State = compile_target, state  # type: ignore[misc]
        Graph.take_apart = take_apart  # type: ignore[method-assign]


def _kept_whole(self: Graph) -> None:
    """In the place of what takes a graph apart."""


def _stream() -> io.TextIOWrapper:
    """As strict as a terminal's."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


@cache
def _can_reset_peak() -> bool:
    return os.access("/proc/self/clear_refs", os.W_OK)


def _start_of_memory() -> float:
    """Forget the process's peak; megabytes of now. Where the system keeps none, nothing is measured."""
    if not _can_reset_peak():
        return float("inf")
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(what: str) -> float:
    if not _can_reset_peak():
        return 0.0
    found = re.search(rf"{what}:\s+(\d+) kB", MEMORY.read_text())
    return int(found[1]) / 1000 if found else 0.0
