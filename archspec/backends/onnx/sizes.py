"""Symbolic sizes at run time: int64 nodes that compute them from the shapes of the model's inputs.

Every size is a tensor of one element, computed once in a model. A floor becomes an integer `Div`, which
truncates: a numerator that may be negative is lifted first, floor(p/c) = floor((p + c)/c) - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import onnx_ir as ir

from archspec.dims import Atom, Dim, Floor, Monomial, Symbol, Symbolic, as_multiple
from archspec.graph import Graph
from archspec.types import DType


class NodeSource(Protocol):
    """What sizes need of the emitter."""

    def named_node(self, name: str, op_type: str, *inputs: ir.Value, **attributes: Any) -> ir.Value: ...

    def constant(self, value: Any, dtype: DType = ...) -> ir.Value: ...

    @property
    def opset(self) -> int: ...


class Sizes:
    """The sizes of one model. A symbol that no axis of a model input tells raises KeyError."""

    def __init__(self, emit: NodeSource, graph: Graph, inputs: Sequence[ir.Value]) -> None:
        self._emit = emit
        self._shapes: dict[tuple[Dim, ...], ir.Value] = {}
        self._dims: dict[Symbolic, ir.Value] = {}
        self._atoms: dict[Atom, ir.Value] = {}
        self._whole: dict[ir.Value, ir.Value] = {}
        self._axes = [
            (size, handle, axis)
            for value, handle in zip(graph.inputs, inputs, strict=True)
            for axis, size in enumerate(value.type.shape)
        ]

    def shape(self, sizes: tuple[Dim, ...]) -> ir.Value:
        """A 1-D value that holds these sizes, a constant where all are numbers."""
        if all(isinstance(size, int) for size in sizes):
            return self._number(*sizes)
        if sizes not in self._shapes:
            parts = [self._dim(size) for size in sizes]
            name = f"sizes/[{', '.join(map(str, sizes))}]"
            joined = parts[0] if len(parts) == 1 else self._emit.named_node(name, "Concat", *parts, axis=0)
            self._shapes[sizes] = joined
        return self._shapes[sizes]

    def _number(self, *numbers: Dim) -> ir.Value:
        return self._emit.constant(list(numbers), DType.int64)

    def _dim(self, dim: Dim) -> ir.Value:
        if isinstance(dim, int):
            return self._number(dim)
        if dim not in self._dims:
            self._dims[dim] = self._sum(dim, f"sizes/{dim}")
        return self._dims[dim]

    def _sum(self, dim: Symbolic, name: str) -> ir.Value:
        constant = 0
        total: ir.Value | None = None
        for monomial, coefficient in dim.terms.items():
            if not monomial:
                constant += coefficient
                continue
            part, lift = self._product(monomial, name)
            constant -= coefficient * lift
            if coefficient != 1:
                part = self._emit.named_node(name, "Mul", part, self._number(coefficient))
            total = part if total is None else self._emit.named_node(name, "Add", total, part)
        assert total is not None, "a symbolic size has a symbol"
        return self._emit.named_node(name, "Add", total, self._number(constant)) if constant else total

    def _product(self, monomial: Monomial, name: str) -> tuple[ir.Value, int]:
        """The product, and what it is too large by: the lift of a floor that stands alone."""
        product, lift = self._atom(monomial[0])
        if len(monomial) == 1:
            return product, lift
        if lift:
            product = self._emit.named_node(name, "Sub", product, self._number(lift))
        for atom in monomial[1:]:
            factor, lift = self._atom(atom)
            if lift:
                factor = self._emit.named_node(name, "Sub", factor, self._number(lift))
            product = self._emit.named_node(name, "Mul", product, factor)
        return product, 0

    def _atom(self, atom: Atom) -> tuple[ir.Value, int]:
        lift = int(isinstance(atom, Floor) and atom.numerator.terms.get((), 0) < 0)
        if atom not in self._atoms:
            self._atoms[atom] = self._floor(atom, lift) if isinstance(atom, Floor) else self._symbol(atom)
        return self._atoms[atom], lift

    def _floor(self, floor: Floor, lift: int) -> ir.Value:
        numerator = self._dim(floor.numerator + lift * floor.divisor)
        return self._emit.named_node(f"sizes/{floor}", "Div", numerator, self._number(floor.divisor))

    def _symbol(self, symbol: Symbol) -> ir.Value:
        factor, offset, handle, axis = self._source(symbol)
        name = f"sizes/{symbol}"
        if self._emit.opset >= 15:
            size = self._emit.named_node(name, "Shape", handle, start=axis, end=axis + 1)
        else:
            size = self._emit.named_node(name, "Gather", self._sizes_of(handle), self._number(axis))
        if offset:
            size = self._emit.named_node(name, "Sub", size, self._number(offset))
        return self._emit.named_node(name, "Div", size, self._number(factor)) if factor != 1 else size

    def _sizes_of(self, handle: ir.Value) -> ir.Value:
        """All sizes of a model input: below opset 15 Shape takes no part of the axes."""
        if handle not in self._whole:
            self._whole[handle] = self._emit.named_node(f"sizes/{handle.name}", "Shape", handle)
        return self._whole[handle]

    def _source(self, symbol: Symbol) -> tuple[int, int, ir.Value, int]:
        """The first axis that is a multiple of a symbol plus a number, and those two; rather one that is it."""
        found = [
            (*form, handle, axis)
            for size, handle, axis in self._axes
            if (form := as_multiple(size, symbol)) is not None
        ]
        if not found:
            raise KeyError(symbol.name)
        return min(found, key=lambda each: each[:2] != (1, 0))
