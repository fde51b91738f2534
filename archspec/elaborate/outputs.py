"""The outputs of a network, and the layers that reach none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archspec.diagnostics import Label
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed
from archspec.elaborate.state import State
from archspec.graph import Node, Output, Scope, Value
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
        labels += [Label(span, f"instantiated here as {what}") for what, span in node.origin.within[-1:]]
        state.diagnostics.add("A505", f"`{node.path}` reaches no output", node.origin.span, labels=labels, helps=[help])


def _in_a_spec(scope: Scope | None) -> bool:
    """Whether a scope belongs to a spec that stands as a layer."""
    return scope is not None and (scope.kind == "spec" or _in_a_spec(scope.parent))
