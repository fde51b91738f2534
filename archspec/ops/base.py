"""What an op is: one class with all its facets, which imports neither torch nor onnx.

An op's fields are its arguments under torch's names. Its facets:

- `infer`       input types -> output type(s), or `OpError`
- `parameters`  input types -> the tensors it owns, from which counts, bytes and keys derive
- `macs`        multiply-adds of convolutions, linear layers and matrix products; everything else is 0
- `receptive`   what one output position sees of the input
- `to_torch`    input types -> a recipe: a torch module, an expression, or an owned tensor
- `to_onnx`     emits standard ONNX nodes through an emitter

All are abstract, so that no op silently costs zero; families share them through small base classes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from math import inf, sqrt
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from archspec.dims import Dim, Symbolic
from archspec.types import DType, TensorType, default_axes


class Fact(NamedTuple):
    """A size that a refusal is about: an axis of an input; None: how many axes it has."""

    input: int
    axis: int | None = None


class OpError(Exception):
    """An op refuses what it was given: names the argument (`field`) or the input (from 0) at fault, and the sizes that
    disagree (`facts`), whose origins are told with it; where an input is at fault that no `from` names, `asking` is the
    argument that it does not suit. `code` is A501 for an input, A502 for an argument and A503 for inputs that disagree.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        input: int | None = None,
        code: str = "",
        notes: Sequence[str] = (),
        facts: Sequence[Fact] = (),
        helps: Sequence[str] = (),
        asking: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.input = input
        self.code = code or ("A502" if field else "A501")
        self.notes = tuple(notes)
        self.facts = tuple(facts)
        self.helps = tuple(helps)
        self.asking = asking


class Init(NamedTuple):
    """The distribution that torch starts a tensor with: every value lies in [low, high]; `mean` and
    `std` are those of the distribution, of a truncated normal before it is cut. A `table` is worked out, not drawn."""

    kind: Literal["constant", "uniform", "normal", "trunc_normal", "orthogonal", "table"]
    low: float = -inf
    high: float = inf
    mean: float = 0.0
    std: float = 0.0

    @classmethod
    def constant(cls, value: float) -> Init:
        return cls("constant", value, value, value)

    @classmethod
    def uniform(cls, low: float, high: float) -> Init:
        return cls("uniform", low, high, (low + high) / 2, (high - low) / sqrt(12))


ZEROS = Init.constant(0.0)
ONES = Init.constant(1.0)


class OwnedTensor(NamedTuple):
    """A tensor that a layer owns: state_dict key = layer path + its name."""

    shape: tuple[int, ...]
    init: Init
    trainable: bool = True
    buffer: bool = False
    dtype: DType = DType.float32


class TorchModule(NamedTuple):
    """The recipe `target(**arguments)`: a class by its dotted name, say `torch.nn.Conv2d`.

    A module that is not called as `{module}({0}, {1}, ...)` on the op's inputs has in `call` the format string of how
    it is. Where it gives several values and those are nested, `places` tells for each where it stands: in
    `(output, (h, c))` they are (0,), (1, 0) and (1, 1).
    """

    target: str
    arguments: Mapping[str, Any]
    call: str = ""
    places: tuple[tuple[int, ...], ...] = ()


class TorchExpression(NamedTuple):
    """The recipe of a function: Python source over `torch`, a format string in which {0}, {1}, ... are
    the inputs, and the numbers after theirs are `sizes`: symbolic sizes that no input of the op has,
    for which the backend puts in an expression over the model's inputs."""

    source: str
    sizes: tuple[Dim, ...] = ()


class TorchTensor(NamedTuple):
    """The recipe of an owned tensor that is itself the value (`Parameter`, `Buffer`)."""

    initializer: str  # a function of torch.nn.init, without its trailing underscore; or one by its dotted name
    arguments: Mapping[str, Any]


TorchRecipe: TypeAlias = TorchModule | TorchExpression | TorchTensor


class Window(NamedTuple):
    """A sliding window, per spatial axis: the extent it covers, its step, where the first one starts.

    Output position o sees the input positions i // scale of i = start + stride * o, ..., + size - 1: a `scale`
    above 1 (on every axis, none given: 1) is for ops that enlarge, whose window slides over repeated positions.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: tuple[int, ...]  # minus the padding on the near side
    scale: tuple[int, ...] = ()


Receptive: TypeAlias = Window | Literal["point", "whole"]
"""`point`: each position sees itself. `whole`: every position sees every other."""

Handle: TypeAlias = Any
"""An ONNX value, opaque to ops."""


class Emitter(Protocol):
    """What `to_onnx` may use. It gives names, owns the graph, and knows the opset that is asked for."""

    @property
    def opset(self) -> int: ...

    def node(self, op_type: str, *inputs: Handle | None, **attributes: Any) -> Handle:
        """Add a node with one output. None stands for an optional input left out."""

    def nodes(self, op_type: str, outputs: int, *inputs: Handle | None, **attributes: Any) -> tuple[Handle, ...]:
        """Add a node with several outputs."""

    def parameter(self, name: str) -> Handle:
        """The initialiser of one of the layer's own tensors, by the name `parameters` gives it."""

    def constant(self, value: Any, dtype: DType = DType.float32) -> Handle:
        """A small constant: a number or nested lists of numbers."""

    def shape(self, sizes: Sequence[Dim]) -> Handle:
        """A 1-D int64 value that holds these sizes; symbolic ones are computed from the model inputs."""

    def require(self, opset: int, what: str) -> None:
        """Raise the model's opset to at least this, for something that the layer can't be written without."""


class Op(BaseModel):
    """The base of all ops. Fields are strict: what a spec writes is what torch is given."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        defer_build=True,
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
    )

    inputs: ClassVar[tuple[int, int | None]] = (1, 1)
    """The least and the greatest number of values it reads; None: no bound."""
    view: ClassVar[bool] = False
    """Whether its result, in evaluation mode, is its input or a view of it, which takes no memory."""
    taken: ClassVar[int | None] = None
    """How many of its values it makes its result of; of those behind them it reads the sizes alone. None: all."""
    mixes_channels: ClassVar[bool] = True
    """Whether a channel of its result may depend on several channels of its input."""

    @property
    def multiple(self) -> bool:
        """Whether it gives several values, read by number (`split.0`). A class attribute may stand in its place."""
        return False

    @classmethod
    def can_be_multiple(cls) -> bool:
        """Whether `multiple` is so for some arguments."""
        return cls.multiple not in (Op.multiple, False)

    @abstractmethod
    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        """The type of the output, or a tuple of them where `multiple`. Raises OpError."""

    @abstractmethod
    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        """The tensors it owns, in torch's order. Called after `infer` has accepted the inputs."""

    @abstractmethod
    def macs(self, *inputs: TensorType) -> Dim:
        """Multiply-adds of one forward pass: of convolutions, linear layers and matrix products only,
        as in torch's FlopCounterMode / 2."""

    @abstractmethod
    def receptive(self, *inputs: TensorType) -> Receptive:
        """What one output position sees of the first input."""

    @abstractmethod
    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        """How torch builds it for these input types."""

    @abstractmethod
    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle | tuple[Handle, ...]:
        """Emit it in evaluation mode; gives its value, or a tuple of them where `multiple`. An op that
        does nothing gives its input. Raises OpError for what torch can and ONNX cannot."""

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        """How sizes of its first output are worked out, with their numbers: axis -> right-hand side. Axes that an
        argument gives, or that stay as they are, have none."""
        return {}

    def entries(self, *inputs: TensorType) -> Dim | None:
        """Where the first input holds indices: how many entries they count, so that 0 to one less are legal."""
        return None

    def written(self) -> dict[str, Any]:
        """The arguments that differ from their defaults, as torch takes them."""
        fields = type(self).model_fields
        values = {name: getattr(self, name) for name in fields}
        return {name: _plain(value) for name, value in values.items() if value != fields[name].default}


def _plain(value: Any) -> Any:
    """Sizes per axis as people write them: one number where all axes agree."""
    agreed = type(value) is tuple and len(set(value)) == 1 and value[0] is not None
    return value[0] if agreed else value


class Weightless(Op):
    """An op that owns nothing and multiplies nothing."""

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return {}

    def macs(self, *inputs: TensorType) -> Dim:
        return 0


class Elementwise(Weightless):
    """A function of each element of its one input by itself."""

    mixes_channels: ClassVar[bool] = False

    def infer(self, *inputs: TensorType) -> TensorType:
        return inputs[0]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"


class Unsettled(OpError):
    """A size that has to be a number, and depends on symbols. `written` is the number that the spec gives it, if
    it gives one; the network is then good for the sizes at which that is so."""

    def __init__(self, size: Symbolic, what: str, input: int, written: int | None) -> None:
        super().__init__(f"{what} has to be a number here, and is {size}", input=input)
        self.size = size
        self.written = written


def counted(op: Op, field: str, type_: TensorType, axis: int, what: str, *, input: int = 0) -> int:
    """The size of an input's axis, as `known`; refused where the spec wrote another number for it."""
    written: int | None = getattr(op, field)
    size = type_.shape[axis]
    if isinstance(size, int) and written not in (None, size):
        message = f"{field} is {written}, but the input has {size} {what}"
        helps = [f"leave `{field}` out, which makes it {size}, or give the input {written} {what}"]
        raise OpError(message, field=field, facts=[Fact(input, axis)], helps=helps)
    return known(size, f"the number of {what}", input=input, written=written)


def known(size: Dim, what: str, *, input: int = 0, written: int | None = None) -> int:
    """A size that the layer is made by has to be a number."""
    if not isinstance(size, int):
        raise Unsettled(size, what, input, written)
    return size


@cache
def layout(rank: int) -> str:
    """How the axes of an image-like value of this rank are laid out: `N, C, H, W`."""
    return ", ".join(map(str, default_axes(rank)))


def of_rank(op: Op, type_: TensorType, *ranks: int, axes: str = "", input: int = 0) -> None:
    """Refuse an input whose rank is none of `ranks`; `axes` says how they are laid out."""
    if type_.rank not in ranks:
        wanted = " or ".join(map(str, ranks))
        named = f" ({axes})" if axes else ""
        message = f"{type(op).__name__} reads {wanted} axes{named}, and gets {type_.rank}: {type_}"
        raise OpError(message, input=input, facts=[Fact(input)])


def of_least_rank(op: Op, type_: TensorType, least: int, input: int = 0) -> None:
    """Refuse an input of fewer axes than `least`."""
    if type_.rank < least:
        message = f"{type(op).__name__} reads {least} axes or more, and gets {type_.rank}: {type_}"
        raise OpError(message, input=input, facts=[Fact(input)])


def of_dtype(op: Op, type_: TensorType, *dtypes: DType, input: int = 0) -> None:
    """Refuse an input of another element type."""
    if type_.dtype not in dtypes:
        wanted = ", ".join(dtypes)
        raise OpError(f"{type(op).__name__} reads {wanted}, and gets {type_.dtype}", input=input)


FLOATS = (DType.float32, DType.float64, DType.float16, DType.bfloat16)
SINGLE = DType.float32
"""The element type of all weights, and so of what layers with weights read."""


def axis_of(field: str, dim: int, rank: int) -> int:
    """An axis counted from 0; a negative one counts from the end."""
    if not -rank <= dim < rank:
        raise OpError(f"{field} is {dim}, but there are {rank} axes: {-rank} to {rank - 1}", field=field)
    return dim % rank


def axes_of(field: str, dims: int | tuple[int, ...], rank: int) -> list[int]:
    """Axes counted from 0, none of them twice."""
    written = (dims,) if isinstance(dims, int) else dims
    axes = [axis_of(field, dim, rank) for dim in written]
    if len(set(axes)) < len(axes):
        raise OpError(f"{field} is {list(written)}, which names an axis twice", field=field)
    return axes


def divides(field: str, parts: int, size: int, what: str, *facts: Fact) -> int:
    """How often `parts` goes into a size, which it has to divide; `facts`: where that comes from."""
    if size % parts:
        message = f"{field} is {parts}, which does not divide {size} {what}"
        divisors = [each for each in range(1, min(size, 2 * parts) + 1) if size % each == 0]
        nearest = sorted(divisors, key=lambda each: abs(each - parts))[:3]
        helps = [f"{' or '.join(map(str, sorted(nearest)))} would"] if len(nearest) > 1 else []
        raise OpError(message, field=field, facts=facts, helps=helps)
    return size // parts


def torch_nn(op: Op, **resolved: Any) -> TorchModule:
    """The module of `torch.nn` with the op's name, made by the sizes that were inferred and the
    arguments that differ from their defaults."""
    return TorchModule(f"torch.nn.{type(op).__name__}", {**resolved, **op.written(), **resolved})


def size_source(size: Dim, shape: Sequence[Dim], sizes: list[Dim]) -> str:
    """A size in a `TorchExpression` of one input: a number, a size of the input, or an entry of `sizes`,
    which grows by what has to come from elsewhere."""
    if isinstance(size, int):
        return str(size)
    if size in shape:
        return f"{{0}}.size({shape.index(size)})"
    if size not in sizes:
        sizes.append(size)
    return f"{{{1 + sizes.index(size)}}}"
