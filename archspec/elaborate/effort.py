"""How many steps an elaboration may take beside making layers, so that no short text costs much time.

A step is an operator or a name of an expression, an item of a list that is gone through, a value that a layer reads.
Every layer pays for some, so that time and memory stay in proportion to the network that a spec describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from archspec.diagnostics import Diagnostics
from archspec.source import Span

FREE_STEPS = 1_000_000
STEPS_PER_LAYER = 100
STEPS_PER_ROUND = 20
"""What one round of a repetition costs, whatever comes of it."""


class TooLarge(Exception):
    """The network passed a limit on its size; reported already."""


@dataclass(slots=True, eq=False)
class Effort:
    """The steps that one elaboration has taken, and those that it may take."""

    diagnostics: Diagnostics
    taken: int = 0
    allowed: int = FREE_STEPS
    at: Span | None = None  # what is being evaluated
    quiet: bool = False  # whether a refusal stays untold: of what is only tried out

    def spend(self, steps: int, at: Span | None = None) -> None:
        """Take steps at a place, or where the last ones were taken. Raises TooLarge."""
        self.taken += steps
        if at is not None:
            self.at = at
        if self.taken > self.allowed and self.at is not None:
            layers = (self.allowed - FREE_STEPS) // STEPS_PER_LAYER
            message = f"more than {self.allowed:,} steps, for a network that has {layers:,} layers so far"
            help = "describe the layers that are there alone, and work out once, with `let`, what they share"
            self.refuse("A606", message, self.at, help, f"the limit is {FREE_STEPS:,}, and {STEPS_PER_LAYER} a layer")

    def refuse(self, code: str, message: str, place: Span, help: str, *notes: str) -> NoReturn:
        """Say why the network is not elaborated any further. Raises TooLarge."""
        if not self.quiet:
            self.diagnostics.add(code, message, place, helps=[help], notes=notes)
        raise TooLarge

    def try_out(self) -> None:
        """From here on, what is elaborated is no part of the network: it has steps of its own, and is left quietly."""
        self.allowed, self.quiet = self.taken + FREE_STEPS, True
