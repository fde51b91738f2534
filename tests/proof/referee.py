"""The referee: torch itself, on the CPU and in evaluation mode, made from the arguments as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch

from archspec.types import DType
from tests.proof.draws import Draw, Hint, Input, read_off

REFUSALS = (
    *(RuntimeError, ValueError, TypeError, IndexError, KeyError),
    *(AssertionError, AttributeError, ArithmeticError),
)
"""How torch refuses. Anything else that it raises is looked at."""
DTYPES = {getattr(torch, dtype): dtype for dtype in DType}


class Refusal(NamedTuple):
    reason: str


class Taken(NamedTuple):
    """What torch made, what it was given, and what came out."""

    layer: Callable[..., Any]
    values: tuple[torch.Tensor, ...]
    results: tuple[torch.Tensor, ...]

    @property
    def types(self) -> tuple[Input, ...]:
        return tuple((tuple(result.shape), DTYPES[result.dtype]) for result in self.results)

    @property
    def tensors(self) -> dict[str, tuple[tuple[int, ...], DType, bool]]:
        """Its parameters and buffers: shape, element type, and whether it is trained."""
        if not isinstance(self.layer, torch.nn.Module):
            return {}
        found = [*self.layer.named_parameters(), *self.layer.named_buffers()]
        return {name: (tuple(t.shape), DTYPES[t.dtype], t.requires_grad) for name, t in found}


def torchs(draw: Draw, hint: Hint, device: str = "cpu") -> Taken | Refusal:
    """What torch says."""
    torch.default_generator.manual_seed(0)
    try:
        with torch.no_grad(), torch.device(device) if device != "cpu" else nullcontext():
            layer = made(draw, hint)
            values = tuple(tensor(*each, hint.below) for each in draw.inputs)
            results = tuple(flat(layer(*copies(values, draw.arguments))))
    except REFUSALS as error:
        return Refusal(f"{type(error).__name__}: {error}")
    return Taken(layer, values, results)


def made(draw: Draw, hint: Hint) -> Callable[..., Any]:
    """The layer; what is read off the input stands for what isn't written."""
    arguments = {name: _frozen(value) for name, value in draw.arguments.items()}
    target = hint.torch or getattr(torch.nn, draw.op)
    if not isinstance(target, type):
        return lambda *values: target(*values, **arguments)
    for name in hint.sizes:
        if arguments.get(name) is None:
            arguments[name] = read_off(hint, name, draw.inputs)
    return target(**arguments).eval()  # type: ignore[no-any-return]


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def tensor(shape: tuple[int, ...], dtype: DType, below: int) -> torch.Tensor:
    """Values without meaning."""
    kind = getattr(torch, dtype)
    return torch.randn(shape, dtype=kind) if dtype.is_floating else torch.randint(0, below, shape).to(kind)


def copies(values: tuple[torch.Tensor, ...], arguments: Mapping[str, Any]) -> tuple[torch.Tensor, ...]:
    """The values, safe from a layer that writes over them."""
    return tuple(value.clone() for value in values) if arguments.get("inplace") else values


def flat(result: Any) -> Iterator[torch.Tensor]:
    """The tensors of a result, however they are nested."""
    if isinstance(result, torch.Tensor):
        yield result
    elif isinstance(result, (tuple, list)):
        for each in result:
            yield from flat(each)
    elif result is not None:
        raise TypeError(f"no tensor: {result!r}")
