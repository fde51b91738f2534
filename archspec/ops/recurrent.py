"""Recurrent layers over sequences: torch.nn.LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.base import (
    SINGLE,
    Emitter,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchModule,
    counted,
    known,
    of_dtype,
    of_rank,
    torch_nn,
)
from archspec.ops.conditions import can_equal, can_reach
from archspec.ops.emission import integers
from archspec.types import Axes, TensorType


class _Pass(NamedTuple):
    """One run over the sequence, in one direction, of one layer."""

    suffix: str  # of the names of its tensors: `l0`, `l0_reverse`
    features: int  # that it reads at each step


class _Recurrent(Op):
    """What the three share: layers upon layers, each of one pass or, if `bidirectional`, of two. The result of the
    last layer comes first, then the state of each pass after its last step."""

    onnx: ClassVar[str]
    gates: ClassVar[tuple[int, ...]]  # in ONNX's order, by their numbers in torch's
    states: ClassVar[int] = 1

    input_size: int | None = Field(None, ge=1)
    hidden_size: int = Field(ge=1)
    num_layers: int = Field(1, ge=1)
    bias: bool = True
    batch_first: bool = False
    dropout: float = Field(0.0, ge=0, le=1)
    bidirectional: bool = False

    @property
    def multiple(self) -> bool:
        return True

    @property
    def _directions(self) -> int:
        return 1 + self.bidirectional

    @property
    def _given(self) -> int:
        """How many features each pass gives at each step."""
        return self.hidden_size

    def _layers(self, features: int) -> Iterator[list[_Pass]]:
        for layer in range(self.num_layers):
            ends = ["", "_reverse"][: self._directions]
            yield [_Pass(f"l{layer}{end}", features if layer == 0 else self._given * self._directions) for end in ends]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, *states = inputs
        for k, type_ in enumerate(inputs):
            layout = "layers, N, C" if k else "N, L, C" if self.batch_first else "L, N, C"
            of_rank(self, type_, 3, axes=layout, input=k)
            of_dtype(self, type_, SINGLE, input=k)
        if counted(self, "input_size", x, -1, "features") == 0:
            raise OpError(f"{type(self).__name__} reads 1 feature or more, and gets {x}", input=0)
        batch, length = x.shape[1 - self.batch_first], x.shape[int(self.batch_first)]
        if not can_reach(length, 1):
            raise OpError(f"{type(self).__name__} reads sequences of at least one step: {x}", input=0)
        results = self._state_shapes(batch)
        if len(states) not in (0, self.states):
            raise OpError(f"{type(self).__name__} reads no state or {self.states}, and gets {len(states)}", input=1)
        for k, (state, shape) in enumerate(zip(states, results, strict=False), 1):
            if not all(can_equal(size, wanted) for size, wanted in zip(state.shape, shape, strict=True)):
                needed = " x ".join(map(str, shape))
                raise OpError(f"the state has to be {needed}, and is {state}", input=k, code="A503")
        output = x._replace(shape=(*x.shape[:2], self._given * self._directions))
        axes: Axes = (None, x.axes[1 - self.batch_first], x.axes[2])
        return output, *(TensorType(shape, axes) for shape in results)

    def _state_shapes(self, batch: Dim) -> list[tuple[Dim, ...]]:
        return [(self._directions * self.num_layers, batch, self._given)]

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        bound = self.hidden_size**-0.5
        init = Init.uniform(-bound, bound)
        layers = self._layers(known(inputs[0].shape[-1], "the number of features"))
        shapes = {name: shape for layer in layers for each in layer for name, shape in self._shapes(each)}
        return {name: OwnedTensor(shape, init) for name, shape in shapes.items()}

    def _shapes(self, each: _Pass) -> Iterator[tuple[str, tuple[int, ...]]]:
        rows = len(self.gates) * self.hidden_size
        yield f"weight_ih_{each.suffix}", (rows, each.features)
        yield f"weight_hh_{each.suffix}", (rows, self._given)
        if self.bias:
            yield f"bias_ih_{each.suffix}", (rows,)
            yield f"bias_hh_{each.suffix}", (rows,)

    def macs(self, *inputs: TensorType) -> Dim:
        """All weights at each step. FlopCounterMode sees them where torch computes in parts, as on the meta device,
        and not inside of a fused LSTM."""
        tensors = self.parameters(*inputs).values()
        weights = sum(rows * columns for rows, columns in (t.shape for t in tensors if len(t.shape) == 2))
        return inputs[0].shape[0] * inputs[0].shape[1] * weights

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchModule:
        return torch_nn(self, input_size=inputs[0].shape[-1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> tuple[Handle, ...]:
        x, *states = values
        if inputs[0].shape[1 - self.batch_first] == 0:
            raise OpError(f"onnxruntime has no {type(self).__name__} over a batch of 0", input=0)
        if self.batch_first:
            x = emit.node("Transpose", x, perm=[1, 0, 2])
        starts = [self._per_layer(emit, state) for state in states]
        ends: list[tuple[Handle, ...]] = []
        for number, layer in enumerate(self._layers(known(inputs[0].shape[-1], "the number of features"))):
            x, *end = self._layer(emit, x, layer, [start[number] for start in starts])
            ends.append(tuple(end))
        if self.batch_first:
            x = emit.node("Transpose", x, perm=[1, 0, 2])
        return x, *(emit.node("Concat", *state, axis=0) for state in zip(*ends, strict=True))

    def _per_layer(self, emit: Emitter, state: Handle) -> tuple[Handle, ...]:
        if self.num_layers == 1:
            return (state,)
        parts = integers(emit, [self._directions] * self.num_layers)
        return emit.nodes("Split", self.num_layers, state, parts, axis=0)

    def _layer(self, emit: Emitter, x: Handle, layer: Sequence[_Pass], start: Sequence[Handle]) -> list[Handle]:
        """L, N, features -> L, N, what all passes give; and their last states."""
        weights = self._stacked(emit, "weight_ih", layer), self._recurrent_weights(emit, layer)
        biases = None
        if self.bias:
            biases = emit.node("Concat", *(self._stacked(emit, kind, layer) for kind in ("bias_ih", "bias_hh")), axis=1)
        outputs = emit.nodes(
            self.onnx,
            1 + self.states,
            *(x, *weights, biases, None, *start),
            hidden_size=self.hidden_size,
            direction="bidirectional" if self.bidirectional else "forward",
            **self._attributes(),
        )
        x, hidden, *cell = outputs
        x, hidden = self._projected(emit, x, layer), self._projected(emit, hidden, layer)
        x = emit.node("Transpose", x, perm=[0, 2, 1, 3])
        x = emit.node("Reshape", x, integers(emit, [0, 0, self._directions * self._given]))
        return [x, hidden, *cell]

    def _recurrent_weights(self, emit: Emitter, layer: Sequence[_Pass]) -> Handle:
        return self._stacked(emit, "weight_hh", layer)

    def _projected(self, emit: Emitter, x: Handle, layer: Sequence[_Pass]) -> Handle:
        """What a layer gives, of what ONNX's gives: ..., directions, N, hidden_size."""
        return x

    def _attributes(self) -> Mapping[str, Any]:
        return {}

    def _stacked(self, emit: Emitter, kind: str, layer: Sequence[_Pass]) -> Handle:
        """One tensor for all passes of a layer, its gates in ONNX's order."""
        return _stack(emit, [self._turned(emit, emit.parameter(f"{kind}_{each.suffix}")) for each in layer])

    def _turned(self, emit: Emitter, tensor: Handle) -> Handle:
        """A tensor with its gates in ONNX's order."""
        if len(self.gates) == 1:
            return tensor
        sizes = integers(emit, [self.hidden_size] * len(self.gates))
        gates = emit.nodes("Split", len(self.gates), tensor, sizes, axis=0)
        return emit.node("Concat", *(gates[number] for number in self.gates), axis=0)


def _stack(emit: Emitter, tensors: Sequence[Handle]) -> Handle:
    """Tensors along a new first axis."""
    return emit.node("Concat", *(emit.node("Unsqueeze", each, integers(emit, [0])) for each in tensors), axis=0)


class LSTM(_Recurrent):
    """torch.nn.LSTM: L, N, input_size (N, L, ... with `batch_first`) -> the output L, N, directions * hidden_size, and
    the last hidden and cell state, each of num_layers * directions, N, hidden_size: read as `.0`, `.1` and `.2`. With
    `proj_size`, output and hidden state are of that size. Reads one value, or three: the states to begin with behind
    it. c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'), where i, f, g, o are linear in x and h.
    Source: Hochreiter and Schmidhuber, 1997."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 3)
    onnx: ClassVar[str] = "LSTM"
    gates: ClassVar[tuple[int, ...]] = (0, 3, 1, 2)
    states: ClassVar[int] = 2

    proj_size: int = Field(0, ge=0)

    @property
    def _given(self) -> int:
        return self.proj_size or self.hidden_size

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if self.proj_size >= self.hidden_size:
            message = f"proj_size is {self.proj_size}, and has to be smaller than the hidden_size of {self.hidden_size}"
            raise OpError(message, field="proj_size")
        return super().infer(*inputs)

    def _state_shapes(self, batch: Dim) -> list[tuple[Dim, ...]]:
        return [*super()._state_shapes(batch), (self._directions * self.num_layers, batch, self.hidden_size)]

    def _shapes(self, each: _Pass) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from super()._shapes(each)
        if self.proj_size:
            yield f"weight_hr_{each.suffix}", (self.proj_size, self.hidden_size)

    def to_torch(self, *inputs: TensorType) -> TorchModule:
        call = "{module}({0}, ({1}, {2}))" if len(inputs) > 1 else "{module}({0})"
        return super().to_torch(*inputs)._replace(call=call, places=((0,), (1, 0), (1, 1)))

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> tuple[Handle, ...]:
        if self.proj_size and len(values) > 1:
            message = f"ONNX has no LSTM with a projection that begins with given states; proj_size is {self.proj_size}"
            raise OpError(message, field="proj_size")
        return super().to_onnx(emit, values, *inputs)

    def _recurrent_weights(self, emit: Emitter, layer: Sequence[_Pass]) -> Handle:
        """ONNX has no projection P: where h = P m, m goes on by U P in place of U."""
        weights = super()._recurrent_weights(emit, layer)
        return emit.node("MatMul", weights, self._projection(emit, layer)) if self.proj_size else weights

    def _projected(self, emit: Emitter, x: Handle, layer: Sequence[_Pass]) -> Handle:
        if not self.proj_size:
            return x
        return emit.node("MatMul", x, emit.node("Transpose", self._projection(emit, layer), perm=[0, 2, 1]))

    def _projection(self, emit: Emitter, layer: Sequence[_Pass]) -> Handle:
        return _stack(emit, [emit.parameter(f"weight_hr_{each.suffix}") for each in layer])


class GRU(_Recurrent):
    """torch.nn.GRU: L, N, input_size (N, L, ... with `batch_first`) -> the output L, N, directions * hidden_size, and
    the last hidden state, num_layers * directions, N, hidden_size: read as `.0` and `.1`. Reads one value, or two: the
    state to begin with behind it. h' = (1 - z) n + z h, n = tanh(W x + r (U h)), z and r sigmoids of what is linear in
    x and h. Source: Cho et al., 2014 (arXiv:1406.1078)."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    onnx: ClassVar[str] = "GRU"
    gates: ClassVar[tuple[int, ...]] = (1, 0, 2)

    def _attributes(self) -> Mapping[str, Any]:
        return {"linear_before_reset": 1}


class RNN(_Recurrent):
    """torch.nn.RNN: L, N, input_size (N, L, ... with `batch_first`) -> the output L, N, directions * hidden_size, and
    the last hidden state, num_layers * directions, N, hidden_size: read as `.0` and `.1`. Reads one value, or two: the
    state to begin with behind it. h' = tanh(W x + U h + b), or relu in place of tanh. Source: Elman, 1990."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    onnx: ClassVar[str] = "RNN"
    gates: ClassVar[tuple[int, ...]] = (0,)

    nonlinearity: Literal["tanh", "relu"] = "tanh"

    def _attributes(self) -> Mapping[str, Any]:
        return {"activations": [self.nonlinearity.capitalize()] * self._directions}
