"""Shapes against torch, over every small combination: what is taken, what is refused, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations, product
from typing import Any

import pytest
import torch

from archspec.dims import Dim, evaluate, symbol
from archspec.ops.base import OpError
from archspec.types import TensorType
from tests.ops.cases import op_class

Shape = tuple[int, ...]
Case = tuple[str, dict[str, Any], Callable[..., Any], tuple[Shape, ...]]
"""An op, its arguments, the function of torch, and the shapes of the inputs."""
REFUSALS = (RuntimeError, IndexError, ValueError)


def ours(name: str, arguments: dict[str, Any], *shapes: tuple[Dim, ...]) -> list[tuple[Dim, ...]] | None:
    """The shapes that come out, or None where the op refuses."""
    try:
        found = op_class(name).model_validate(arguments).infer(*map(TensorType.of, shapes))
    except (OpError, ValueError):
        return None
    return [found.shape] if isinstance(found, TensorType) else [type_.shape for type_ in found]


def torchs(function: Callable[..., Any], *shapes: Shape) -> list[Shape] | None:
    """The same of torch; a value without elements counts as refused."""
    try:
        found = function(*(torch.zeros(shape) for shape in shapes))
    except REFUSALS:
        return None
    values = found if isinstance(found, tuple) else (found,)
    return None if any(value.numel() == 0 for value in values) else [tuple(value.shape) for value in values]


def shapes_up_to(rank: int, sizes: tuple[int, ...], least: int = 0) -> Iterator[Shape]:
    for count in range(least, rank + 1):
        yield from product(sizes, repeat=count)


def slices() -> Iterator[Case]:
    for size, start, end, step in product(range(1, 5), (None, *range(-5, 6)), (None, *range(-5, 6)), (1, 2, 3)):
        bounds = slice(start, end, step)
        arguments = {"dim": 1, "start": start, "end": end, "step": step}
        yield "Slice", arguments, lambda x, bounds=bounds: x[:, bounds], ((2, size),)


def parts() -> Iterator[Case]:
    for size, count, dim in product(range(1, 9), range(1, 7), (-1, 1, 2)):
        yield "Chunk", {"chunks": count, "dim": dim}, lambda x, c=count, d=dim: x.chunk(c, d), ((2, size),)
        sections = {"split_size_or_sections": count, "dim": dim}
        yield "Split", sections, lambda x, c=count, d=dim: x.split(c, d), ((2, size),)
        pair = [count, size // 2]
        sections = {"split_size_or_sections": pair}
        if size // 2:
            yield "Split", sections, lambda x, pair=pair: x.split(pair, 1), ((2, size),)


def flattened() -> Iterator[Case]:
    for rank, start, end in product(range(1, 5), range(-5, 5), range(-5, 5)):
        shape = (2, 3, 4, 5)[:rank]
        yield "Flatten", {"start_dim": start, "end_dim": end}, torch.nn.Flatten(start, end), (shape,)


def reshaped() -> Iterator[Case]:
    for shape, wanted in product([(2, 3, 4), (24,), (4, 6)], shapes_up_to(3, (-1, 1, 2, 3, 4, 6, 8, 24), least=1)):
        yield "Reshape", {"shape": list(wanted)}, lambda x, w=wanted: x.reshape(w), (shape,)


def reordered() -> Iterator[Case]:
    for dims in (*permutations(range(3)), *permutations((-1, 0, 1, 2), 3), (0, 1), (0, 1, 2, 3), (0, 0, 1)):
        yield "Permute", {"dims": list(dims)}, lambda x, d=dims: x.permute(*d), ((2, 3, 4),)
    for a, b in product(range(-4, 4), repeat=2):
        yield "Transpose", {"dim0": a, "dim1": b}, lambda x, a=a, b=b: x.transpose(a, b), ((2, 3, 4),)
        yield "Select", {"dim": a, "index": b}, lambda x, a=a, b=b: x.select(a, b), ((2, 3, 4),)


def expanded() -> Iterator[Case]:
    for shape, sizes in product(shapes_up_to(2, (1, 2, 3)), shapes_up_to(3, (-1, 1, 2, 3), least=1)):
        yield "Expand", {"sizes": list(sizes)}, lambda x, s=sizes: x.expand(s), (shape,)


def averaged() -> Iterator[Case]:
    for dims, keep in product(shapes_up_to(2, tuple(range(-4, 4)), least=1), (False, True)):
        yield "Mean", {"dim": list(dims), "keepdim": keep}, lambda x, d=dims, k=keep: x.mean(d, keepdim=k), ((2, 3, 4),)


def merged() -> Iterator[Case]:
    for a, b in product(shapes_up_to(3, (1, 2, 3), least=1), repeat=2):
        yield "Add", {}, torch.add, (a, b)
        yield "Concat", {}, lambda a, b: torch.cat([a, b], 1), (a, b)
    for a, b in product(shapes_up_to(4, (1, 2), least=2), repeat=2):
        yield "MatMul", {}, torch.matmul, (a, b)


@pytest.mark.parametrize("cases", [slices, parts, flattened, reshaped, reordered, expanded, averaged, merged])
def test_what_is_taken_and_what_comes_out_is_as_in_torch(cases: Callable[[], Iterator[Any]]) -> None:
    seen = {True: 0, False: 0}
    for name, arguments, function, shapes in cases():
        expected = torchs(function, *shapes)
        assert ours(name, arguments, *shapes) == expected, (name, arguments, shapes)
        seen[expected is None] += 1
    assert min(seen.values()) > 10, "the sweep meets both"


def test_a_slice_of_a_symbol_is_right_at_every_size() -> None:
    taken = 0
    for name, arguments, function, shapes in slices():
        formula = ours(name, arguments, (2, symbol("x")))
        expected = torchs(function, *shapes)
        if formula is not None and expected is not None:
            assert [tuple(evaluate(size, {"x": shapes[0][1]}) for size in formula[0])] == expected
            taken += 1
    assert taken > 50
