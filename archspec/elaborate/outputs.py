"""The outputs of a network, and the layers that reach none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archspec.diagnostics import Label
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed
from archspec.elaborate.state import State
from archspec.graph import Node, Output, Scope, Value
from archspec.source import Span
from archspec.syntax.document import OutputDecl, Spec, place_of
from archspec.syntax.expressions import ExpressionError


def find_outputs(declaring: Spec | None, env: Env, state: State, spec: Spec) -> list[Output]:
    """The declared outputs, or the last layer."""
    assert env.values is not None
    if declaring is None or declaring.outputs is None:
        try:
            value = env.values.prev.single(env.values.last)
        except Failed:
            return []
        except ExpressionError as error:
            helps = [f"declare `outputs`, say `{{first: {env.values.last}.0}}`"]
            state.diagnostics.add(error.code, error.message, place_of(spec, "layers"), helps=helps)
            return []
        if not env.values.last:
            if not state.diagnostics.has_errors:
                state.diagnostics.add("A507", "the network has no layers", place_of(spec, "layers"))
            return []
        return [Output(env.values.last, value)]
    found = [output for each in declaring.outputs for output in _output(each, env, state, env.values.scope.inputs)]
    if not state.diagnostics.has_errors and all(output.training for output in found):
        message = "the network has no output outside training"
        state.diagnostics.add("A507", message, place_of(declaring, "outputs"))
    return found


def _output(declared: OutputDecl, env: Env, state: State, inputs: Sequence[Value]) -> Iterator[Output]:
    assert env.values is not None
    try:
        if declared.condition is not None and not state.evaluator.condition(declared.condition, env):
            return
        training = declared.training is not None and state.evaluator.condition(declared.training, env)
        text = state.evaluator.text(declared.source, env)
        [entry] = env.values.resolve(tuple(text.split(".")))
        value = entry.single(text)
        name = declared.key.text
        if any(name == taken.name for taken in inputs):  # ONNX tells them apart by nothing else
            state.diagnostics.add("A311", f"`{name}` is an input of the model already", declared.key.span)
            return
        yield Output(name, value, training)
    except Failed:
        return
    except ExpressionError as error:
        state.diagnostics.add(error.code, error.message, declared.source.inner, helps=error.helps)
    except ValueError:
        state.diagnostics.add("A310", f"`{declared.source.text}` is several values", declared.source.inner)


def _reached(values: Iterable[Value]) -> set[Node]:
    """The nodes that these values depend on, their own included."""
    reached: set[Node] = set()
    waiting = [value.node for value in values]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in reached:
            reached.add(node)
            for value in node.inputs:
                waiting.append(value.node)
    return reached


def mark_training_only(outputs: list[Output], nodes: list[Node]) -> None:
    """Mark the nodes that only training outputs depend on."""
    if not any(output.training for output in outputs):
        return
    reached = _reached(output.value for output in outputs if not output.training)
    for node in nodes:
        node.training_only = node not in reached


def report_dead_layers(outputs: list[Output], state: State) -> None:
    """Report each layer that reaches no output, once: of a dead branch, its last layer."""
    reached = _reached(output.value for output in outputs)
    dead = [node for node in state.nodes if node not in reached]
    if not dead:
        return
    read = {value.node for node in dead for value in node.inputs}
    alive = _scopes_of(reached)
    positions: dict[Scope, dict[Node | Scope, int]] = {}
    cuts = {value.node: absent for absent in reversed(state.absent) for value in absent.unread}  # the first one's
    for node in dead:
        if node in read:
            continue
        cut = cuts.get(node)
        help = "read it with `from`, name it in `outputs`, or remove it"
        labels = []
        if cut is not None:
            help = "put the main path first in its `from`"
            name = f"`{cut.name}`" if cut.name else "this layer"
            labels = [Label(cut.span, f"{name} is absent here, and stands for what it reads first")]
        elif _in_a_spec(node.scope):
            help = "`until` ends a spec behind the layer that is read"
        step = _whole(node, alive)
        around = tuple(use for use in node.origin.within if f"{step.path}.".startswith(f"{use.path}."))
        uses = around if step is node else tuple(use for use in around if use.path != step.path)
        helps = [help]
        if cut is None and (passed := _passed_over(step, positions)) is not None:
            reader, branch = passed
            place = _place(reader)
            labels = [Label(place, f"`{reader.name}` reads `{branch.name}`, the layer above it")] if place else []
            helps = [f"write `from: {step.name}` there, if `{reader.name}` goes on from `{step.name}`", help]
        message, span = f"`{step.path}` reaches no output", _place(step) or node.origin.span
        state.diagnostics.add("A505", message, span, labels=labels, helps=helps, uses=uses)


def _passed_over(
    step: Node | Scope, positions: dict[Scope, dict[Node | Scope, int]]
) -> tuple[Node | Scope, Node | Scope] | None:
    """A layer that reads a branch because that stands between it and a dead layer, and the branch; None where there is
    none. `positions`: where the steps of scopes stand in them, as far as that was asked."""
    scope = step.scope if isinstance(step, Node) else step.parent
    if scope is None or scope.kind == "list":
        return None
    if scope not in positions:
        positions[scope] = {each: i for i, each in enumerate(scope.steps)}
    after = scope.steps[positions[scope][step] + 1 :][:2]
    if len(after) < 2:
        return None
    branch, reader = after
    read = [value for value in reader.inputs if value.node is not None]
    made = branch.outputs if isinstance(branch, Node) else (branch.output,)
    implicit = isinstance(reader, Scope) or not reader.origin.values
    return (reader, branch) if implicit and len(read) == 1 and read[0] in made else None


def _place(step: Node | Scope) -> Span | None:
    return step.origin.span if isinstance(step, Node) else step.span


def _scopes_of(nodes: Iterable[Node]) -> set[Scope]:
    """The scopes that hold these nodes, at any depth."""
    found: set[Scope] = set()
    for node in nodes:
        scope: Scope | None = node.scope
        while scope is not None and scope not in found:
            found.add(scope)
            scope = scope.parent
    return found


def _whole(node: Node, alive: set[Scope]) -> Node | Scope:
    """The largest scope that a dead node ends, all of which is dead; else the node."""
    step: Node | Scope = node
    scope: Scope | None = node.scope
    while scope is not None and scope not in alive and scope.output in node.outputs:
        step, scope = scope, scope.parent
    return step


def _in_a_spec(scope: Scope | None) -> bool:
    """Whether a scope belongs to a spec that stands as a layer."""
    return scope is not None and (scope.kind == "spec" or _in_a_spec(scope.parent))
