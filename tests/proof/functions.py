"""torch's side of the ops that are no class of torch.nn, with the argument names that they have in a spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
import torchvision

from archspec.types import LABELS, DType

Tensor = torch.Tensor


def unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """A function of one value, which takes no arguments."""
    return lambda x: function(x)


def arithmetic(operator: Callable[[Any, Any], Tensor], most: int | None = None) -> Callable[..., Tensor]:
    """An operator between values, or between one and a number."""

    def function(*values: Tensor, value: float | None = None) -> Tensor:
        if value is not None:
            (only,) = values
            return operator(only, whole(only, value))
        if not 2 <= len(values) <= (most or len(values)):
            raise TypeError("two values")
        return reduce(operator, values)

    return function


def whole(x: Tensor, value: float | None) -> float | None:
    """A number beside integers: a whole one is an integer, however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() and not x.is_floating_point() else value


def power(x: Tensor, *, exponent: float) -> Tensor:
    return torch.pow(x, whole(x, exponent))  # type: ignore[arg-type]


def clamp(x: Tensor, *, min: float | None = None, max: float | None = None) -> Tensor:
    return torch.clamp(x, whole(x, min), whole(x, max))


def reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A reduction over axes that are named."""

    def reduced(x: Tensor, *, dim: int | list[int], keepdim: bool = False) -> Tensor:
        return function(x, dim, keepdim)

    return reduced


def normalized(x: Tensor, *, mean: list[float], std: list[float]) -> Tensor:
    return torchvision.transforms.functional.normalize(x, mean, std)  # type: ignore[no-any-return]


def reshape(x: Tensor, *, shape: list[int], axes: list[str | None] | None = None) -> Tensor:
    """Labels, which torch knows nothing of, are as many as sizes, and none of them stands twice."""
    labels = [label for label in axes or [] if label is not None]
    if axes is not None and (len(axes) != len(shape) or len(set(labels)) < len(labels) or not set(labels) <= {*LABELS}):
        raise ValueError("labels")
    return torch.reshape(x, shape)


def expand(x: Tensor, *, sizes: list[int]) -> Tensor:
    return x.expand(sizes)


def permute(x: Tensor, *, dims: list[int]) -> Tensor:
    return torch.permute(x, dims)


def squeeze(x: Tensor, *, dim: int | list[int]) -> Tensor:
    return torch.squeeze(x, dim)


def unsqueeze(x: Tensor, *, dim: int) -> Tensor:
    return torch.unsqueeze(x, dim)


def movedim(x: Tensor, *, source: int | list[int], destination: int | list[int]) -> Tensor:
    return torch.movedim(x, source, destination)  # type: ignore[arg-type]


def roll(x: Tensor, *, shifts: int | list[int], dims: int | list[int] | None = None) -> Tensor:
    return torch.roll(x, shifts, () if dims is None else dims)


def interpolate(
    x: Tensor,
    like: Tensor | None = None,
    *,
    size: int | list[int] | None = None,
    scale_factor: float | list[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    if like is not None and size is not None:
        raise TypeError("two sizes")
    if like is not None:
        size = list(like.shape[2:])
    return torch.nn.functional.interpolate(
        x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    )


def slice_of(x: Tensor, *, dim: int, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return torch.ops.aten.slice(x, dim, start, end, step)  # type: ignore[no-any-return]


def index_select(x: Tensor, index: Tensor, *, dim: int) -> Tensor:
    if index.ndim != 1:
        raise ValueError("torch takes a lone number for a list of one")
    return torch.index_select(x, dim, index)


def unit(x: Tensor, *, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    return torch.nn.functional.normalize(x, p, dim, eps)


def concat(*values: Tensor, dim: int = 1) -> Tensor:
    if len(values) < 2:
        raise TypeError("two values")
    return torch.cat(values, dim)


def chunk(x: Tensor, *, chunks: int, dim: int = 1) -> Sequence[Tensor]:
    return torch.chunk(x, chunks, dim)


def split(x: Tensor, *, split_size_or_sections: int | list[int], dim: int = 1) -> Sequence[Tensor]:
    return torch.split(x, split_size_or_sections, dim)


def owned(*, shape: list[int], init: Any = "zeros", dtype: str = "float32") -> Tensor:
    """An owned tensor, started by torch.nn.init."""
    if isinstance(init, (int, float)) and not isinstance(init, bool):
        init = {"constant": {"val": init}}
    (name, arguments), *more = init.items() if isinstance(init, dict) else [(init, {})]
    if more:
        raise ValueError("one initialiser")
    empty = torch.empty(shape, dtype=getattr(torch, DType(dtype)))
    return getattr(torch.nn.init, f"{name}_")(empty, **arguments)  # type: ignore[no-any-return]


def parameter(*, shape: list[int], init: Any = "zeros") -> Tensor:
    return owned(shape=shape, init=init)


def attention(
    *values: Tensor, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False
) -> Tensor:
    query, key, value, *mask = values
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, *mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
    )


def bilinear(layer: torch.nn.Bilinear, x: Tensor, y: Tensor) -> Tensor:
    """x^T W y as two matrix products. (einsum leaves axes of size 1 out of them, and their products uncounted.)"""
    features, samples = layer.in1_features, x.shape[:-1].numel()
    weight = layer.weight.movedim(1, 0).reshape(features, -1)
    products = (x.reshape(samples, features) @ weight).reshape(samples, layer.out_features, layer.in2_features)
    return torch.bmm(products, y.reshape(samples, layer.in2_features, 1))


class MultiheadAttention(torch.nn.MultiheadAttention):
    """torch's, of one value or of three, with `is_causal` among its arguments; gives no weights."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        is_causal: bool = False,
    ) -> None:
        super().__init__(
            embed_dim, num_heads, dropout, bias, add_bias_kv, add_zero_attn, kdim, vdim, batch_first=batch_first
        )
        self.is_causal = is_causal

    def forward(self, *values: Tensor) -> Any:  # type: ignore[override]
        query, key, value = values if len(values) > 1 else values * 3
        rows = int(self.batch_first)
        mask = None
        if self.is_causal:
            mask = query.new_full((query.shape[rows], key.shape[rows]), -torch.inf).triu(1)
        return super().forward(query, key, value, need_weights=False, attn_mask=mask)


def recurrent(kind: type[Any]) -> type[Any]:
    """LSTM, GRU or RNN, with the states behind the input."""

    class Layer(kind):
        def __init__(
            self,
            input_size: int,
            hidden_size: int,
            num_layers: int = 1,
            bias: bool = True,
            batch_first: bool = False,
            dropout: float = 0.0,
            bidirectional: bool = False,
            **others: int | str,
        ) -> None:
            super().__init__(
                input_size,
                hidden_size,
                num_layers=num_layers,
                bias=bias,
                batch_first=batch_first,
                dropout=dropout,
                bidirectional=bidirectional,
                **others,
            )

        def forward(self, x: Tensor, *states: Tensor) -> Any:
            return super().forward(x, states) if self.mode == "LSTM" and states else super().forward(x, *states)

    return Layer
