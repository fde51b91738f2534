"""Training: a recipe made ready (`job`), and its epochs one after the other (`loop`); `run` writes what comes of them.

Of the loop's parts, `stages` says what is trained when, `optimization` and `schedules` how, `objective` for what;
`learning` is one step of it, `averaging` keeps the average of the weights, `scores` counts, `memory` estimates, and
`devices` is where it runs.
"""

from __future__ import annotations


class TrainingError(Exception):
    """What stops a training, or keeps it from starting."""


class Diverged(TrainingError):
    """A loss, or weights, that are not finite: nothing of this epoch is of use."""
