"""Attention: torch.nn.MultiheadAttention and torch.nn.functional.scaled_dot_product_attention.

Source: Vaswani et al., Attention Is All You Need, 2017 (arXiv:1706.03762).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, ClassVar, TypeVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.base import (
    FLOATS,
    SINGLE,
    ZEROS,
    Emitter,
    Fact,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    counted,
    divides,
    known,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.broadcasting import broadcast, common_axes, of_one_dtype
from archspec.ops.conditions import can_equal
from archspec.ops.emission import integers, positions
from archspec.ops.initialization import Recipe, distribution
from archspec.types import DType, TensorType

_T = TypeVar("_T")


class MultiheadAttention(Op):
    """torch.nn.MultiheadAttention: L, N, embed_dim -> L, N, embed_dim, or N, L, embed_dim with `batch_first`.
    Reads one value, which attends to itself, or three: query, key (S, N, kdim) and value (S, N, vdim). Each of
    `num_heads` parts of the features gives softmax(Q K^T / sqrt(embed_dim / num_heads)) V, where Q, K, V are
    linear in the inputs; the parts together pass one more linear layer. `add_bias_kv` and `add_zero_attn` add a
    learned key and one of zeros. `is_causal` is the argument of torch's forward: position i attends to positions
    0 to i (and to those that are added). The weights of the attention are not given."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 3)

    embed_dim: int | None = Field(None, ge=1)
    num_heads: int = Field(ge=1)
    dropout: float = Field(0.0, ge=0, le=1)
    bias: bool = True
    add_bias_kv: bool = False
    add_zero_attn: bool = False
    kdim: int | None = Field(None, ge=1)
    vdim: int | None = Field(None, ge=1)
    batch_first: bool = False
    is_causal: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if len(inputs) == 2:
            raise OpError("MultiheadAttention reads one value or three, query, key and value; it gets 2", input=1)
        for k, type_ in enumerate(inputs):
            of_rank(self, type_, 3, axes="N, L, C" if self.batch_first else "L, N, C", input=k)
            of_dtype(self, type_, SINGLE, input=k)
        query, key, value = _three(inputs)
        last, rows, batch = len(inputs) - 1, self._rows, 1 - self._rows
        features = counted(self, "embed_dim", query, -1, "features")
        if features == 0:
            raise OpError(f"MultiheadAttention reads 1 feature or more, and gets {query}", input=0)
        counted(self, "kdim", key, -1, "features", input=min(1, last))
        counted(self, "vdim", value, -1, "features", input=last)
        divides("num_heads", self.num_heads, features, "features", Fact(0, -1))
        if len(inputs) == 3:
            _match("the number of samples of query and key", inputs, Fact(0, batch), Fact(1, batch))
            _match("the number of samples of query and value", inputs, Fact(0, batch), Fact(2, batch))
            _match("the length of key and value", inputs, Fact(1, rows), Fact(2, rows))
        return query

    @property
    def _rows(self) -> int:
        """The axis along which positions lie."""
        return int(self.batch_first)

    def _features(self, inputs: Sequence[TensorType]) -> tuple[int, int, int]:
        """How many features query, key and value have."""
        query, key, value = (known(type_.shape[-1], "the number of features") for type_ in _three(inputs))
        return query, key, value

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        features, keys, values = self._features(inputs)
        shapes = {"in_proj_weight": (3 * features, features)}
        if not features == keys == values:
            sizes = {"q": features, "k": keys, "v": values}
            shapes = {f"{name}_proj_weight": (features, size) for name, size in sizes.items()}
        uniform = Recipe("xavier_uniform", {})
        owned = {name: OwnedTensor(shape, distribution(uniform, shape)) for name, shape in shapes.items()}
        if self.bias:
            owned["in_proj_bias"] = OwnedTensor((3 * features,), ZEROS)
        if self.add_bias_kv:
            row = OwnedTensor((1, 1, features), distribution(Recipe("xavier_normal", {}), (1, 1, features)))
            owned |= {"bias_k": row, "bias_v": row}
        bound = features**-0.5
        owned["out_proj.weight"] = OwnedTensor((features, features), Init.uniform(-bound, bound))
        if self.bias:
            owned["out_proj.bias"] = OwnedTensor((features,), ZEROS)
        return owned

    def macs(self, *inputs: TensorType) -> Dim:
        """Of the four linear maps, and of the two matrix products, masked or not."""
        query, key, value = _three(inputs)
        features = query.shape[-1]
        linear = (2 * query.elements + key.elements + value.elements) * features
        return linear + 2 * query.elements * (key.shape[self._rows] + self.add_bias_kv + self.add_zero_attn)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def written(self) -> dict[str, Any]:
        """Those of the module; `is_causal` goes into its call."""
        return {name: value for name, value in super().written().items() if name != "is_causal"}

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        features, keys, values = self._features(inputs)
        sizes = {} if features == keys == values else {"kdim": keys, "vdim": values}
        query, key, value = _three(["{0}", "{1}", "{2}"][: len(inputs)])
        mask = ""
        if self.is_causal:
            sides = ", ".join(f"{name}.size({self._rows})" for name in (query, key))
            mask = f", attn_mask={query}.new_full(({sides}), -torch.inf).triu(1)"
        call = f"{{module}}({query}, {key}, {value}, need_weights=False{mask})[0]"
        return torch_nn(self, embed_dim=features, **sizes)._replace(call=call)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        features, keys, others = self._features(inputs)
        if 0 in (keys, others):
            raise OpError("onnxruntime has no product over 0 features", input=1 if keys == 0 else 2)
        if not self.batch_first:
            values = [emit.node("Transpose", x, perm=[1, 0, 2]) for x in values]
        query, key, value = self._projected(emit, values, inputs)
        batch = inputs[0].shape[1 - self._rows]
        key, value = (self._extended(emit, x, name, batch) for x, name in ((key, "bias_k"), (value, "bias_v")))
        parts = integers(emit, [0, 0, self.num_heads, features // self.num_heads])
        query, key, value = (emit.node("Reshape", x, parts) for x in (query, key, value))
        query, value = (emit.node("Transpose", x, perm=[0, 2, 1, 3]) for x in (query, value))
        key = emit.node("Transpose", key, perm=[0, 2, 3, 1])
        scale = emit.constant((features // self.num_heads) ** -0.5)
        scores = emit.node("MatMul", emit.node("Mul", query, scale), key)
        if self.is_causal:
            scores = emit.node("Add", scores, self._mask(emit, inputs))
        x = emit.node("MatMul", emit.node("Softmax", scores, axis=-1), value)
        x = emit.node("Reshape", emit.node("Transpose", x, perm=[0, 2, 1, 3]), integers(emit, [0, 0, features]))
        bias = emit.parameter("out_proj.bias") if self.bias else None
        x = _linear(emit, x, emit.parameter("out_proj.weight"), bias)
        return x if self.batch_first else emit.node("Transpose", x, perm=[1, 0, 2])

    def _projected(self, emit: Emitter, values: Sequence[Handle], inputs: Sequence[TensorType]) -> list[Handle]:
        """N, L, features: query, key and value behind their linear layers."""
        features, keys, others = self._features(inputs)
        thirds = integers(emit, [features] * 3)
        if features == keys == others:
            weights = emit.nodes("Split", 3, emit.parameter("in_proj_weight"), thirds, axis=0)
        else:
            weights = tuple(emit.parameter(f"{name}_proj_weight") for name in "qkv")
        biases = emit.nodes("Split", 3, emit.parameter("in_proj_bias"), thirds, axis=0) if self.bias else (None,) * 3
        return [_linear(emit, *each) for each in zip(_three(values), weights, biases, strict=True)]

    def _extended(self, emit: Emitter, x: Handle, name: str, batch: Dim) -> Handle:
        """Keys or values, N, L, features, with those behind them that every sample has."""
        if self.add_bias_kv:
            row = emit.node("Expand", emit.parameter(name), emit.shape([batch, 1, 1]))
            x = emit.node("Concat", x, row, axis=1)
        return emit.node("Pad", x, integers(emit, [0, 0, 0, 0, 1, 0])) if self.add_zero_attn else x

    def _mask(self, emit: Emitter, inputs: Sequence[TensorType]) -> Handle:
        mask = _causal(emit, inputs[0].shape[self._rows], inputs[-1].shape[self._rows], SINGLE)
        added = self.add_bias_kv + self.add_zero_attn
        return emit.node("Pad", mask, integers(emit, [0, 0, 0, added])) if added else mask


class ScaledDotProductAttention(Weightless):
    """torch.nn.functional.scaled_dot_product_attention: query ..., L, E, key ..., S, E and value ..., S, V ->
    softmax(query key^T scale) value: ..., L, V; the axes before broadcast. `scale` is 1 / sqrt(E) where it is not
    given. A fourth value is `attn_mask`, of ..., L, S: true where a query may see a key, or a number to add to the
    product. `is_causal`: query i sees keys 0 to i. `enable_gqa`: key and value (..., heads, S, E) may have fewer heads,
    each of which serves several of the query's. torch's `dropout_p` is none: the function drops in evaluation, too."""

    inputs: ClassVar[tuple[int, int | None]] = (3, 4)

    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        for k, type_ in enumerate(inputs[:3]):
            of_least_rank(self, type_, 3 if self.enable_gqa else 2, input=k)
            of_dtype(self, type_, *FLOATS, input=k)
        dtype = of_one_dtype(self, inputs[:3])
        if self.enable_gqa and inputs[1].shape[-3] == 0 and 0 not in inputs[2].shape:
            raise OpError(f"a key has to have 1 head or more, and gets {inputs[1]}", input=1)
        heads = self._heads(inputs)
        _match("the number of features of query and key", heads, Fact(0, -1), Fact(1, -1))
        _match("the length of key and value", heads, Fact(1, -2), Fact(2, -2))
        batch = broadcast(self, *heads, but=2)
        query, key, value = (type_.shape for type_ in heads)
        if batch != query[:-2] and any(0 in type_.shape for type_ in inputs[:3]):
            raise OpError(f"the query, {inputs[0]}, does not stretch where an input is empty: {inputs[1]}", input=1)
        if len(inputs) == 4:
            self._check_mask(inputs[3], (*broadcast(self, *heads[:2], but=2), query[-2], key[-2]), dtype)
        axes = common_axes(*(type_.axes[:-2] for type_ in inputs[:3]))
        return TensorType((*batch, query[-2], value[-1]), (*axes, inputs[0].axes[-2], inputs[2].axes[-1]), dtype)

    def _heads(self, inputs: Sequence[TensorType]) -> list[TensorType]:
        """The types of query, key and value; where groups share heads, with all of them."""
        query, *others = inputs[:3]
        found = [query]
        for k, type_ in enumerate(others, 1):
            if self.enable_gqa:
                self._repeats(query.shape[-3], type_.shape[-3], k)
                type_ = type_._replace(shape=(*type_.shape[:-3], query.shape[-3], *type_.shape[-2:]))
            found.append(type_)
        return found

    def _repeats(self, heads: Dim, own: Dim, input: int) -> int:
        """How many heads of the query each head of a key or value serves."""
        if heads == own:
            return 1
        wanted, given = known(heads, "the number of heads"), known(own, "the number of heads", input=input)
        if not given or wanted % given:
            message, facts = f"{given} heads do not divide the {wanted} of the query", [Fact(0, -3), Fact(input, -3)]
            raise OpError(message, input=input, code="A503", facts=facts)
        return wanted // given

    def _check_mask(self, mask: TensorType, scores: tuple[Dim, ...], dtype: DType) -> None:
        """The mask stretches to the products of query and key, and not the other way round."""
        if self.is_causal:
            raise OpError("is_causal is true, and there is a mask already: a fourth input", field="is_causal")
        of_dtype(self, mask, DType.bool, SINGLE, dtype, input=3)
        if len(scores) == 4:  # where torch's kernel looks at its last axes; elsewhere a row or a number will do
            of_least_rank(self, mask, 2, input=3)
        aligned = zip(mask.shape[::-1], scores[::-1], strict=False)
        if mask.rank > len(scores) or not all(size == 1 or can_equal(size, other) for size, other in aligned):
            wanted = " x ".join(map(str, scores))
            raise OpError(f"a mask of {mask} does not stretch to {wanted}", input=3, code="A503")

    def macs(self, *inputs: TensorType) -> Dim:
        """Of the two matrix products, masked or not."""
        heads = self._heads(inputs)
        query, key, value = (type_.shape for type_ in heads)
        if value[-1] == 0:
            return 0
        products = product_of(broadcast(self, *heads[:2], but=2)) * key[-1]
        sums = product_of(broadcast(self, *heads, but=2)) * value[-1]
        return (products + sums) * query[-2] * key[-2]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        arguments = ["{0}", "{1}", "{2}", *(["attn_mask={3}"] if len(inputs) == 4 else [])]
        arguments += [f"{name}={value!r}" for name, value in self.written().items()]
        return TorchExpression(f"torch.nn.functional.scaled_dot_product_attention({', '.join(arguments)})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if inputs[0].shape[-1] == 0:
            raise OpError(f"onnxruntime has no product over 0 features: {inputs[0]}", input=0)
        query, key, value = (self._spread(emit, values[k], inputs, k) for k in range(3))
        query = emit.node("Mul", query, self._scale(emit, inputs[0]))
        rank = inputs[1].rank
        key = emit.node("Transpose", key, perm=[*range(rank - 2), rank - 1, rank - 2])
        scores = emit.node("MatMul", query, key)
        dtype = inputs[0].dtype
        if len(inputs) < 4:
            if self.is_causal:
                mask = _causal(emit, inputs[0].shape[-2], inputs[1].shape[-2], dtype)
                scores = emit.node("Add", scores, mask)
            return emit.node("MatMul", emit.node("Softmax", scores, axis=-1), value)
        never, mask = emit.constant(-inf, dtype), values[3]
        if inputs[3].dtype is DType.bool:
            seen = mask
            scores = emit.node("Where", seen, scores, never)
        else:
            mask = emit.node("Cast", mask, to=dtype) if inputs[3].dtype is not dtype else mask
            seen = emit.node("Not", emit.node("Equal", mask, never))
            scores = emit.node("Add", scores, mask)
        # A query that sees no key gets zeros, as in torch; its softmax alone is no number.
        weights = emit.node("Where", seen, emit.node("Softmax", scores, axis=-1), emit.constant(0.0, dtype))
        return emit.node("MatMul", weights, value)

    def _spread(self, emit: Emitter, x: Handle, inputs: Sequence[TensorType], number: int) -> Handle:
        """A key or value with as many heads as the query."""
        type_ = inputs[number]
        repeats = self._repeats(inputs[0].shape[-3], type_.shape[-3], number) if self.enable_gqa else 1
        if repeats == 1:
            return x
        heads = [head for head in range(known(type_.shape[-3], "the number of heads")) for _ in range(repeats)]
        return emit.node("Gather", x, integers(emit, heads), axis=type_.rank - 3)

    def _scale(self, emit: Emitter, query: TensorType) -> Handle:
        features = query.shape[-1]
        if self.scale is not None:
            return emit.constant(self.scale, query.dtype)
        if isinstance(features, int):
            return emit.constant(features**-0.5, query.dtype)
        size = emit.node("Cast", emit.shape([features]), to=query.dtype)
        return emit.node("Reciprocal", emit.node("Sqrt", size))


def _three(values: Sequence[_T]) -> tuple[_T, _T, _T]:
    """Query, key and value: the one value is all of them."""
    query, key, value = values if len(values) == 3 else (values[0],) * 3
    return query, key, value


def _match(what: str, inputs: Sequence[TensorType], *facts: Fact) -> None:
    """Refuse two sizes that can't be the same; the second one's input is at fault."""
    one, other = (inputs[fact.input].shape[fact.axis or 0] for fact in facts)
    if not can_equal(one, other):
        message = f"{what} has to be the same; it is {one} and {other}"
        raise OpError(message, input=facts[1].input, code="A503", facts=facts)


def _causal(emit: Emitter, rows: Dim, columns: Dim, dtype: DType) -> Handle:
    """What is added so that a row takes part in the columns up to its own number: 0 there, and -inf behind."""
    row, column = (positions(emit, emit.shape([size])) for size in (rows, columns))
    behind = emit.node("Greater", column, emit.node("Unsqueeze", row, integers(emit, [1])))
    return emit.node("Where", behind, emit.constant(-inf, dtype), emit.constant(0.0, dtype))


def _linear(emit: Emitter, x: Handle, weight: Handle, bias: Handle | None) -> Handle:
    x = emit.node("MatMul", x, emit.node("Transpose", weight, perm=[1, 0]))
    return x if bias is None else emit.node("Add", x, bias)
