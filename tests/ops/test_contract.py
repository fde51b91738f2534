"""The contract of every op, over all its examples: what it says of itself is what torch and onnxruntime do."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from math import sqrt
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from archspec import ops
from archspec.backends.onnx import DEFAULT_OPSET, OPSETS, EmitError
from archspec.dims import evaluate
from archspec.ops.base import Init, Op, TorchModule, TorchTensor
from archspec.types import DType, TensorType
from tests.ops.alone import as_tuple, emitted, feeds_of, reference, shapes, weights_of
from tests.ops.cases import SETTINGS, Example, Sizes, at, op_class
from tests.ops.examples import EXAMPLES
from tests.ops.modules import IN_PRODUCTS
from tests.ops.realize import (
    by_recipe,
    is_expression,
    module_of,
    named_tensors,
    owned_tensor,
    tensors,
    torch_itself,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors"),
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
]
TENSORS = ("Parameter", "Buffer", "RelativePositionIndex", "RelativeCoordinates")
LAYERS = [example for example in EXAMPLES if example.op not in TENSORS]
RUN = (OPSETS[0], DEFAULT_OPSET, OPSETS[-1])
"""The opsets that every example is run at."""
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=str)
each_layer = pytest.mark.parametrize("example", LAYERS, ids=str)


@pytest.mark.parametrize("sizes", SETTINGS, ids=["one", "three"])
@each_layer
def test_the_arithmetic_that_is_told_gives_the_inferred_sizes(example: Example, sizes: Sizes) -> None:
    types = [TensorType.of(at(type_, sizes), type_.dtype) for type_ in example.types()]
    op = example.make()
    inferred = at(as_tuple(op.infer(*example.types()))[0], sizes)
    for axis, formula in op.arithmetic(*types).items():
        assert eval(formula, {"floor": math.floor}) == inferred[axis], formula


@pytest.mark.parametrize("sizes", SETTINGS, ids=["one", "three"])
@each_layer
def test_the_inferred_types_are_those_of_torch(example: Example, sizes: Sizes) -> None:
    inferred = as_tuple(example.make().infer(*example.types()))
    layer = reference(example, sizes)
    for device in ("cpu", "meta"):
        placed = layer.to(device) if isinstance(layer, torch.nn.Module) else layer
        results = as_tuple(placed(*tensors(example, sizes, device=device)))
        assert [at(type_, sizes) for type_ in inferred] == [tuple(result.shape) for result in results]
        assert [getattr(torch, type_.dtype) for type_ in inferred] == [result.dtype for result in results]
    assert all(len(type_.axes) == len(type_.shape) for type_ in inferred)


@each_layer
def test_the_recipe_makes_what_torch_makes(example: Example) -> None:
    sizes = SETTINGS[1]
    op = example.make()
    direct, ours = torch_itself(example, shapes(example, sizes), sizes), by_recipe(op, example, sizes)
    values = tensors(example, sizes)
    if isinstance(direct, torch.nn.Module):
        assert settings(ours) == settings(direct)
        if type(ours).__module__.startswith("torch."):
            return  # whose values are torch's
        ours.load_state_dict(direct.eval().state_dict())
        ours.eval()
    else:
        assert is_expression(op, example)
    for found, expected in zip(as_tuple(ours(*values)), as_tuple(direct(*values)), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def settings(module: Any) -> dict[str, Any]:
    """The plain attributes of a module: what it was made with. Equal sizes may be written as one."""
    found = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return {
        name: value[0] if isinstance(value, (list, tuple)) and len(set(value)) == 1 else value
        for name, value in found.items()
    }


@each_example
def test_the_tensors_are_those_of_torch(example: Example) -> None:
    torch.manual_seed(0)
    op = example.make()
    owned = op.parameters(*example.types())
    recipe = op.to_torch(*example.types())
    if isinstance(recipe, TorchTensor):
        assert list(owned) == [""]
        check_start(owned_tensor(recipe, owned[""].shape, owned[""].dtype), owned[""].init)
        assert (owned[""].trainable, owned[""].buffer) == (
            (True, False) if example.op == "Parameter" else (False, True)
        )
        return
    found = named_tensors(module_of(recipe)) if isinstance(recipe, TorchModule) else {}
    assert {name: described(value) for name, value in found.items()} == {
        name: (value.shape, value.dtype, value.trainable, value.buffer) for name, value in owned.items()
    }
    assert list(found) == list(owned)
    for name, value in found.items():
        check_start(value, owned[name].init)


def described(value: torch.Tensor) -> tuple[tuple[int, ...], str, bool, bool]:
    trainable = isinstance(value, torch.nn.Parameter)
    return tuple(value.shape), str(value.dtype).removeprefix("torch."), trainable, not trainable


def check_start(value: torch.Tensor, init: Init) -> None:
    """Whether fresh values are of the distribution that is claimed, as far as their number can tell."""
    values = value.detach().double().flatten()
    if not len(values):
        return
    assert init.low - 1e-6 <= values.min()
    assert values.max() <= init.high + 1e-6
    if init.kind == "constant":
        assert init.low == init.high
    elif init.kind == "table":
        assert (values.min().item(), values.max().item()) == pytest.approx((init.low, init.high), rel=1e-6)
    elif init.kind == "orthogonal":
        assert values.square().mean().sqrt().item() == pytest.approx(init.std, rel=1e-5)
    elif len(values) >= 30 and not (init.kind == "trunc_normal" and truncated(init)):
        error = 5 / sqrt(len(values))
        assert values.mean().item() == pytest.approx(init.mean, abs=error * init.std)
        assert values.std().item() == pytest.approx(init.std, rel=error)
        if init.kind == "uniform":
            assert values.max() > init.high - (init.high - init.low) * 10 / len(values)


def truncated(init: Init) -> bool:
    """Whether the cut is near enough to change the deviation."""
    return min(init.mean - init.low, init.high - init.mean) < 4 * init.std


@each_layer
def test_macs_are_half_of_torchs_flops(example: Example) -> None:
    for sizes in SETTINGS:
        layer = reference(example, sizes)
        if isinstance(layer, torch.nn.Module):
            layer.to("meta")
        products = IN_PRODUCTS.get(example.op)
        with FlopCounterMode(display=False) as counter:
            (partial(products, layer) if products else layer)(*tensors(example, sizes, device="meta"))
        assert counter.get_total_flops() == 2 * evaluate(example.make().macs(*example.types()), sizes)  # type: ignore[operator]


@pytest.mark.parametrize("opset", RUN)
@each_example
def test_onnxruntime_gives_what_torch_gives(example: Example, opset: int) -> None:
    torch.manual_seed(0)
    op = example.make()
    recipe = op.to_torch(*example.types())
    if isinstance(recipe, TorchTensor):
        (owned,) = op.parameters().values()
        value = owned_tensor(recipe, owned.shape, owned.dtype)
        session = session_of(op, example, {"layer": value}, opset)
        if owned.dtype is not DType.bfloat16:  # which numpy doesn't know
            assert_close([value], session.run(None, {}))
        return
    layer = reference(example, SETTINGS[0])
    if opset < example.since:
        with pytest.raises(EmitError, match=f"^layer: {example.op} needs opset {example.since} for "):
            emitted(op, example, weights_of(layer), opset)
        return
    session = session_of(op, example, weights_of(layer), opset)
    for sizes in SETTINGS:
        if example.torch is not None:
            layer = reference(example, sizes)
        values = tensors(example, sizes)
        feeds = feeds_of(example, values, sizes)
        with torch.no_grad():
            expected = as_tuple(layer(*values))
        names = {value.name for value in session.get_inputs()}
        assert_close(expected, session.run(None, {name: feeds[name] for name in names}))


def session_of(op: Op, example: Example, weights: dict[str, torch.Tensor], opset: int) -> onnxruntime.InferenceSession:
    model = emitted(op, example, weights, opset)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("opset", [opset for opset in OPSETS if opset not in RUN])
def test_what_changes_between_opsets_is_valid_at_each_of_them(opset: int) -> None:
    for example, op, weights in changing():
        if opset >= example.since:
            emitted(op, example, weights, opset)


@cache
def changing() -> list[tuple[Example, Op, dict[str, torch.Tensor]]]:
    """Those of the examples whose nodes are not the same at the opsets that are run."""
    found = []
    for example in LAYERS:
        op, weights = example.make(), weights_of(reference(example, SETTINGS[0]))
        nodes = [emitted(op, example, weights, opset).graph.node for opset in RUN if opset >= example.since]
        if any(each != nodes[0] for each in nodes):
            found.append((example, op, weights))
    return found


def assert_close(expected: Sequence[torch.Tensor], found: Sequence[Any]) -> None:
    assert len(expected) == len(found)
    for ours, theirs in zip(expected, found, strict=True):
        result = torch.from_numpy(np.asarray(theirs).astype(np.float64))
        assert np.asarray(theirs).dtype.name == str(ours.dtype).removeprefix("torch.")
        assert result.shape == ours.shape
        assert torch.isfinite(result).all()
        difference = torch.linalg.vector_norm(result - ours.double())
        assert difference <= 2e-6 * torch.linalg.vector_norm(ours.double())


@each_layer
def test_receptive_windows_hold_what_torch_reads(example: Example) -> None:
    """A position that moves an output lies in the output's window."""
    op, sizes = example.make(), SETTINGS[0]
    (result, *_), types = as_tuple(op.infer(*example.types())), example.types()
    receptive = op.receptive(*types)
    axes = [k for k, label in enumerate(types[0].axes) if label in ("D", "H", "W", "L")]
    outputs = [k for k, label in enumerate(result.axes) if label in ("D", "H", "W", "L")]
    kept = [types[0].axes[k] for k in axes] == [result.axes[k] for k in outputs]
    copies = getattr(op, "padding_mode", "zeros") != "zeros"  # padding that shows what lies elsewhere
    stretched = receptive == "point" and [types[0].shape[k] for k in axes] != [result.shape[k] for k in outputs]
    if receptive == "whole" or copies or stretched or not axes or not kept or not types[0].dtype.is_floating:
        return
    layer = reference(example, sizes)
    for number, (axis, output) in enumerate(zip(axes, outputs, strict=True)):
        read: dict[int, set[int]] = {}
        for o, i in influences(layer, tensors(example, sizes), axis, output):
            first, last = (o, o) if receptive == "point" else window(receptive, number, o)
            assert first <= i <= last, f"output {o} of axis {axis} reads input {i}, not in {first} to {last}"
            read.setdefault(o, set()).add(i)
        claimed = {o: (o, o) if receptive == "point" else window(receptive, number, o) for o in read}
        size = at(types[0], sizes)[axis]
        inside = {o: ends for o, ends in claimed.items() if ends[0] >= 0 and ends[1] < size}
        assert not inside or any({first, last} <= read[o] for o, (first, last) in inside.items()), "too wide a window"


def window(receptive: Any, number: int, o: int) -> tuple[int, int]:
    scale = receptive.scale[number] if receptive.scale else 1
    first = receptive.start[number] + receptive.stride[number] * o
    return first // scale, (first + receptive.size[number] - 1) // scale


def influences(layer: Callable[..., Any], values: list[torch.Tensor], axis: int, output: int) -> list[tuple[int, int]]:
    """Which positions of an axis of the first input move which positions of the first result."""
    with torch.no_grad():
        before = as_tuple(layer(*(value.clone() for value in values)))[0]
        found = []
        for i in range(values[0].shape[axis]):
            moved = values[0].clone()
            moved.select(axis, i).add_(torch.rand_like(moved.select(axis, i)) + 1)
            after = as_tuple(layer(moved, *(value.clone() for value in values[1:])))[0]
            changed = (after != before).movedim(output, 0).flatten(1).any(1) if before.ndim > 1 else after != before
            found += [(o, i) for o in changed.nonzero().flatten().tolist()]
    return found


@pytest.mark.parametrize("name", ops.names())
def test_every_op_has_examples_that_use_all_of_it(name: str) -> None:
    """Every argument leaves its default somewhere, and every word that it knows is written somewhere."""
    op = op_class(name)
    written: dict[str, list[Any]] = {field: [] for field in op.model_fields}
    examples = [example for example in EXAMPLES if example.op == name]
    assert examples
    for example in examples:
        made = example.make()
        for field, info in op.model_fields.items():
            if getattr(made, field) != info.default:
                written[field].append(example.arguments[field])
    unused = [field for field, values in written.items() if not values]
    fields = op.model_fields
    assert [field for field in unused if words(fields[field].annotation) != {fields[field].default}] == []
    for field, info in op.model_fields.items():
        text = (
            f"{info.default} {[each.arguments.get(field) for each in EXAMPLES if takes(each, field, info.annotation)]}"
        )
        assert [word for word in words(info.annotation) if word not in text] == [], field


def takes(example: Example, field: str, annotation: Any) -> bool:
    """Whether the example's op has an argument of this name and rule: ops of one base share their words."""
    fields = op_class(example.op).model_fields
    return field in fields and fields[field].annotation == annotation


def words(annotation: Any) -> set[Any]:
    """The words that an argument knows: the literals in its annotation."""
    parts = get_args(annotation)
    return set().union(
        *(words(part) if get_args(part) else {part} if isinstance(part, str) else set() for part in parts)
    )


@pytest.mark.parametrize("name", ops.names())
def test_every_op_says_what_it_is(name: str) -> None:
    op = op_class(name)
    assert op.__doc__
    assert inspect.getmodule(op).__name__.startswith("archspec.ops.")  # type: ignore[union-attr]
    assert op.model_json_schema()["additionalProperties"] is False
    torch_class = getattr(torch.nn, name, None)
    if isinstance(torch_class, type) and name not in TENSORS:
        known = {**parameters(torch_class.forward), **parameters(*torch_class.__mro__[::-1])}
        for field, info in op.model_fields.items():
            default = known[field].default if field in known else None
            if default is not inspect.Parameter.empty and default is not None:
                assert info.default == default or set(info.default) == {default}, field


def parameters(*functions: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {name: value for function in functions for name, value in inspect.signature(function).parameters.items()}
