"""`assert`: promises about sizes, parameters and costs, checked on every run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod

from archspec.dims import Dim, Symbolic, evaluate
from archspec.elaborate.effort import Effort
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed, Frame, Pending
from archspec.elaborate.state import State
from archspec.graph import Node
from archspec.ops.conditions import can_equal, gathered
from archspec.syntax.arithmetic import Value
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.tree import Scalar

_STEPS_PER_NODE = 5


def check_promises(promises: Sequence[Scalar], env: Env, state: State, nodes: Sequence[Node]) -> None:
    """Report each promise that does not hold; what depends on symbols is asked of them where two sizes are to be the
    same. `params` and `macs` (at N = 1) are those of `nodes`."""
    if not promises:
        return
    effort = state.evaluator.effort
    names = {"params": Pending(partial(_params, nodes, effort)), "macs": Pending(partial(_macs, nodes, effort))}
    inner = Env(Frame(env.frame, dict(names)), env.file, env.values)
    for promise in promises:
        try:
            if not _ask(promise, inner, state) and not state.evaluator.condition(promise, inner):
                notes = _facts(promise, inner, state)
                state.diagnostics.add("A313", f"`{promise.text}` does not hold", promise.inner, notes=notes)
        except Failed:
            continue


def _ask(promise: Scalar, env: Env, state: State) -> bool:
    """Whether a promise is that two sizes are the same, which they are for some values of their symbols: as a layer
    does, it then asks for those. Raises Failed."""
    expression = state.evaluator.parsed(promise)
    if not expression.is_equation:
        return False
    try:
        left, right = (operand(env) for _, operand in expression.operands)
    except ExpressionError:
        return False  # which is reported where the promise itself is evaluated
    if not (_is_size(left) and _is_size(right)):
        return False
    with gathered() as conditions:
        can_equal(left, right)
    state.require(conditions, "assert", promise.inner)
    return bool(conditions)


def _is_size(value: Value) -> bool:
    return isinstance(value, (int, Symbolic)) and not isinstance(value, bool)


def _params(nodes: Sequence[Node], effort: Effort) -> Dim:
    effort.spend(_STEPS_PER_NODE * len(nodes))
    owners = {node.owner: node for node in nodes}  # a shared layer counts once
    owned = [tensor for node in owners.values() for tensor in node.parameters().values()]
    return sum(prod(tensor.shape) for tensor in owned if not tensor.buffer)


def _macs(nodes: Sequence[Node], effort: Effort) -> Dim:
    effort.spend(_STEPS_PER_NODE * len(nodes))
    total: Dim = 0
    for node in nodes:
        total = total + evaluate(node.op.macs(*node.input_types), {"N": 1})
    return total


def _facts(promise: Scalar, env: Env, state: State) -> list[str]:
    """The values of the sides of a comparison, but for plain numbers."""
    facts = []
    for text, operand in state.evaluator.parsed(promise).operands:
        try:
            value = operand(env)
        except (ExpressionError, Failed):
            continue
        if text != str(value):
            facts.append(f"{text} is {value:,}" if isinstance(value, int) else f"{text} is {value}")
    return facts
