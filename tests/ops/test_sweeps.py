"""Shapes against torch, over every small combination: what is taken, what is refused, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import permutations, product
from typing import Any

import pytest
import torch

from archspec.dims import Dim, evaluate, symbol
from archspec.ops.base import OpError
from archspec.ops.conditions import gathered
from archspec.types import TensorType
from tests.ops.cases import op_class

Shape = tuple[int, ...]
Case = tuple[str, dict[str, Any], Callable[..., Any], tuple[Shape, ...]]
"""An op, its arguments, the function of torch, and the shapes of the inputs."""
REFUSALS = (RuntimeError, IndexError, ValueError, AssertionError)


def ours(name: str, arguments: dict[str, Any], *shapes: tuple[Dim, ...]) -> list[tuple[Dim, ...]] | None:
    """The shapes that come out, or None where the op refuses."""
    try:
        found = op_class(name).model_validate(arguments).infer(*map(TensorType.of, shapes))
    except (OpError, ValueError):
        return None
    return [found.shape] if isinstance(found, TensorType) else [type_.shape for type_ in found]


def torchs(function: Callable[..., Any], *shapes: Shape) -> list[Shape] | None:
    """The same of torch; the negative sizes that its `expand` gives beside a 0 count as refused."""
    try:
        found = function(*(torch.zeros(shape) for shape in shapes))
    except REFUSALS:
        return None
    values = found if isinstance(found, tuple) else (found,)
    given = [tuple(value.shape) for value in values]
    return None if any(size < 0 for shape in given for size in shape) else given


def shapes_up_to(rank: int, sizes: tuple[int, ...], least: int = 0) -> Iterator[Shape]:
    for count in range(least, rank + 1):
        yield from product(sizes, repeat=count)


def slices() -> Iterator[Case]:
    for size, start, end, step in product(range(5), (None, *range(-5, 6)), (None, *range(-5, 6)), (1, 2, 3)):
        bounds = slice(start, end, step)
        arguments = {"dim": 1, "start": start, "end": end, "step": step}
        yield "Slice", arguments, lambda x, bounds=bounds: x[:, bounds], ((2, size),)
    for dim, index, size in product(range(-3, 3), range(-3, 3), range(3)):
        yield "Select", {"dim": dim, "index": index}, lambda x, d=dim, i=index: x.select(d, i), ((2, size),)


def parts() -> Iterator[Case]:
    for size, count, dim in product(range(9), range(7), (-1, 1, 2)):
        yield "Chunk", {"chunks": count, "dim": dim}, lambda x, c=count, d=dim: x.chunk(c, d), ((2, size),)
        sections = {"split_size_or_sections": count, "dim": dim}
        yield "Split", sections, lambda x, c=count, d=dim: x.split(c, d), ((2, size),)
        pair = [count, size // 2]
        sections = {"split_size_or_sections": pair}
        yield "Split", sections, lambda x, pair=pair: x.split(pair, 1), ((2, size),)


def flattened() -> Iterator[Case]:
    for rank, start, end in product(range(1, 5), range(-5, 5), range(-5, 5)):
        shape = (2, 3, 4, 5)[:rank]
        yield "Flatten", {"start_dim": start, "end_dim": end}, torch.nn.Flatten(start, end), (shape,)


def reshaped() -> Iterator[Case]:
    shapes = [(2, 3, 4), (24,), (4, 6), (0, 3), (2, 0, 0)]
    for shape, wanted in product(shapes, shapes_up_to(3, (-1, 0, 1, 2, 3, 4, 6, 8, 24), least=1)):
        yield "Reshape", {"shape": list(wanted)}, lambda x, w=wanted: x.reshape(w), (shape,)
    for size, sizes in product((0, 1, 6), shapes_up_to(3, (-1, 0, 1, 2, 3, 6), least=1)):
        arguments = {"dim": 1, "unflattened_size": list(sizes)}
        yield "Unflatten", arguments, torch.nn.Unflatten(1, sizes), ((2, size),)


def reordered() -> Iterator[Case]:
    for dims in (*permutations(range(3)), *permutations((-1, 0, 1, 2), 3), (0, 1), (0, 1, 2, 3), (0, 0, 1)):
        yield "Permute", {"dims": list(dims)}, lambda x, d=dims: x.permute(*d), ((2, 3, 4),)
    for a, b in product(range(-4, 4), repeat=2):
        yield "Transpose", {"dim0": a, "dim1": b}, lambda x, a=a, b=b: x.transpose(a, b), ((2, 3, 4),)
        yield "Movedim", {"source": a, "destination": b}, lambda x, a=a, b=b: x.movedim(a, b), ((2, 3, 4),)
    for a, b in product(shapes_up_to(3, (0, 1, -1), least=1), repeat=2):
        arguments = {"source": list(a), "destination": list(b)}
        yield "Movedim", arguments, lambda x, a=a, b=b: x.movedim(a, b), ((2, 3, 4, 5),)
    for shape, dims in product(shapes_up_to(3, (0, 1, 2), least=1), shapes_up_to(2, (-2, -1, 0, 1, 2), least=1)):
        yield "Squeeze", {"dim": list(dims)}, lambda x, d=dims: x.squeeze(d), (shape,)
        yield "Unsqueeze", {"dim": dims[0]}, lambda x, d=dims[0]: x.unsqueeze(d), (shape,)


def expanded() -> Iterator[Case]:
    for shape, sizes in product(shapes_up_to(2, (0, 1, 2, 3)), shapes_up_to(3, (-1, 0, 1, 2, 3), least=1)):
        yield "Expand", {"sizes": list(sizes)}, lambda x, s=sizes: x.expand(s), (shape,)


def reduced() -> Iterator[Case]:
    shapes = ((2, 3, 4), (2, 0, 4))
    for shape, dims, keep in product(shapes, shapes_up_to(2, tuple(range(-4, 4)), least=1), (False, True)):
        arguments = {"dim": list(dims), "keepdim": keep}
        for name, function in (("Mean", torch.mean), ("Sum", torch.sum), ("Max", torch.amax), ("Min", torch.amin)):
            yield name, arguments, lambda x, f=function, d=dims, k=keep: f(x, d, keepdim=k), (shape,)


def merged() -> Iterator[Case]:
    for a, b in product(shapes_up_to(3, (0, 1, 2, 3), least=1), repeat=2):
        yield "Add", {}, torch.add, (a, b)
        if (0,) not in (a, b):  # which torch.cat passes over
            yield "Concat", {}, lambda a, b: torch.cat([a, b], 1), (a, b)
    for a, b in product(shapes_up_to(4, (0, 1, 2), least=2), repeat=2):
        yield "MatMul", {}, torch.matmul, (a, b)


def normalized() -> Iterator[Case]:
    for shape, weighted, tracked in product(shapes_up_to(4, (0, 1, 2), least=2), (False, True), (False, True)):
        arguments = {"affine": weighted, "track_running_stats": tracked}
        for name in ("BatchNorm1d", "BatchNorm2d", "InstanceNorm1d"):
            if name == "BatchNorm1d" or len(shape) > 2:  # else torch takes it for one sample
                yield name, arguments, getattr(torch.nn, name)(shape[1], **arguments).eval(), (shape,)
        for groups in (1, 2):
            if shape[1] % groups == 0:
                grouped = torch.nn.GroupNorm(groups, shape[1], affine=weighted)
                yield "GroupNorm", {"num_groups": groups, "affine": weighted}, grouped, (shape,)


def attended() -> Iterator[Case]:
    dot = torch.nn.functional.scaled_dot_product_attention
    shapes = [(3, 2), (1, 2, 3), (2, 2, 3), (0, 2, 3), (2, 1, 2, 3), (2, 4, 2, 3), (1, 2, 0, 3)]
    for query, key, value in product(shapes, repeat=3):
        alike = key[-1] == query[-1] and key[:-2] == value[:-2] == query[:-2]
        if key[-2] == value[-2] and (alike or 0 not in (*query, *key, *value)):  # else torch doesn't look
            for grouped in (False, True):
                call = partial(dot, enable_gqa=grouped)
                yield "ScaledDotProductAttention", {"enable_gqa": grouped}, call, (query, key, value)
    for query, mask in product(shapes, shapes_up_to(4, (1, 2, 3), least=1)):
        keys = (*query[:-2], 3, query[-1])
        if 0 not in query and not len(query) == 3 < len(mask):
            yield "ScaledDotProductAttention", {}, lambda q, k, v, m: dot(q, k, v, m), (query, keys, keys, mask)
    for first, rest in product((False, True), product((1, 2), repeat=4)):
        layer = torch.nn.MultiheadAttention(4, 2, batch_first=first).eval()
        shaped = ((2, 2, 4), (*rest[:2], 4), (*rest[2:], 4))
        yield "MultiheadAttention", {"num_heads": 2, "batch_first": first}, lambda *x, m=layer: m(*x)[0], shaped


def recurred() -> Iterator[Case]:
    for first, both, steps, batch, state in product((False, True), (False, True), (0, 1, 2), (0, 1, 2), (1, 2, 4)):
        arguments = {"hidden_size": 3, "num_layers": 2, "bidirectional": both, "batch_first": first}
        x, hidden = (steps, batch, 4), (state, 2, 3)
        lstm, gru = (kind(4, 3, 2, bidirectional=both, batch_first=first) for kind in (torch.nn.LSTM, torch.nn.GRU))
        yield "LSTM", arguments, lambda x, h, c, m=lstm: (lambda y, s: (y, *s))(*m(x, (h, c))), (x, hidden, hidden)
        yield "GRU", arguments, lambda x, h, m=gru: m(x, h), (x, hidden)
        yield "GRU", arguments, gru, (x,)
    for a, b in product(shapes_up_to(3, (1, 2), least=2), repeat=2):
        yield "Bilinear", {"out_features": 3}, torch.nn.Bilinear(a[-1], b[-1], 3), (a, b)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "cases",
    [slices, parts, flattened, reshaped, reordered, expanded, reduced, merged, normalized, attended, recurred],
)
def test_what_is_taken_and_what_comes_out_is_as_in_torch(cases: Callable[[], Iterator[Any]]) -> None:
    seen = {True: 0, False: 0}
    for name, arguments, function, shapes in cases():
        expected = torchs(function, *shapes)
        assert ours(name, arguments, *shapes) == expected, (name, arguments, shapes)
        seen[expected is None] += 1
    assert min(seen.values()) > 10, "the sweep meets both"


x, y = symbol("x"), symbol("y")


def symbolic() -> Iterator[tuple[str, dict[str, Any], tuple[tuple[Dim, ...], ...]]]:
    """Ops with arguments, on shapes of the symbols x and y."""
    for start, end, step in product((None, *range(-4, 5)), (None, *range(-4, 5)), (1, 2, 3)):
        for size in (x, x // 2, 2 * x - 1):
            yield "Slice", {"dim": 1, "start": start, "end": end, "step": step}, ((2, size),)
    for size, number in product((x, x // 3, 2 * x + 1, 4 * x), range(-4, 7)):
        yield "Select", {"dim": 1, "index": number}, ((2, size),)
        if number > 0:
            yield "Chunk", {"chunks": number}, ((2, size),)
            yield "Split", {"split_size_or_sections": [number, 2]}, ((2, size),)
            yield "ChannelShuffle", {"groups": number}, ((2, size, 3),)
            yield "PReLU", {"num_parameters": number}, ((2, size),)
            yield "Unflatten", {"dim": 1, "unflattened_size": [-1, number]}, ((2, size),)
            yield "Unflatten", {"dim": 1, "unflattened_size": [2, number]}, ((2, size),)
        yield "GLU", {"dim": 1}, ((2, size),)
        yield "Max", {"dim": 1}, ((2, size),)
        yield "InstanceNorm1d", {"affine": True}, ((size, 3, 4),)
    for size in (x, 2 * x - 1, y):
        yield "InstanceNorm1d", {}, ((2, 3, size),)
        yield "GroupNorm", {"num_groups": 3}, ((x, 3, size),)
        yield "BatchNorm1d", {"track_running_stats": False}, ((x, 3, size),)
    for shape, wanted in product(
        [(x, 6), (x, y), (2, 3 * x, y), (x // 2, 4, y)],
        [(-1, 4), (x, -1), (y, -1), (x, 3, -1), (2, y), (x, y), (x * y, -1), (2 * x, -1, y), (x - 2, -1), (x - 2, y)],
    ):
        yield "Reshape", {"shape": list(wanted)}, (shape,)
    sizes: tuple[Dim, ...] = (1, 4, x, y, x // 2, 2 * x)
    for a, b in product(sizes, repeat=2):
        yield "Add", {}, ((2, a), (2, b))
        yield "Concat", {}, ((a, 2), (b, 3))
        yield "MatMul", {}, ((a, 2, b), (b, a, 2))
        yield "MultiheadAttention", {"num_heads": 2}, ((3, a, 4), (b, 2, 4), (x, 2, 4))
        yield "ScaledDotProductAttention", {}, ((3, a, b), (3, y, 4), (3, a, 2))
        yield "LSTM", {"hidden_size": 3}, ((a, b, 4), (1, y, 3), (1, 2, 3))
        yield "GRU", {"hidden_size": 3, "batch_first": True}, ((a, b, 4),)
        yield "Bilinear", {"out_features": 3}, ((a, 2, 4), (b, x, 4))
        yield "Expand", {"sizes": [2, b]}, ((2, a),)


def test_conditions_on_symbols_are_those_at_which_the_formulas_hold() -> None:
    """What an op says of symbols is what it says of numbers, at every size that its conditions admit, and at no other.
    (A symbol never stretches an axis, as its number may where that is 1.)"""
    taken, kept = 0, {True: 0, False: 0}
    for name, arguments, shapes in symbolic():
        with gathered() as conditions:
            formulas = ours(name, arguments, *shapes)
        if formulas is None:
            continue
        taken += 1
        for numbers in product(range(1, 9), repeat=2):
            at = dict(zip("xy", numbers, strict=True))
            written = {key: list(numbered(value, at)) for key, value in arguments.items() if isinstance(value, list)}
            given = [numbered(shape, at) for shape in shapes]
            expected = ours(name, {**arguments, **written}, *given)
            holds = all(condition.at(**at) for condition in conditions)
            agree = [numbered(shape, at) for shape in formulas] == expected
            stretches = name in ("Add", "MatMul", "Expand") and any(1 in shape for shape in given)
            assert holds == agree or (agree and stretches), (name, arguments, shapes, at, conditions)
            kept[holds] += 1
    assert taken > 500
    assert min(kept.values()) > 1000


def numbered(sizes: Iterable[Dim], at: dict[str, int]) -> tuple[Dim, ...]:
    return tuple(evaluate(size, at) for size in sizes)
