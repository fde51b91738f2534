"""Graph -> ONNX model, straight: every layer's op emits its own nodes, nothing is traced.

Names are the interface of the file. A layer's last node carries its path, and so does its value;
what else it needs is called `path/Mul`, `path/const`. Initialisers carry their state_dict keys, the
model's inputs and outputs their own names. Only evaluation is emitted: no training outputs, and
nothing for a Dropout, whose value is its input's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from onnx.helper import OP_SET_ID_VERSION_MAP

from archspec.backends.onnx.inference import Application, Known, infer
from archspec.backends.onnx.reshapes import join_reshapes
from archspec.backends.onnx.runtimes import LATEST, Runtime, first_with
from archspec.backends.onnx.sizes import Sizes
from archspec.dims import Dim
from archspec.graph import Graph, Node, Value, state_key
from archspec.ops.base import OpError
from archspec.types import DType, TensorType

PRODUCER = "archspec"  # by which a file tells that its values carry the paths of layers
DEFAULT_OPSET = 18
OPSETS = range(13, LATEST.opset + 1)
_LEAST_IR_VERSION = 8

_DTYPES = {
    DType.float16: ir.DataType.FLOAT16,
    DType.bfloat16: ir.DataType.BFLOAT16,
    DType.float32: ir.DataType.FLOAT,
    DType.float64: ir.DataType.DOUBLE,
    DType.int8: ir.DataType.INT8,
    DType.uint8: ir.DataType.UINT8,
    DType.int16: ir.DataType.INT16,
    DType.int32: ir.DataType.INT32,
    DType.int64: ir.DataType.INT64,
    DType.bool: ir.DataType.BOOL,
}
_ELEMENTS = {element: dtype for dtype, element in _DTYPES.items()}


class EmitError(Exception):
    """The network can't be written as ONNX in the way that was asked for; `path` is the layer at fault, if any."""

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class _HigherOpset(Exception):
    """A layer needs a later opset: emission starts again with that one."""

    def __init__(self, opset: int, layer: Node, what: str) -> None:
        super().__init__(f"{type(layer.op).__name__} needs opset {opset} for {what}")
        self.opset = opset
        self.path = layer.path


def emit(
    graph: Graph,
    tensors: Mapping[str, Any],
    *,
    opset: int | None = None,
    runtime: Runtime = LATEST,
    metadata: Mapping[str, str] | None = None,
) -> ir.Model:
    """The ONNX model of a graph in evaluation mode, which `runtime` accepts.

    `tensors` maps state_dict keys to arrays, or to torch tensors in CPU memory; none is copied. Without an `opset`,
    it is the default one, which an op may raise: `raised_by` tells which. Raises EmitError for an opset that isn't
    written or that the runtime has not, for an op that needs a later one, for a tensor that doesn't fit the graph,
    and for names that ONNX can't keep apart.
    """
    require_opset(opset, runtime)
    written, path = opset or min(DEFAULT_OPSET, runtime.opset), ""
    while True:
        try:
            model = GraphEmitter(graph, tensors, written).model()
        except _HigherOpset as request:
            if opset is not None:
                text = f"{request}, and {opset} was asked for: ask for {request.opset} or later"
                raise EmitError(text, request.path) from None
            if request.opset > runtime.opset:
                raise EmitError(f"{request}, and {_no_later(runtime, request.opset)}", request.path) from None
            written, path = request.opset, request.path
        else:
            join_reshapes(model.graph)
            model.ir_version = min(model.ir_version, runtime.ir_version)
            model.metadata_props.update(metadata or {})
            model.meta["raised_by"] = path
            return model


def require_opset(opset: int | None, runtime: Runtime) -> None:
    """Raise EmitError for an opset that isn't written, or that the runtime has not."""
    if opset is not None and opset not in OPSETS:
        raise EmitError(f"opset {opset} is none of those that can be written, {OPSETS[0]} to {OPSETS[-1]}")
    if opset is not None and opset > runtime.opset:
        raise EmitError(f"opset {opset} was asked for, and {_no_later(runtime, opset)}")


def _no_later(runtime: Runtime, opset: int) -> str:
    """That a runtime does not go as far as an opset, and which is the first that does."""
    first = first_with(opset)
    way_out = f": target {first.target} or later" if first else ""
    return f"onnxruntime {runtime.version} runs none after {runtime.opset}{way_out}"


def raised_by(model: ir.Model) -> str | None:
    """The path of the layer that raised the opset of a model that `emit` made, or None."""
    return model.meta["raised_by"] or None


class GraphEmitter:
    """The `Emitter` that ops see: one graph, written at one opset."""

    def __init__(self, graph: Graph, tensors: Mapping[str, Any], opset: int) -> None:
        self.opset = opset
        self._graph = graph
        self._tensors = tensors
        self._outputs = [output for output in graph.outputs if not output.training]
        self._known: dict[ir.Value, Known] = {}
        self._inputs = [self._typed(ir.Value(name=value.name), _known(value.type)) for value in graph.inputs]
        self._values: dict[Value, ir.Value] = dict(zip(graph.inputs, self._inputs, strict=True))
        # Names of values. Those of outputs are given at the end, when it is known which values they go to.
        self._names = {value.name for value in graph.inputs} | {output.name for output in self._outputs}
        self._nodes: list[ir.Node] = []
        self._initializers: dict[str, ir.Value] = {}
        self._constants: dict[tuple[DType, tuple[int, ...], bytes], ir.Value] = {}
        self._sizes = Sizes(self, graph, self._inputs)
        self._layer: Node | None = None
        self._fresh: set[ir.Value] = set()  # what the layer's nodes gave so far

    def model(self) -> ir.Model:
        """Emit every layer, in execution order."""
        for node in self._graph.nodes:
            if not node.training_only:
                self._emit_layer(node)
        graph = ir.Graph(
            self._inputs,
            self._named_outputs(),
            nodes=self._nodes,
            initializers=tuple(self._initializers.values()),
            opset_imports={"": self.opset},
            name=self._graph.name,
        )
        ir_version = max(_LEAST_IR_VERSION, OP_SET_ID_VERSION_MAP["ai.onnx", self.opset])
        return ir.Model(graph, ir_version=ir_version, producer_name=PRODUCER)

    def node(self, op_type: str, *inputs: ir.Value | None, **attributes: Any) -> ir.Value:
        """Add a node of the layer with one output. None stands for an optional input left out."""
        return self.nodes(op_type, 1, *inputs, **attributes)[0]

    def nodes(self, op_type: str, outputs: int, *inputs: ir.Value | None, **attributes: Any) -> tuple[ir.Value, ...]:
        """Add a node of the layer with several outputs."""
        handles = self._append(f"{self._current.path}/{op_type}", op_type, outputs, inputs, attributes)
        self._fresh.update(handles)
        return handles

    def named_node(self, name: str, op_type: str, *inputs: ir.Value, **attributes: Any) -> ir.Value:
        """Add a node that serves the whole model."""
        return self._append(name, op_type, 1, inputs, attributes)[0]

    def parameter(self, name: str) -> ir.Value:
        """The initialiser of one of the layer's own tensors; a shared layer reuses its owner's."""
        layer = self._current
        key = state_key(layer.owner, name)
        if key in self._initializers:
            return self._initializers[key]
        owned = layer.parameters()[name]
        tensor = ir.tensor(self._tensors[key], name=key)
        if tuple(tensor.shape) != owned.shape or tensor.dtype != _DTYPES[owned.dtype]:
            found = f"{tensor.dtype.name.lower()} {list(tensor.shape)}"
            raise EmitError(f"{name} is {found}, and has to be {owned.dtype} {list(owned.shape)}", layer.path)
        if key in self._names:
            raise EmitError(f"an input or output of the model has the name of a tensor: {key}")
        return self._initializer(tensor)

    def constant(self, value: Any, dtype: DType = DType.float32) -> ir.Value:
        """A small constant: a number or nested lists of numbers. Equal ones are one initialiser."""
        array = np.array(value, dtype=_DTYPES[dtype].numpy())
        key = (dtype, array.shape, array.tobytes())
        if key not in self._constants:
            name = self._unique(f"{self._current.path}/const")
            handle = self._initializer(ir.Tensor(array, _DTYPES[dtype], name=name))
            if array.ndim < 2:
                self._known[handle] = self._known[handle]._replace(content=tuple(array.ravel().tolist()))
            self._constants[key] = handle
        return self._constants[key]

    def shape(self, sizes: Sequence[Dim]) -> ir.Value:
        """A 1-D int64 value that holds these sizes; symbolic ones are computed from the model inputs."""
        return self._sizes.shape(tuple(sizes))

    def require(self, opset: int, what: str) -> None:
        """Raise the model's opset to at least this, in the name of the layer."""
        if opset > self.opset:
            raise _HigherOpset(opset, self._current, what)

    @property
    def _current(self) -> Node:
        assert self._layer is not None, "only layers emit"
        return self._layer

    def _emit_layer(self, layer: Node) -> None:
        self._layer = layer
        self._fresh.clear()
        try:
            emitted = layer.op.to_onnx(self, [self._values[value] for value in layer.inputs], *layer.input_types)
        except OpError as error:
            raise EmitError(error.message, layer.path) from error
        handles = emitted if isinstance(emitted, tuple) else (emitted,)
        for value, handle in zip(layer.outputs, handles, strict=True):
            self._values[value] = handle
        named = {handle: value for value, handle in zip(layer.outputs, handles, strict=True) if handle in self._fresh}
        makers = {handle.producer() for handle in named}
        for handle, value in named.items():  # the others are what the layer reads, passed on, or its own tensors
            self._meet(handle, value.type)
            if value.name not in self._names:  # else it is kept for an output of the model
                handle.name = self._unique(value.name)
            maker = handle.producer()
            assert maker is not None, "the layer has just made it"
            maker.name = layer.path if len(makers) == 1 else value.name

    def _named_outputs(self) -> list[ir.Value]:
        """The outputs of the model, under their names. What has a name to keep goes through an Identity."""
        handles: list[ir.Value] = []
        for output in self._outputs:
            handle = self._values[output.value]
            if handle.producer() is None or handle in handles:
                handle = self.named_node(f"{output.name}/Identity", "Identity", handle)
            handle.name = output.name
            handles.append(handle)
        return handles

    def _append(
        self, name: str, op_type: str, outputs: int, inputs: Sequence[ir.Value | None], attributes: Mapping[str, Any]
    ) -> tuple[ir.Value, ...]:
        name = self._unique(name)
        names = [name] if outputs == 1 else [self._unique(f"{name}.{index}") for index in range(outputs)]
        handles = tuple(ir.Value(name=output) for output in names)
        written = [_attribute(key, value) for key, value in attributes.items() if value is not None]
        self._nodes.append(ir.Node("", op_type, inputs, written, outputs=handles, name=name))
        known = [None if value is None else self._known.get(value) for value in inputs]
        for handle, found in zip(handles, infer(op_type, Application(known, attributes, outputs)), strict=True):
            if found is not None:
                self._typed(handle, found)
        return handles

    def _typed(self, handle: ir.Value, known: Known) -> ir.Value:
        """The value, with what is known of it written to the file."""
        self._known[handle] = known
        handle.type = ir.TensorType(_DTYPES[known.dtype])
        handle.shape = ir.Shape([size if isinstance(size, int) else str(size) for size in known.shape])
        return handle

    def _meet(self, handle: ir.Value, type_: TensorType) -> None:
        """What a layer's nodes give has to be what the layer infers, which is written. Raises EmitError."""
        wanted, found = _known(type_), self._known.get(handle)
        if found is not None and _differ(found, wanted):
            nodes = f"{found.dtype} {' x '.join(map(str, found.shape))}"
            raise EmitError(f"its nodes give {nodes}, and it infers {type_.dtype} {type_}", self._current.path)
        self._typed(handle, wanted._replace(content=found and found.content))

    def _initializer(self, tensor: ir.TensorProtocol) -> ir.Value:
        assert tensor.name
        handle = ir.Value(name=tensor.name, const_value=tensor)
        self._names.add(tensor.name)
        self._initializers[tensor.name] = handle
        self._known[handle] = Known(tuple(tensor.shape.numpy()), _ELEMENTS[tensor.dtype])
        return handle

    def _unique(self, name: str) -> str:
        """The name, numbered if need be."""
        found, number = name, 0
        while found in self._names:
            number += 1
            found = f"{name}_{number}"
        self._names.add(found)
        return found


def _known(type_: TensorType) -> Known:
    return Known(type_.shape, type_.dtype)


def _differ(found: Known, wanted: Known) -> bool:
    """Whether two answers exclude each other. A symbolic size may equal another by what the layers ask of symbols."""
    if found.dtype is not wanted.dtype or found.rank != wanted.rank:
        return True
    pairs = zip(found.shape, wanted.shape, strict=True)
    return any(a != b for a, b in pairs if isinstance(a, int) and isinstance(b, int))


def _attribute(name: str, value: Any) -> ir.Attr:
    """An attribute as ONNX stores it: an element type and a bool are integers there."""
    if isinstance(value, DType):
        return ir.AttrInt64(name, _DTYPES[value])
    if isinstance(value, bool):
        return ir.AttrInt64(name, int(value))
    return ir.convenience.convert_attribute(name, value)
