"""The types in a file against those that onnx's own inference finds for the same nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import onnx
from onnx.shape_inference import infer_shapes

from archspec.dims import Dim, evaluate, read
from archspec.graph import Graph
from archspec.parity.measure import OutputParity
from archspec.types import TensorType

_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16)
_SMALL = 1024  # bytes; the floats that say something about shapes, the scales of a Resize, are less


class ShapeCheck(NamedTuple):
    """How many values of the nodes onnx knows the shape of, of how many; and what differs, a sentence each."""

    compared: int
    values: int
    problems: tuple[str, ...]


class _Type(NamedTuple):
    """An element type of ONNX, and a shape: None where it isn't known, as a size in it may be."""

    element: int
    shape: tuple[int | str | None, ...] | None

    def __str__(self) -> str:
        kind = onnx.TensorProto.DataType.Name(self.element).lower()
        sizes = "of unknown shape" if self.shape is None else f"[{', '.join(map(str, self.shape))}]"
        return f"{kind} {sizes}"


_Types = dict[str, _Type]


def check_shapes(model: onnx.ModelProto, sizes: Mapping[str, int]) -> ShapeCheck:
    """Infer all types anew, from those of the inputs and the nodes alone: once as the inputs are written, and once
    with the numbers of `sizes` for their symbols, which shows sizes that onnx has no formula for.

    What onnx does not know, or has a name of its own for, is no disagreement; a number is, where the file has
    another one or a symbol.
    """
    written = _types_of(model)
    names = [name for node in model.graph.node for name in node.output if name]
    untyped = [f"{name} has no type in the file" for name in names if name not in written]
    inferred = _inferred(model, {})
    numbered = _inferred(model, sizes) if sizes else inferred
    ours = {name: written[name] for name in names if name in written and name in inferred}
    differing = _differences(ours, inferred)
    if sizes:
        ours_then = {name: _at(type_, sizes) for name, type_ in ours.items() if name in numbered}
        differing += _differences(ours_then, numbered, f" at {_sizes_text(sizes)}")
    compared = sum(inferred[name].shape is not None for name in ours)
    return ShapeCheck(compared, len(names), (*untyped, *differing))


def shape_problems(path: Path, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """What differs in a file that was made of one that was looked at before."""
    return check_shapes(onnx.load(path, load_external_data=False), sizes).problems


def given_shapes(graph: Graph, cases: Sequence[Mapping[str, int]], outputs: Sequence[OutputParity]) -> list[str]:
    """The outputs to which onnxruntime gave other shapes, at these sizes, than the network has, a sentence each."""
    types = {output.name: output.value.type for output in graph.outputs}
    return [
        f"{output.name} has {list(wanted)} at {_sizes_text(case)}, and onnxruntime gives {list(shape)}"
        for output in outputs
        for case, shape in zip(cases, output.shapes, strict=False)
        if shape != (wanted := _shape_at(types[output.name], case))
    ]


def _shape_at(type_: TensorType, sizes: Mapping[str, int]) -> tuple[Dim, ...]:
    return tuple(evaluate(size, sizes) for size in type_.shape)


def _differences(ours: _Types, theirs: _Types, where: str = "") -> list[str]:
    return [
        f"{name} is {type_} in the file, and onnx infers {theirs[name]}{where}"
        for name, type_ in ours.items()
        if not _agree(type_, theirs[name])
    ]


def _agree(ours: _Type, theirs: _Type) -> bool:
    if ours.element != theirs.element:
        return False
    if theirs.shape is None:
        return True
    if ours.shape is None or len(ours.shape) != len(theirs.shape):
        return False
    pairs = zip(ours.shape, theirs.shape, strict=True)
    return all(found == size for size, found in pairs if isinstance(found, int))


def _types_of(model: onnx.ModelProto) -> _Types:
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    return {value.name: _type_of(value) for value in values if value.type.tensor_type.elem_type}


def _type_of(value: onnx.ValueInfoProto) -> _Type:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return _Type(tensor.elem_type, None)
    sizes = (size.dim_value if size.HasField("dim_value") else size.dim_param or None for size in tensor.shape.dim)
    return _Type(tensor.elem_type, tuple(sizes))


def _at(type_: _Type, sizes: Mapping[str, int]) -> _Type:
    """The type with numbers for symbols."""
    if type_.shape is None:
        return type_
    return type_._replace(shape=tuple(_number(size, sizes) for size in type_.shape))


def _number(size: int | str | None, sizes: Mapping[str, int]) -> int | str | None:
    found = evaluate(read(size), sizes) if isinstance(size, str) else size
    return found if isinstance(found, int) else size


def _inferred(model: onnx.ModelProto, sizes: Mapping[str, int]) -> _Types:
    """What onnx finds. It is given no types but those of the inputs, and no numbers but those that sizes are made of.

    Not in strict mode, in which a node that onnx fails at ends it all. Contradictions between nodes are the checker's
    (`full_check`); and where onnx follows the values of sizes it takes every tensor for a list, and fails at a
    product of tensors of two axes.
    """
    graph = onnx.GraphProto(name=model.graph.name, node=model.graph.node, input=model.graph.input)
    graph.output.extend(onnx.ValueInfoProto(name=output.name) for output in model.graph.output)
    for tensor in model.graph.initializer:
        large = tensor.data_type in _FLOATS and len(tensor.raw_data) > _SMALL
        graph.initializer.append(_without_data(tensor) if large else tensor)
    for value in graph.input:
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param in sizes:
                size.dim_value = sizes[size.dim_param]
    bare = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, graph=graph)
    return _types_of(infer_shapes(bare, data_prop=True))


def _without_data(tensor: onnx.TensorProto) -> onnx.TensorProto:
    return onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)


def _sizes_text(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size}" for name, size in sizes.items())
