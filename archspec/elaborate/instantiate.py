"""Ops with arguments -> nodes: arguments evaluated and validated, input types inferred through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from archspec.diagnostics import near
from archspec.dims import Condition, Dim, Symbolic, evaluate, proofs_spent
from archspec.elaborate.evaluate import Env, divided, fitting
from archspec.elaborate.limits import excess, excess_of
from archspec.elaborate.memo import Inferred
from archspec.elaborate.names import Failed
from archspec.elaborate.slots import slots
from archspec.elaborate.state import Pattern, State
from archspec.elaborate.values import FAILED, Entry, Site
from archspec.graph import Node, Origin, Value
from archspec.ops.base import Op, OpError, OwnedTensor, Unsettled
from archspec.ops.conditions import can_equal, gathered
from archspec.source import Span
from archspec.syntax.arithmetic import describe
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.layers import Arguments, LayerDecl, argument_span
from archspec.syntax.tree import Scalar
from archspec.types import TensorType

_WORDS = {
    "Input should be": "has to be",
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid boolean": "true or false",
}  # pydantic's words -> ours


def make_op(state: State, op: type[Op], layer: LayerDecl, env: Env) -> Op:
    """The op with the layer's arguments evaluated, `defaults` filled in. Raises Failed, with every mistake reported."""
    pattern = state.known.patterns.get((layer, op))
    if pattern is None:
        pattern = state.known.patterns[layer, op] = _pattern(state, op, layer.arguments, env)
    if pattern.constant is not None:
        return pattern.constant
    varying: dict[str, Any] = {}
    failed = set(pattern.unknown)
    for name, node, slot in pattern.varying:
        try:
            varying[name] = state.evaluator.slot(node, slot, env)
        except Failed:
            failed.add(name)
    if failed:
        _report_others(state, op, pattern.fixed | varying, layer, failed)
        raise Failed
    key = tuple(map(frozen, varying.values()))
    if key not in pattern.made:
        pattern.made[key] = _equal_op(state, op, pattern.fixed | varying, layer)
        if not pattern.varying:
            pattern.constant = pattern.made[key]
    return pattern.made[key]


def _pattern(state: State, op: type[Op], arguments: Arguments, env: Env) -> Pattern:
    """What is known of a layer's arguments before they are evaluated; unknown names are reported."""
    known = slots(op)
    pattern = Pattern(dict(state.defaults.get(op.__name__, ())))
    for name, (key, node) in arguments.items():
        if name not in known:
            free = [each for each in known if each not in arguments]
            helps = near(name, free, f"its arguments are {', '.join(known)}" if known else "it has no arguments")
            state.diagnostics.add("A303", f"{op.__name__} has no argument `{name}`", key.span, helps=helps)
            pattern.unknown.append(name)
        elif isinstance(node, Scalar) and (not node.is_text or node.text in known[name].words):
            pattern.fixed[name] = state.evaluator.slot(node, known[name], env)
        else:
            pattern.varying.append((name, node, known[name]))
    return pattern


def with_arguments(op: Op, given: Mapping[str, Any], types: tuple[TensorType, ...], state: State) -> Inferred | None:
    """An op with other arguments, and what it gives; None, and nothing is reported, where it would be refused, or asks
    something of symbols."""
    known, values = slots(type(op)), {name: getattr(op, name) for name in op.model_fields_set}
    values |= {name: fitting(value, known[name]) for name, value in given.items()}
    key = _key(type(op), values)
    try:
        made = state.memo.ops.get(key)
        if made is None:
            made = state.memo.ops[key] = type(op).model_validate(values)
        found, conditions = _infer(state, made, types)
    except (ValidationError, OpError):
        return None
    return found if not conditions and found.settled is None else None


def _key(op: type[Op], values: Mapping[str, Any]) -> Any:
    return (op, *((name, frozen(value)) for name, value in sorted(values.items())))


def _equal_op(state: State, op: type[Op], values: dict[str, Any], layer: LayerDecl) -> Op:
    """The one op that all layers with equal arguments share. Raises Failed."""
    key = _key(op, values)
    known = state.memo.ops.get(key) or state.ops.get(key)
    if known is not None:
        return known
    try:
        made = state.memo.ops[key] = op.model_validate(values)
    except ValidationError as error:
        made = state.ops[key] = _settled_op(state, op, values, error, layer)
    return made


def frozen(value: Any) -> Any:
    """A hashable image of an argument that tells 1, 1.0 and true apart."""
    if type(value) is int:
        return value
    if isinstance(value, list):
        return tuple(map(frozen, value))
    if isinstance(value, dict):
        return tuple((key, frozen(item)) for key, item in value.items())
    return type(value), value


def _settled_op(state: State, op: type[Op], values: dict[str, Any], error: ValidationError, layer: LayerDecl) -> Op:
    """The op with numbers for symbols in the arguments that were refused. Raises Failed, with all mistakes reported."""
    items = error.errors(include_url=False, include_context=False)
    refused = {str(item["loc"][0]) if item["loc"] else "": item for item in reversed(items)}  # a union tells it twice
    settled = {name: _at_declared(state, value) if name in refused else value for name, value in values.items()}
    if settled != values:
        try:
            return op.model_validate(settled)
        except ValidationError as again:
            return _settled_op(state, op, settled, again, layer)
    for name, item in reversed(refused.items()):
        _report_field(state, op, name, item, values, layer)
    raise Failed


def _at_declared(state: State, value: Any) -> Any:
    """An argument with the numbers that the spec itself gives for symbols, which they then have to be."""
    if isinstance(value, list):
        return [_at_declared(state, item) for item in value]
    if isinstance(value, Symbolic) and isinstance(number := evaluate(value, state.declared), int):
        state.settled.append(Condition(value, "==", number))
        return number
    return value


def _report_others(state: State, op: type[Op], values: dict[str, Any], layer: LayerDecl, failed: set[str]) -> None:
    """What is wrong with the other arguments of an op, where some have failed already."""
    try:
        op.model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            if name in layer.arguments and name not in failed:
                failed.add(name)  # a union tells its failure once for each member
                _report_field(state, op, name, item, values, layer)


def _report_field(state: State, op: type[Op], name: str, item: Any, values: dict[str, Any], layer: LayerDecl) -> None:
    if item["type"] == "missing":
        state.diagnostics.add("A304", f"{op.__name__} needs `{name}`", layer.span, helps=[f"add `{name}: ...`"])
        return
    rule = str(item["msg"]).removeprefix("Value error, ")
    for theirs, ours in _WORDS.items():
        rule = rule.replace(theirs, ours)
    found = "" if "it is" in rule or name not in values else f", and is {describe(values[name])}"
    message = f"`{name}` of {op.__name__} {rule}{found}" if name else f"{op.__name__}: {rule}"
    helps = divided(layer.arguments[name][1], values[name]) if name in layer.arguments else ()
    place = argument_span(layer.arguments, name) or state.default_spans.get((op.__name__, name)) or layer.span
    state.diagnostics.add("A305", message, place, helps=helps)


def _argument_spans(state: State, arguments: Arguments) -> dict[str, Span]:
    """The places of a layer's arguments, which all its repetitions share."""
    found = state.argument_spans.get(id(arguments))
    if found is None:
        spans = ((name, argument_span(arguments, name)) for name in arguments)
        found = state.argument_spans[id(arguments)] = {name: span for name, span in spans if span}
    return found


def make_node(state: State, op: Op, layer: LayerDecl, sources: list[Entry], site: Site) -> Entry:
    """A node for the op on its inputs; FAILED where an input failed or the op refuses."""
    if site.place.owner in state.overrides:
        changed = {name: getattr(op, name) for name in op.model_fields_set} | dict(state.overrides[site.place.owner])
        op = type(op).model_validate(changed)
    inputs = _inputs(state, op, sources, site)
    if inputs is None:
        return FAILED
    inferred = _inferred(state, op, inputs, layer.arguments, site)
    if inferred is None:
        return FAILED
    outputs = inferred.outputs
    if state.settled:
        state.require(state.settled, site.place.path, site.span)
        state.settled.clear()
    values = tuple(source.span for source in site.sources) if site.sources else ()
    origin = Origin(site.span, _argument_spans(state, layer.arguments), values, site.within)
    node = Node(site.place.path, op, inputs, site.scope, origin, site.place.owner, settled=inferred.settled)
    several = op.multiple
    if several:
        state.evaluator.effort.spend(len(outputs), site.span)
        node.outputs = tuple(Value(f"{node.path}.{i}", type_, node, i) for i, type_ in enumerate(outputs))
    else:
        node.outputs = (Value(node.path, outputs[0], node),)
    state.nodes.append(node)
    site.scope.steps.append(node)
    return Entry(node.outputs, step=node, owner=site.place.owner, several=several)


def _inputs(state: State, op: Op, sources: list[Entry], site: Site) -> tuple[Value, ...] | None:
    if len(sources) == 1 and op.inputs == (1, 1) and not sources[0].several:  # as nearly always
        return sources[0].values
    values = [entry.values[0] for entry in sources if entry.values and not entry.several]
    least, most = op.inputs
    if len(values) < len(sources):
        _report_several(state, sources, site)
        return None
    if most is None and site.reads_all:  # what `.*` turned out to be may be one
        least = 1
    if not (least <= len(sources) and (most is None or len(sources) <= most)):
        name = type(op).__name__
        wanted = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        message = f"{name} reads {wanted} value{'s' if wanted != '1' else ''}, and gets {len(sources)}"
        helps = ["say which values with `from: [a, b]`"] if len(sources) < least else []
        surplus = most if most is not None and len(sources) > most else 0
        state.diagnostics.add("A504", message, site.source_span(surplus), helps=helps)
        return None
    return tuple(values)


def _report_several(state: State, sources: list[Entry], site: Site) -> None:
    """Report each source of several values, of which a layer reads one."""
    for i, entry in enumerate(sources):
        try:
            entry.single(site.sources[i].text if i < len(site.sources) else "prev")
        except Failed:
            continue
        except ExpressionError as error:
            state.diagnostics.add(error.code, error.message, site.source_span(i), helps=error.helps)


def _inferred(state: State, op: Op, inputs: tuple[Value, ...], arguments: Arguments, site: Site) -> Inferred | None:
    """The types of the outputs; None where the op refuses, which is reported."""
    types = tuple([value.type for value in inputs])
    known = state.memo.inferred.get((id(op), types))
    if known is not None:
        return known
    try:
        found, conditions = _infer(state, op, types)
    except OpError as error:
        from archspec.elaborate.refusals import report_refusal  # which only errors need

        report_refusal(state, op, error, inputs, arguments, site)
        return None
    if conditions:
        state.require(conditions, site.place.path, site.span)
    return found


def _infer(state: State, op: Op, types: tuple[TensorType, ...]) -> tuple[Inferred, list[Condition]]:
    """What an op gives, and what it asks of symbols where it is asked first. Raises OpError."""
    key = (id(op), types)
    known = state.memo.inferred.get(key) or state.inferred.get(key)
    if known is not None:
        return known, []
    spent = proofs_spent()
    with gathered() as conditions:
        found = _settled(state, op, types)
    of_this_network = conditions or found.settled or proofs_spent() > spent
    (state.inferred if of_this_network else state.memo.inferred)[key] = found
    return found, conditions


def _settled(state: State, op: Op, types: tuple[TensorType, ...]) -> Inferred:
    """Infer, with numbers for the symbolic sizes that the op has to know: those that the spec gives. Raises OpError."""
    settled = types
    while True:
        try:
            outputs = _as_tuple(op.infer(*settled))
            owned = op.parameters(*settled)
            _refuse_excess(settled, outputs, owned)
            return Inferred(op, outputs, owned, settled if settled is not types else None)
        except Unsettled as error:
            number = error.written or evaluate(error.size, state.declared)
            if not isinstance(number, int) or not can_equal(error.size, number):
                raise
            settled = tuple(_with_number(type_, error.size, number) for type_ in settled)


def _refuse_excess(
    inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], owned: Mapping[str, OwnedTensor]
) -> None:
    """Refuse what is too large for any runtime: results, and weights."""
    for type_ in outputs:
        if type_ in inputs:
            continue
        if message := excess(type_):
            raise OpError(message, code="A605")
    for tensor in owned.values():
        if message := excess_of(tensor.shape, tensor.dtype):
            raise OpError(message, code="A605")


def _with_number(type_: TensorType, size: Dim, number: int) -> TensorType:
    return type_._replace(shape=tuple(number if each == size else each for each in type_.shape))


def _as_tuple(result: TensorType | tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    return (result,) if isinstance(result, TensorType) else result
