"""How each claim is held, and of which variants of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from archspec.verification.checkpoints import same_when_published
from archspec.verification.counts import same_counts
from archspec.verification.exported import same_when_exported
from archspec.verification.finding import Finding
from archspec.verification.initial import same_initial
from archspec.verification.outputs import same_outputs
from archspec.verification.shapes import same_shapes
from archspec.verification.smallest import same_smallest
from archspec.verification.state import same_state
from archspec.verification.subject import Subject
from archspec.verification.training import same_training


class Claim(NamedTuple):
    """How it is found out whether a claim holds; `alone`: also of a network that has no twin."""

    hold: Callable[[Subject], Finding]
    variants: Callable[[Subject], list[Subject]]
    alone: bool = False


def _itself(subject: Subject) -> list[Subject]:
    return [subject]


def _every(subject: Subject) -> list[Subject]:
    return subject.variants


def _different(subject: Subject) -> list[Subject]:
    """Those that compute something else than the network itself does for smaller images."""
    return [variant for variant in subject.variants if variant is subject or not variant.is_resized]


HELD = {
    "counts": Claim(same_counts, _itself, alone=True),  # by itself of all weights
    "state": Claim(same_state, _every),
    "shapes": Claim(same_shapes, _every, alone=True),
    "smallest": Claim(same_smallest, _itself, alone=True),  # likewise
    "initial": Claim(same_initial, _itself),
    "outputs": Claim(same_outputs, _different),
    "training": Claim(same_training, _different),
    "onnx": Claim(same_when_exported, _itself, alone=True),
    "published": Claim(same_when_published, _itself),  # likewise
}
