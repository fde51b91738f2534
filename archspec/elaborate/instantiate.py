"""Ops with arguments -> nodes: arguments evaluated and validated, input types inferred through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from archspec.diagnostics import near
from archspec.dims import Dim, counterexample, evaluate
from archspec.elaborate.evaluate import Env, divided
from archspec.elaborate.names import Failed
from archspec.elaborate.slots import slots
from archspec.elaborate.state import State
from archspec.elaborate.values import FAILED, Entry, Site
from archspec.graph import Node, Origin, Value
from archspec.ops.base import Op, OpError
from archspec.source import Span
from archspec.syntax.arithmetic import describe
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.tree import Node as TreeNode
from archspec.syntax.tree import Scalar
from archspec.types import TensorType

Arguments = Mapping[str, tuple[Scalar, TreeNode]]

_WORDS = {
    "Input should be": "has to be",
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid boolean": "true or false",
}  # pydantic's words -> ours


def make_op(state: State, op: type[Op], arguments: Arguments, span: Span, env: Env) -> Op:
    """The op with its arguments evaluated, `defaults` filled in. Raises Failed, with every mistake reported."""
    constant = state.constant_ops.get((id(arguments), op))
    if constant is not None:
        return constant
    known = slots(op)
    values: dict[str, Any] = dict(state.defaults.get(op.__name__, ()))
    failed: set[str] = set()
    for name, (key, node) in arguments.items():
        if name not in known:
            helps = near(name, known) or [f"its arguments are {', '.join(known)}" if known else "it has no arguments"]
            state.diagnostics.add("A303", f"{op.__name__} has no argument `{name}`", key.span, helps=helps)
            failed.add(name)
            continue
        try:
            values[name] = state.evaluator.slot(node, known[name], env)
        except Failed:
            failed.add(name)
    if failed:
        _report_others(state, op, values, arguments, span, failed)
        raise Failed
    key_ = (op, *((name, _frozen(value)) for name, value in values.items()))
    if key_ not in state.ops:
        state.ops[key_] = _validated(state, op, values, arguments, span)
    if all(isinstance(node, Scalar) and not node.is_text for _, node in arguments.values()):
        state.constant_ops[id(arguments), op] = state.ops[key_]
    return state.ops[key_]


def _frozen(value: Any) -> Any:
    """A hashable image of an argument that tells 1, 1.0 and true apart."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in value.items())
    return type(value), value


def _validated(state: State, op: type[Op], values: dict[str, Any], arguments: Arguments, span: Span) -> Op:
    try:
        return op.model_validate(values)
    except ValidationError as error:
        seen: set[str] = set()
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            if name in seen:  # a union tells its failure once for each member
                continue
            seen.add(name)
            _report_field(state, op, name, item, values, arguments, span)
        raise Failed from None


def _report_others(
    state: State, op: type[Op], values: dict[str, Any], arguments: Arguments, span: Span, failed: set[str]
) -> None:
    """What is wrong with the other arguments of an op, where some have failed already."""
    try:
        op.model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            if name in arguments and name not in failed:
                failed.add(name)  # a union tells its failure once for each member
                _report_field(state, op, name, item, values, arguments, span)


def _report_field(
    state: State, op: type[Op], name: str, item: Any, values: dict[str, Any], arguments: Arguments, span: Span
) -> None:
    if item["type"] == "missing":
        state.diagnostics.add("A304", f"{op.__name__} needs `{name}`", span, helps=[f"add `{name}: ...`"])
        return
    rule = str(item["msg"]).removeprefix("Value error, ")
    for theirs, ours in _WORDS.items():
        rule = rule.replace(theirs, ours)
    found = "" if "it is" in rule or name not in values else f", and is {describe(values[name])}"
    message = f"`{name}` of {op.__name__} {rule}{found}" if name else f"{op.__name__}: {rule}"
    helps = divided(arguments[name][1], values[name]) if name in arguments else ()
    place = _argument_span(arguments, name) or state.default_spans.get((op.__name__, name)) or span
    state.diagnostics.add("A305", message, place, helps=helps)


def _argument_span(arguments: Arguments, name: str) -> Span | None:
    if name not in arguments:
        return None
    node = arguments[name][1]
    return node.inner if isinstance(node, Scalar) else node.span


def _argument_spans(state: State, arguments: Arguments) -> dict[str, Span]:
    """The places of a layer's arguments, which all its repetitions share."""
    if id(arguments) not in state.argument_spans:
        spans = ((name, _argument_span(arguments, name)) for name in arguments)
        state.argument_spans[id(arguments)] = {name: span for name, span in spans if span}
    return state.argument_spans[id(arguments)]


def make_node(state: State, op: Op, arguments: Arguments, sources: list[Entry], site: Site) -> Entry:
    """A node for the op on its inputs; FAILED where an input failed or the op refuses."""
    if site.place.owner in state.overrides:
        changed = {name: getattr(op, name) for name in op.model_fields_set} | dict(state.overrides[site.place.owner])
        op = type(op).model_validate(changed)
    inputs = _inputs(state, op, sources, site)
    if inputs is None:
        return FAILED
    types = tuple(value.type for value in inputs)
    outputs = _inferred(state, op, types, arguments, site)
    if outputs is None:
        return FAILED
    values = tuple(source.span for source in site.sources) if site.sources else ()
    origin = Origin(site.span, _argument_spans(state, arguments), values, site.within)
    node = Node(site.place.path, op, inputs, site.scope, origin, site.place.owner)
    if op.multiple:
        node.outputs = tuple(Value(f"{node.path}.{i}", type_, node, i) for i, type_ in enumerate(outputs))
    else:
        node.outputs = (Value(node.path, outputs[0], node),)
    state.nodes.append(node)
    site.scope.steps.append(node)
    return Entry(node.outputs, step=node, owner=site.place.owner)


def _inputs(state: State, op: Op, sources: list[Entry], site: Site) -> tuple[Value, ...] | None:
    values = []
    for i, entry in enumerate(sources):
        try:
            values.append(entry.single(site.sources[i].text if i < len(site.sources) else "prev"))
        except Failed:
            continue
        except ExpressionError as error:
            state.diagnostics.add(error.code, error.message, site.source_span(i), helps=error.helps)
    least, most = op.inputs
    if len(values) < len(sources):
        return None
    if not (least <= len(sources) and (most is None or len(sources) <= most)):
        name = type(op).__name__
        wanted = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        message = f"{name} reads {wanted} value{'s' if wanted != '1' else ''}, and gets {len(sources)}"
        helps = ["say which values with `from: [a, b]`"] if len(sources) < least else []
        surplus = most if most is not None and len(sources) > most else 0
        state.diagnostics.add("A504", message, site.source_span(surplus), helps=helps)
        return None
    return tuple(values)


def _inferred(
    state: State, op: Op, types: tuple[TensorType, ...], arguments: Arguments, site: Site
) -> tuple[TensorType, ...] | None:
    key = (id(op), types)  # ops are kept by `state.ops`, so that an id stays theirs
    if key in state.inferred and not state.overrides:
        found: tuple[TensorType, ...] = state.inferred[key]
        return found
    try:
        outputs = _as_tuple(op.infer(*types))
    except OpError as error:
        span = _argument_span(arguments, error.field) if error.field else None
        if span is None and error.input is not None:
            span = site.source_span(error.input)
        message = (
            error.message if error.message.startswith(type(op).__name__) else f"{type(op).__name__}: {error.message}"
        )
        state.diagnostics.add(error.code, message, span or site.span, labels=site.labels(), notes=error.notes)
        return None
    for a, b in op.unproved(*types):
        state.diagnostics.add(
            "A403",
            f"{site.place.path}: {a} and {b} are not proved equal",
            site.span,
            notes=[_when(a, b)],
            labels=site.labels(),
        )
    state.inferred[key] = outputs
    return outputs


def _as_tuple(result: TensorType | tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    return (result,) if isinstance(result, TensorType) else result


def _when(a: Dim, b: Dim) -> str:
    sizes = counterexample(a, b)
    if sizes is None:
        return "no size up to 64 tells them apart"
    where = ", ".join(f"{name} = {value}" for name, value in sizes.items())
    return f"at {where} they are {evaluate(a, sizes)} and {evaluate(b, sizes)}"
