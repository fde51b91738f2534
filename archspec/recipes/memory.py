"""A training that does not fit into the memory of its device: what is told of it."""

from __future__ import annotations

from typing import Protocol

from archspec.diagnostics import Diagnostics
from archspec.recipes.written import Written
from archspec.reports.figures import sized


class Needed(Protocol):
    """The bytes that a training takes: all of them, those that grow with the batch, and what they are, in words."""

    @property
    def total(self) -> int: ...
    @property
    def activations(self) -> int: ...
    @property
    def parts(self) -> str: ...


def check_memory(written: Written, needed: Needed, there: int, diagnostics: Diagnostics) -> None:
    """Warn where a training takes more bytes than there are, and say what batches would fit."""
    if needed.total <= there:
        return
    size, fixed = written.recipe.batch_size, needed.total - needed.activations
    fitting = size * (there - fixed) // needed.activations if there > fixed else 0
    batches = f"batches of {fitting} would fit" if fitting else "no batch would fit"
    place = written.span("batch_size") if written.says("batch_size") else written.span("model", "target")
    message = f"the training takes about {sized(needed.total)}, and there are {sized(there)} of memory"
    diagnostics.add("A411", message, place, notes=[needed.parts], helps=[batches])
