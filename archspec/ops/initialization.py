"""How owned tensors start: `torch.nn.init` by name, without its trailing underscore.

Written as a number, a name, or a name with its arguments: `0.02`, `xavier_uniform`, `{normal: {std: 0.02}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, prod, sqrt
from typing import Annotated, Any, Literal, NamedTuple, get_args

from archspec.ops.arguments import Slot, is_number
from archspec.ops.base import ONES, ZEROS, Init
from archspec.types import DType, in_spec

InitName = Literal[
    "zeros",
    "ones",
    "constant",
    "normal",
    "uniform",
    "trunc_normal",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
]


class Recipe(NamedTuple):
    """A function of torch.nn.init, and its keyword arguments."""

    name: str
    arguments: Mapping[str, Any]


FanMode = Literal["fan_in", "fan_out"]
Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
_WORDS: dict[str, tuple[str, ...]] = {"mode": get_args(FanMode), "nonlinearity": get_args(Nonlinearity)}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "zeros": {},
    "ones": {},
    "constant": {"val": None},  # has to be given
    "normal": {"mean": 0.0, "std": 1.0},
    "uniform": {"a": 0.0, "b": 1.0},
    "trunc_normal": {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0},
    "xavier_uniform": {"gain": 1.0},
    "xavier_normal": {"gain": 1.0},
    "kaiming_uniform": {"a": 0, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    "kaiming_normal": {"a": 0, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    "orthogonal": {"gain": 1},
}
_LARGEST = {
    DType.float16: 65504.0,
    DType.bfloat16: 2.0**128 - 2.0**120,
    DType.float32: 2.0**128 - 2.0**104,
    DType.float64: inf,
}
_OF_MATRICES = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal")


class _Initializer(Slot):
    """A number, a name, or a name with arguments; becomes a `Recipe`."""

    def __call__(self, value: Any) -> Recipe:
        if isinstance(value, Recipe):
            return value
        if is_number(value):
            return Recipe("constant", {"val": value})
        if isinstance(value, str):
            return _checked(value, {})
        if isinstance(value, Mapping) and len(value) == 1:
            (name, arguments), *_ = value.items()
            if isinstance(name, str) and isinstance(arguments, Mapping):
                return _checked(name, arguments)
        raise ValueError(f"has to be a number, a name, or a name with its arguments; it is {in_spec(value)}")

    def json_schema(self) -> dict[str, Any]:
        number = {"type": "number"}
        words = {key: {"enum": list(values)} for key, values in _WORDS.items()}
        forms = {
            name: {
                "type": "object",
                "additionalProperties": False,
                "properties": {key: words.get(key, number) for key in defaults},
            }
            for name, defaults in _DEFAULTS.items()
        }
        called = {"type": "object", "additionalProperties": False, "properties": forms}
        return {"anyOf": [number, {"enum": list(_DEFAULTS)}, {**called, "minProperties": 1, "maxProperties": 1}]}


def _checked(name: str, arguments: Mapping[str, Any]) -> Recipe:
    if name not in _DEFAULTS:
        raise ValueError(f"has to be one of {', '.join(_DEFAULTS)}; it is {name}")
    known = _DEFAULTS[name]
    for key, value in arguments.items():
        if key not in known:
            raise ValueError(f"takes {' and '.join(known) or 'no arguments'} with {name}; it is given {key}")
        words = _WORDS.get(key)
        if value not in words if words else not is_number(value):
            wanted = f"one of {', '.join(words)}" if words else "a number"
            raise ValueError(f"takes {wanted} as {key} of {name}; it is {in_spec(value)}")
    if name == "constant" and not arguments:
        raise ValueError("takes val, a number, with constant; it is missing")
    if out := _out_of_range(name, {**known, **arguments}):
        raise ValueError(out)
    return Recipe(name, dict(arguments))


def _out_of_range(name: str, values: Mapping[str, Any]) -> str:
    """What torch refuses of the arguments together, if anything."""
    if name in ("uniform", "trunc_normal") and values["a"] > values["b"]:
        return f"takes an a up to b with {name}; they are {values['a']} and {values['b']}"
    if (name == "normal" and values["std"] < 0) or (name == "trunc_normal" and values["std"] <= 0):
        return f"takes no std of {values['std']} with {name}"
    if name.startswith("xavier") and values["gain"] < 0:
        return f"takes a gain of 0 or more with {name}; it is {values['gain']}"
    return ""


Initializer = Annotated[Recipe | InitName | FanMode | Nonlinearity | float, _Initializer()]


def misfit(recipe: Recipe, shape: tuple[int, ...], dtype: DType) -> str | None:
    """Why a tensor of this shape and element type can't start so, if it can't."""
    name = recipe.name
    if name == "constant" and _stored(recipe.arguments["val"], dtype) is None:
        return f"gives {recipe.arguments['val']}, which is no {dtype}"
    if not dtype.is_floating and name not in ("zeros", "ones", "constant"):
        return f"does not make {dtype}"
    if name == "orthogonal" and dtype in (DType.float16, DType.bfloat16):
        return f"torch does not compute in {dtype}"
    if name in _OF_MATRICES and len(shape) < 2:
        return f"needs 2 axes, and shape has {len(shape)}"
    if name.startswith("xavier") and not any(_fans(shape)):
        return f"divides by the sum of the fans, which of {list(shape)} is 0"
    return None


def _stored(value: float, dtype: DType) -> float | None:
    """What torch makes of a number in an element: it cuts off fractions, and wraps integers below 0 in uint8. None for
    a number that it refuses."""
    if dtype.is_floating:
        return value if abs(value) <= _LARGEST[dtype] else None
    if dtype is DType.bool:
        return float(value != 0)
    if dtype is DType.uint8 and isinstance(value, int) and -256 < value < 0:
        return value + 256
    bound = 2 ** (8 * dtype.bytes - 1)
    low, high = (0, 255) if dtype is DType.uint8 else (-bound, bound - 1)
    return int(value) if low <= value <= high else None


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    return prod(shape[1:]), shape[0] * prod(shape[2:])


def distribution(recipe: Recipe, shape: tuple[int, ...], dtype: DType = DType.float32) -> Init:
    """What a tensor of this shape and element type starts with. The rules are those of `torch.nn.init`; sources:
    Glorot and Bengio, 2010; He et al., 2015; Saxe et al., 2014."""
    name, given = recipe
    values = {**_DEFAULTS[name], **given}
    match name:
        case "zeros":
            return ZEROS
        case "ones":
            return ONES
        case "constant":
            return Init.constant(_stored(values["val"], dtype) or 0)
        case "normal":
            return Init("normal", mean=values["mean"], std=values["std"])
        case "trunc_normal":
            return Init("trunc_normal", values["a"], values["b"], values["mean"], values["std"])
        case "uniform":
            return Init.uniform(values["a"], values["b"])
        case _ if 0 in shape:
            return ZEROS  # of no values
        case "orthogonal":
            return Init("orthogonal", std=abs(values["gain"]) / sqrt(max(shape[0], prod(shape[1:]))))
    std = _deviation(name, values, shape)
    return Init.uniform(-sqrt(3) * std, sqrt(3) * std) if name.endswith("uniform") else Init("normal", std=std)


def _deviation(name: str, values: Mapping[str, Any], shape: tuple[int, ...]) -> float:
    fan_in, fan_out = _fans(shape)
    if name.startswith("xavier"):
        return float(values["gain"] * sqrt(2 / (fan_in + fan_out)))
    gains = {"tanh": 5 / 3, "relu": sqrt(2), "leaky_relu": sqrt(2 / (1 + values["a"] ** 2)), "selu": 3 / 4}
    fan = fan_in if values["mode"] == "fan_in" else fan_out
    return gains.get(values["nonlinearity"], 1.0) / sqrt(fan)
