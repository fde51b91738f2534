"""The claim on the smallest image: ours is refused just where torch refuses it, at the published size and around it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import nn

from archspec.diagnostics import SpecError
from archspec.verification.finding import Finding
from archspec.verification.subject import Subject

_COMPUTED = 128  # images up to here are run, larger ones on the meta device alone


def same_smallest(subject: Subject) -> Finding:
    """Images of the published `min_size` are taken; those of one pixel less or more just where torch takes them."""
    expected = subject.model.expect.get("min_size")
    figures = {"min_size": expected} if isinstance(expected, int) else {}
    if not subject.builder:
        if not isinstance(expected, int) or not subject.reads_images:
            return Finding(skipped="the zoo expects no smallest image")
        return Finding(_by_itself(subject, expected), figures)
    smallest = {id(subject.variant(entry.weights)): entry for entry in reversed(subject.published)}
    differences = (
        difference
        for entry in smallest.values()
        for difference in _differences(subject.variant(entry.weights), entry.min_size)
    )
    return Finding(next(differences, ""), figures)


def _by_itself(subject: Subject, expected: int) -> str:
    """Of a network without a twin: its file's word for it."""
    for size, wanted in ((expected, True), (expected - 1, False)):
        if size and subject.evaluating.takes((size, size)) != wanted:
            return f"the zoo expects {expected} as the smallest image, and {size} is {'refused' if wanted else 'taken'}"
    return ""


def _differences(subject: Subject, smallest: int) -> Iterator[str]:
    theirs = subject.evaluating.without_values.theirs.eval()
    if smallest <= _COMPUTED:  # torch's kernels refuse more than its meta device does, whatever numbers they read
        theirs = deepcopy(theirs).to_empty(device="cpu")
    for size in filter(None, (smallest, smallest - 1, smallest + 1)):
        taken, by_torch = subject.evaluating.takes((size, size)), _takes(theirs, size)
        if taken != by_torch:
            words = {True: "takes", False: "refuses"}
            yield f"torch {words[by_torch]} an image of {size}x{size}, and ours {words[taken]} it"
        if size == smallest and not taken:
            yield f"the published smallest image, {size}x{size}, is refused"
        if size < smallest and not taken and (bound := _bound(subject)) not in (None, smallest):
            yield f"by its symbols the smallest image is {bound}, and {smallest} by trying"


def _takes(theirs: nn.Module, size: int) -> bool:
    device = next(theirs.parameters()).device
    try:
        with torch.no_grad():
            theirs(torch.zeros(1, 3, size, size, device=device))
    except (RuntimeError, AssertionError, ValueError, IndexError):
        return False
    return True


def _bound(subject: Subject) -> int | None:
    """What symbols tell of the smallest square image, without trying; None where a network is made for one size."""
    try:
        symbols = subject.evaluating.default.with_dynamic("HW").sizes().symbols
    except SpecError:
        return None
    least = [symbols[axis].least for axis in "HW"]
    return max(least) if all(isinstance(size, int) for size in least) else None  # type: ignore[type-var]
