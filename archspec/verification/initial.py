"""The claim on initialisation: fresh tensors are drawn from the same distributions."""

from __future__ import annotations

from math import log, sqrt

import torch
from torch import Tensor

from archspec.verification.finding import Finding
from archspec.verification.subject import Subject

_SAMPLE = 2**16  # of larger tensors, so many numbers evenly spread
_FEW = 32  # numbers, of which mean and deviation tell little
# Two samples of one distribution go beyond each of these bounds about once in 10^9 times.
_DEVIATIONS = 7.0
_DISTANCE = sqrt(-log(1e-9 / 2))  # of the two distribution functions, for two samples of one number
_EXTREMES = 32  # of both samples together, which come from both


def same_initial(subject: Subject) -> Finding:
    """Constants equal; of all else mean, spread, the whole distribution and its extremes alike, tensor by tensor."""
    ours, theirs = (module.state_dict() for module in subject.fresh)
    constant = 0
    for key, expected in theirs.items():
        found = ours[key]
        if _is_constant(expected):
            constant += 1
            difference = _constants(found, expected)
        else:
            difference = _distributions(_sample(found), _sample(expected))
        if difference:
            return Finding(f"{key} {difference}")
    return Finding(figures={"constant": constant, "drawn": len(theirs) - constant})


def _is_constant(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or tensor.numel() < 2 or bool((tensor == tensor.flatten()[0]).all())


def _constants(found: Tensor, expected: Tensor) -> str:
    if torch.equal(found, expected):
        return ""
    if not _is_constant(found):
        return f"starts at random, and at {expected.flatten()[0]:.6g} in torchvision's module"
    return f"starts at {found.flatten()[0]:.6g}, and at {expected.flatten()[0]:.6g} in torchvision's module"


def _sample(tensor: Tensor) -> Tensor:
    flat = tensor.detach().flatten()
    if len(flat) > _SAMPLE:
        flat = flat[:: len(flat) // _SAMPLE][:_SAMPLE]
    return flat.double()


def _distributions(found: Tensor, expected: Tensor) -> str:
    if _is_constant(found):
        return f"starts at {found[0]:.6g}, and at random in torchvision's module"
    count = len(found)
    (spread, mean), (their_spread, their_mean) = (torch.std_mean(each) for each in (found, expected))
    if count >= _FEW and abs(mean - their_mean) > _DEVIATIONS * (spread**2 + their_spread**2).sqrt() / sqrt(count):
        return f"starts with mean {mean:.3g}, and with {their_mean:.3g} in torchvision's module"
    if count >= _FEW and abs((spread / their_spread).log()) > _DEVIATIONS / sqrt(count):
        return f"starts with deviation {spread:.4g}, and with {their_spread:.4g} in torchvision's module"
    if _distance(found, expected) > _DISTANCE / sqrt(count):
        return "starts with another distribution than in torchvision's module"
    mine, other = ((each - their_mean).abs() for each in (found, expected))
    if _one_sided(mine, other):
        return f"starts up to {mine.max():.4g} from its mean, and up to {other.max():.4g} in torchvision's module"
    return ""


def _distance(found: Tensor, expected: Tensor) -> float:
    """The largest distance between the two distribution functions: the statistic of Kolmogorov and Smirnov, for two
    samples of one number. Numbers that both hold, of which there are few, are taken in either order."""
    order = torch.cat([found, expected]).argsort()
    steps = torch.where(order < len(found), 1, -1)
    return float(steps.cumsum(0).abs().max() / len(found))


def _one_sided(found: Tensor, expected: Tensor) -> bool:
    """Whether the largest numbers of both samples together all come from one of them."""
    count = min(_EXTREMES, len(found))
    largest, other = (each.topk(count).values for each in (found, expected))
    return count == _EXTREMES and bool((largest[-1] > other[0]) | (other[-1] > largest[0]))
