"""The claim on state: the same tensors under the same keys in the same order, and strict loading both ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeAlias

from torch import Tensor, nn

from archspec.verification.finding import Finding
from archspec.verification.subject import Pair, Subject

Fact: TypeAlias = tuple[str, ...]


def same_state(subject: Subject) -> Finding:
    """Keys, shapes and dtypes in order, the parameters and buffers among them, and what torch writes beside them."""
    ours, theirs = subject.without_values
    return Finding(states_differ(ours, theirs), {"tensors": len(theirs.state_dict())})


def states_differ(ours: nn.Module, theirs: nn.Module) -> str:
    """How the states of two modules differ, if they do."""
    return next(filter(None, _differences(Pair(ours, theirs))), "")


def _differences(pair: Pair) -> Iterable[str]:
    for what, listed in (("parameter", nn.Module.named_parameters), ("buffer", nn.Module.named_buffers)):
        yield _first(what, *(list(map(_described, listed(module))) for module in pair))
    yield _first("tensor", *(list(map(_described, module.state_dict().items())) for module in pair))
    yield _first("version", *(_versions(module) for module in pair))
    yield _loads(pair.ours, pair.theirs, "ours", "torchvision's")
    yield _loads(pair.theirs, pair.ours, "torchvision's", "ours")


def _described(item: tuple[str, Tensor]) -> Fact:
    key, tensor = item
    sizes = "x".join(map(str, tensor.shape)) or "one number"
    frozen = () if tensor.requires_grad or not isinstance(tensor, nn.Parameter) else ("frozen",)
    return (key, sizes, str(tensor.dtype).removeprefix("torch."), *frozen)


def _first(what: str, ours: Sequence[Fact], theirs: Sequence[Fact]) -> str:
    for place, (mine, other) in enumerate(zip_longest(ours, theirs)):
        if mine != other:
            said = [" ".join(fact) if fact else "nothing" for fact in (mine, other)]
            return f"{what} {place} is {said[0]}, and torchvision's {said[1]}"
    return ""


def _versions(module: nn.Module) -> list[Fact]:
    """What is written about the age of checkpoints, of the network and of each layer that owns tensors."""
    state = module.state_dict()
    owners = {"", *(key.rpartition(".")[0] for key in state)}
    metadata = getattr(state, "_metadata", {})
    return [(path or "the network", str(metadata[path].get("version"))) for path in sorted(owners) if path in metadata]


def _loads(source: nn.Module, into: nn.Module, whose: str, other: str) -> str:
    try:
        into.load_state_dict(source.state_dict(), strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).splitlines()[1:2]).strip()
        return f"{whose} state does not load into {other} module: {reason or error}"
    return ""
