"""What nodes read: their inputs and, for those that are no module but a formula, tensors that have a size;
and how their modules are called on it.

A formula may need a symbolic size (`N`). It is read from a tensor that has it: an input of the node, an
input of the scope around it, or an input of the model, whichever comes first.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from archspec.dims import Dim, Floor, Symbol, Symbolic, as_multiple
from archspec.graph import Graph, Node, Value
from archspec.ops.base import TorchExpression, TorchModule, TorchRecipe, TorchTensor


class Formula(NamedTuple):
    """A format string in which {0}, {1}, ... are the values that `choices` picks from those in reach."""

    source: str
    choices: tuple[int, ...]


Place: TypeAlias = tuple[int, ...]
"""Where a value stands in what a call gives: the indices that lead to it, none for the whole."""


def call_source(recipe: TorchModule, inputs: int) -> str:
    """The call of a module on so many inputs: a format string in which {module} is the module."""
    return recipe.call or f"{{module}}({', '.join(f'{{{number}}}' for number in range(inputs))})"


def result_places(node: Node, recipe: TorchRecipe | None) -> tuple[Place, ...]:
    """Where the values of a node stand in what its module or formula gives."""
    if not node.op.multiple:
        return ((),)
    nested = recipe.places if isinstance(recipe, TorchModule) else ()
    return nested or tuple((number,) for number in range(len(node.outputs)))


class Recipes:
    """The recipes of a graph's nodes, made once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.modules: dict[Node, TorchModule] = {}
        self.tensors: dict[Node, TorchTensor] = {}
        self.formulas: dict[Node, Formula] = {}
        applied: dict[str, TorchModule | TorchTensor | Formula] = {}
        for node in graph.nodes:
            recipe = node.op.to_torch(*node.input_types)
            made = self._formula(node, recipe) if isinstance(recipe, TorchExpression) else recipe
            same = made._replace(call="") if isinstance(made, TorchModule) else made
            if applied.setdefault(node.owner, same) != same:
                raise ValueError(f"{node.path} shares {node.owner}, but would compute something else")
            if isinstance(made, TorchModule):
                self.modules[node] = made
            elif isinstance(made, TorchTensor):
                self.tensors[node] = made
            else:
                self.formulas[node] = made

    def reads(self, node: Node) -> tuple[Value, ...]:
        """The values that a node needs, in the order in which its formula counts them."""
        if node not in self.formulas:
            return node.inputs
        values = self._in_reach(node)
        return tuple(values[choice] for choice in self.formulas[node].choices)

    def _in_reach(self, node: Node) -> tuple[Value, ...]:
        """The values that a formula may read. Where a scope is shared, the same positions hold the
        corresponding values in each application."""
        return (*node.inputs, *node.scope.inputs, *self._graph.inputs)

    def _formula(self, node: Node, recipe: TorchExpression) -> Formula:
        sizes = _Sizes(node, self._in_reach(node))
        inputs = (f"{{{number}}}" for number in range(len(node.inputs)))
        source = recipe.source.format(*inputs, *map(sizes.operand, recipe.sizes))
        return Formula(source, tuple(sizes.choices))


class _Sizes:
    """Writes sizes as source, and notes in `choices` which values they are read from."""

    def __init__(self, node: Node, in_reach: tuple[Value, ...]) -> None:
        self.path = node.path
        self.in_reach = in_reach
        self.choices = list(range(len(node.inputs)))

    def operand(self, size: Dim) -> str:
        """A size, in parentheses where an operator beside it would tear it apart."""
        text = self.text(size)
        return f"({text})" if " " in text else text

    def text(self, size: Dim) -> str:
        if isinstance(size, int):
            return str(size)
        found = self.found(size)
        if found:
            return found
        text = ""
        for monomial, coefficient in size.terms.items():
            factors = [str(abs(coefficient))] if abs(coefficient) != 1 or not monomial else []
            factors += map(self.atom, monomial)
            text += (" - " if text else "-") if coefficient < 0 else " + " if text else ""
            text += " * ".join(factors)
        return text

    def atom(self, atom: Symbol | Floor) -> str:
        found = self.found(Symbolic({(atom,): 1}))
        if found:
            return found
        if isinstance(atom, Symbol):
            return self.solved(atom)
        return f"({self.operand(atom.numerator)} // {atom.divisor})"

    def found(self, size: Symbolic) -> str | None:
        """The source that reads a size off the first tensor that has it."""
        for choice, value in enumerate(self.in_reach):
            if size in value.type.shape:
                return self.read(choice, value.type.shape.index(size))
        return None

    def solved(self, symbol: Symbol) -> str:
        """The source of a symbol that is no size itself, by the first that is a multiple of it plus a number."""
        for choice, value in enumerate(self.in_reach):
            for axis, size in enumerate(value.type.shape):
                if (form := as_multiple(size, symbol)) is not None:
                    factor, offset = form
                    return f"(({self.read(choice, axis)} - {offset}) // {factor})"
        raise ValueError(f"{self.path}: no tensor in reach has the size {symbol}")

    def read(self, choice: int, axis: int) -> str:
        """The source that reads one axis of a value in reach."""
        if choice not in self.choices:
            self.choices.append(choice)
        return f"{{{self.choices.index(choice)}}}.size({axis})"
