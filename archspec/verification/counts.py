"""The claim on counts: parameters and multiply-adds of every published entry, and what the zoo's file expects."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.flop_counter import FlopCounterMode

from archspec.dims import Dim
from archspec.verification.finding import Figure, Finding
from archspec.verification.subject import Subject
from archspec.verification.twins import Published


def same_counts(subject: Subject) -> Finding:
    """Equal to the published ones, MACs to their three decimals; and the MACs equal to what torch counts itself in
    the twin, to the last one."""
    summary = subject.default.summary()
    figures: dict[str, Figure] = {
        "params": summary.weights.parameters,
        "input": _written(summary.inputs[subject.default.inputs[0].name].shape[1:]),
        "receptive_field": _written(_field(subject)),
        "weights": len(subject.published),
    }
    if isinstance(summary.macs, int):
        figures["gmacs"] = summary.macs / 1e9
    return Finding(next(_differences(subject), ""), figures)


def _differences(subject: Subject) -> Iterator[str]:
    for entry in subject.published:
        yield from _published(subject.variant(entry.weights), entry)
    yield from _expected(subject)
    if subject.builder:
        yield from _counted(subject)


def _published(variant: Subject, entry: Published) -> Iterator[str]:
    if variant.own_size != (entry.image_size, entry.image_size):
        size = _written(variant.own_size)
        yield f"{entry.weights} were trained for images of {entry.image_size}, and the network is for {size}"
    params, gmacs = _counts(variant)
    if params != entry.params:
        yield f"{entry.weights} have {entry.params:,} parameters, and the network {params:,}"
    if gmacs != entry.gmacs:
        yield f"{entry.weights} are said to take {entry.gmacs} GMACs, and the network takes {gmacs}"


def _expected(subject: Subject) -> Iterator[str]:
    """What the zoo's file says: of the default weights and their args, or of a network that has no twin."""
    expect = subject.model.expect
    if subject.published:
        _, params, gmacs, min_size, _ = subject.published[0]
        published = {"params": params, "gmacs": gmacs, "min_size": min_size}
        differing = [fact for fact in {**published, **expect} if published.get(fact) != expect.get(fact)]
        for fact in differing:
            yield f"the zoo expects {fact} {expect.get(fact)}, and published is {published.get(fact)}"
        return
    default = [*subject.model.files][-1] if subject.model.files else ""  # the newest of a collection's own
    for fact, found in zip(("params", "gmacs"), _counts(subject.variant(default)), strict=True):
        if expect.get(fact, found) != found:
            yield f"the zoo expects {fact} {expect[fact]}, and the network has {found}"


def _counted(subject: Subject) -> Iterator[str]:
    theirs = subject.without_values.theirs.eval()
    with FlopCounterMode(display=False) as counter:
        theirs(torch.empty(1, 3, *subject.own_size, device="meta"))
    counted, macs = counter.get_total_flops() // 2, subject.default.summary().macs
    if macs != counted:
        yield f"torch counts {counted:,} MACs in torchvision's module, and the network has {macs:,}"


def _counts(subject: Subject) -> tuple[int, float | None]:
    """Parameters, and GMACs to three decimals where they do not depend on open sizes."""
    summary = subject.default.summary()
    return summary.weights.parameters, round(summary.macs / 1e9, 3) if isinstance(summary.macs, int) else None


def _field(subject: Subject) -> tuple[Dim, ...]:
    """The largest receptive field of all layers that do not see the whole image."""
    known = [layer.receptive_field for layer in subject.default.summary().layers]
    sizes = [field for field in known if isinstance(field, tuple) and all(isinstance(size, int) for size in field)]
    return max(sizes, key=lambda field: [int(str(size)) for size in field], default=())


def _written(sizes: tuple[Dim, ...]) -> str:
    return "x".join(map(str, sizes))
