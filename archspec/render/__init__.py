"""Diagnostics as people, programs and services read them: text, JSON, GitHub annotations, SARIF.

Every form takes what was checked, in order: pairs of a target's path and its diagnostics. Each is loaded when it is
first used: most specs have no mistakes, and for them the last line is all there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.diagnostics import Diagnostic, Severity
from archspec.render.characters import BOLD as BOLD
from archspec.render.characters import DIM as DIM
from archspec.render.characters import cells as cells
from archspec.render.characters import paint as paint
from archspec.render.characters import printable as printable

if TYPE_CHECKING:
    from archspec.render.code_scanning import sarif as sarif
    from archspec.render.services import github as github
    from archspec.render.services import json_ as json_
    from archspec.render.terminal import text as text

Checked: TypeAlias = Sequence[tuple[str, Sequence[Diagnostic]]]

_HOMES = {"text": "terminal", "json_": "services", "github": "services", "sarif": "code_scanning"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def tally(checked: Checked) -> str:
    """The last line for people: how many errors and warnings there are, and where."""
    of_each = Counter(item.severity for _, items in checked for item in items)
    counts = ", ".join(count(of_each[severity], str(severity)) for severity in Severity if of_each[severity])
    afflicted = sum(bool(items) for _, items in checked)
    every = len(checked)
    if every == 1:
        return f"{counts or 'no mistakes'} in {printable(checked[0][0])}"
    return f"{counts} in {afflicted} of {every} files" if counts else f"no mistakes in {every} files"


def count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
