"""Multiply-adds as the product that they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archspec.dims import Dim, evaluate, product_of
from archspec.graph import Node
from archspec.reports.costs import macs


def product(node: Node, one: Mapping[str, int]) -> str:
    """The multiply-adds of a layer, positions by weight or elements by length, as `(14 * 14) * (256 * 256 * 3 * 3)`;
    nothing where they are no such product."""
    amount = macs(node, one)
    if amount == 0:
        return ""
    for groups in _candidates(node):
        sizes = [[evaluate(size, one) for size in group] for group in groups]
        if product_of(size for group in sizes for size in group) == amount:
            shown = [[size for size in group if size != 1] for group in sizes]
            return " * ".join(map(_group, shown)) if all(shown) else _plain([*shown[0], *shown[1]])
    return ""


def _candidates(node: Node) -> Iterator[Sequence[Sequence[Dim]]]:
    """What the multiply-adds may be the product of: each weight at each position of the output or of the input, or
    of a matrix product each element of the output with the length of the sum."""
    out, read = node.outputs[0].type.shape, node.input_types[0].shape if node.inputs else ()
    weight = node.parameters().get("weight")
    if weight is not None:
        for shape in (out, read):
            yield (shape[0], *shape[2:]), weight.shape  # channels second
            yield shape[:-1], weight.shape  # channels last
    elif len(node.inputs) > 1:
        yield out, read[-1:]


def _group(sizes: Sequence[Dim]) -> str:
    return f"({_plain(sizes)})" if len(sizes) > 1 else _plain(sizes)


def _plain(sizes: Sequence[Dim]) -> str:
    return " * ".join(f"({size})" if " " in str(size) else str(size) for size in sizes)
