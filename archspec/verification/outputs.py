"""The claim on outputs: in evaluation mode equal to the last bit, with weights under which that means something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archspec.verification.finding import Finding
from archspec.verification.subject import Subject, images

_FLAT = 0.01  # a standard deviation below this tells nothing of a network
_DEAF = 1e-4  # nor does an output that moves less from image to image


def same_outputs(subject: Subject) -> Finding:
    """Outputs by name at each size, for images that they tell apart."""
    figures = {"sizes": ", ".join(f"{height}x{width}" for height, width in subject.sizes)}
    for height, width in subject.sizes:
        if difference := outputs_differ(*subject.calibrated, images((height, width))):
            return Finding(f"at {height}x{width}: {difference}", figures)
    return Finding(figures=figures)


def outputs_differ(ours: nn.Module, theirs: nn.Module, *inputs: Tensor, telling: bool = True) -> str:
    """How the outputs of two modules differ in evaluation mode, if they do. With `telling`, that they are no more than
    noise is a difference too."""
    with torch.inference_mode():  # each on inputs of its own, which an operation in place may change
        found, expected = (named(module.eval()(*(each.clone() for each in inputs))) for module in (ours, theirs))
    return _difference(found, expected) or (_vacuous(expected) if telling else "")


def named(result: Any) -> dict[str, Tensor]:
    """The outputs by name, of a module that gives a tensor, a dict, or a tuple with names; a lone one has none."""
    if isinstance(result, Tensor):
        return {"": result}
    items = result if isinstance(result, Mapping) else result._asdict()
    found = {name.replace("aux_logits", "aux"): tensor for name, tensor in items.items() if tensor is not None}
    return found if len(found) > 1 else {"": next(iter(found.values()))}


def _difference(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    """How outputs by name differ from those of torchvision's module."""
    if list(found) != list(expected):
        return f"the outputs are {', '.join(found)}, and torchvision's {', '.join(expected)}"
    for name, theirs in expected.items():
        ours, what = found[name], f"output {name}" if name else "the output"
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            return f"{what} is {_type(ours)}, and torchvision's {_type(theirs)}"
        if not torch.isfinite(theirs).all():
            return f"{what} of torchvision's module is not finite: nothing is proved"
        if not torch.equal(ours, theirs):
            error = (ours - theirs).norm() / theirs.norm()
            count = int((ours != theirs).sum())
            return f"{what} differs in {count} of {theirs.numel()} numbers, relative L2 {error:.1e}"
    return ""


def _vacuous(expected: Mapping[str, Tensor]) -> str:
    """Why equal outputs prove nothing, if so."""
    for name, output in expected.items():
        if output.std() < _FLAT or (output[0] - output[1]).abs().max() < _DEAF:
            return f"output {name} of torchvision's module hardly depends on the image: nothing is proved"
    return ""


def _type(tensor: Tensor) -> str:
    return f"{'x'.join(map(str, tensor.shape))} {str(tensor.dtype).removeprefix('torch.')}"
