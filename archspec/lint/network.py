"""The network that rules look at, and how they tell what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property

from archspec.diagnostics import Diagnostics, Help, Label
from archspec.graph import Graph, Node, Value
from archspec.ops.base import Elementwise, Op


class Network:
    """A network without errors, and the warnings about it."""

    def __init__(self, graph: Graph, diagnostics: Diagnostics) -> None:
        self.graph, self.diagnostics = graph, diagnostics
        self._origins: dict[Value, Value] = {}  # of values that were handed on, as far as that was asked

    def warn(
        self,
        code: str,
        node: Node,
        message: str,
        *,
        argument: str = "",
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        helps: Iterable[Help | str] = (),
    ) -> None:
        """Report a layer, at the place of an argument where that is written."""
        origin = node.origin
        span = origin.arguments.get(argument, origin.span)
        elsewhere = [label for label in labels if label.span != span]  # not what a repeated layer says of itself
        self.diagnostics.add(code, message, span, labels=elsewhere, notes=notes, helps=helps, uses=origin.within)

    @cached_property
    def readers(self) -> Counter[Value]:
        """How often each value is read, by layers and as an output."""
        read = Counter(value for node in self.graph.nodes for value in node.inputs)
        read.update(output.value for output in self.graph.outputs)
        return read

    @cached_property
    def parameters(self) -> int:
        """How many there are."""
        from archspec.reports import costs

        return costs.weights(self.graph).parameters

    @cached_property
    def convolved(self) -> set[Value]:
        """The values that depend on what a convolution gave."""
        found: set[Value] = set()
        for node in self.graph.nodes:
            if type(node.op).__name__.startswith("Conv") or not found.isdisjoint(node.inputs):
                found.update(node.outputs)
        return found

    def handed_on(self, value: Value) -> Value:
        """The value that layers which give their input, as Dropout does in evaluation, hand on."""
        passed = []
        while value not in self._origins and value.node is not None and _hands_on(type(value.node.op)):
            passed.append(value)
            value = value.node.inputs[0]
        origin = self._origins.get(value, value)
        self._origins.update((each, origin) for each in passed)
        return origin


def label(node: Node, text: str) -> Label:
    """The other layer that a warning is about."""
    return Label(node.origin.span, text)


@cache
def _hands_on(op: type[Op]) -> bool:
    return op.view and is_elementwise(op)


@cache
def is_elementwise(op: type[Op]) -> bool:
    """Whether an op is a function of each element by itself; kept, because pydantic's classes are slow to ask."""
    return issubclass(op, Elementwise)
