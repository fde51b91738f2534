"""Shapes that fit arguments, and arguments that fit shapes: what the fields of an op do not say."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from archspec.types import DType
from tests.proof.draws import Arguments, Input, Shape, any_shape, size
from tests.proof.source import Source


def image(source: Source, arguments: Arguments, rank: int) -> Shape:
    """N, C and larger axes, for windows."""
    return (size(source, 1, 3), size(source, 1, 4), *(size(source, 3, 12) for _ in range(rank - 2)))


def grouped(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Channels, in and out, that the groups divide."""
    shape = image(source, arguments, rank)
    groups = arguments.get("groups", 1)
    if groups > 1:
        arguments["out_channels"] = groups * source.integer(1, 3)
    return (shape[0], groups * source.integer(1, 3), *shape[2:])


def pooled(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Half of the kernel at most as padding."""
    if "padding" in arguments:
        arguments["padding"] = [source.integer(0, kernel // 2) for kernel in spread(arguments["kernel_size"], rank - 2)]
    return image(source, arguments, rank)


def spread(value: Any, count: int) -> list[int]:
    """An argument per axis, where it may be written as one number."""
    return list(value) if isinstance(value, list) else [value] * count


def channels_in(field: str) -> Callable[[Source, Arguments, int], Shape]:
    """Channels that come in as many groups as an argument says."""

    def shape(source: Source, arguments: Arguments, rank: int) -> Shape:
        found = any_shape(source, arguments, rank)
        return (found[0], arguments[field] * source.integer(1, 3), *found[2:])

    return shape


def normalized(source: Source, arguments: Arguments, rank: int) -> Shape:
    """The last axes, written."""
    shape = any_shape(source, arguments, rank)
    if source.chance(3):
        arguments["normalized_shape"] = list(shape[source.integer(1, rank - 1) :])
    return shape


def resized(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Either a size or a scale, for a mode of this rank."""
    rank = {"linear": 3, "bilinear": 4, "bicubic": 4, "lanczos": 4, "trilinear": 5}.get(arguments.get("mode", ""), rank)
    if arguments.get("mode", "nearest") in ("nearest", "nearest-exact", "area", "lanczos"):
        arguments.pop("align_corners", None)
    if arguments.get("mode", "nearest") not in ("bilinear", "bicubic", "lanczos"):
        arguments.pop("antialias", None)
    field = source.choice(("size", "scale_factor"))
    arguments.pop({"size": "scale_factor", "scale_factor": "size"}[field], None)
    amounts = (1, 2, 3, 5, 8) if field == "size" else (2, 0.5, 1.5, 3.0, 0.3, 1.0, 1.1, 1 / 3)
    lone = source.chance(2)
    arguments[field] = source.choice(amounts) if lone else [source.choice(amounts) for _ in range(rank - 2)]
    if field == "size":
        arguments.pop("recompute_scale_factor", None)
    return image(source, arguments, rank)


def like(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """A value whose size the first one gets; mostly none, where arguments tell it."""
    if not source.chance(3):
        return []
    for field in ("size", "scale_factor", "recompute_scale_factor"):
        arguments.pop(field, None)
    return [(tuple(size(source) for _ in first[0]), source.choice(tuple(DType)))]


def resized_map(source: Source, arguments: Arguments, rank: int) -> Shape:
    """The same of an op whose mode is in its name."""
    shape = resized(source, arguments, rank)
    arguments.pop("recompute_scale_factor", None)
    return shape


def reshaped(source: Source, arguments: Arguments, rank: int) -> Shape:
    """The same elements: neighbours merged, sizes moved, one maybe left open."""
    shape = any_shape(source, arguments, rank)
    sizes = list(shape)
    for _ in range(source.integer(0, 2)):
        k = source.integer(0, len(sizes) - 1)
        sizes[k - 1 : k + 1] = [prod(sizes[k - 1 : k + 1])] if k else sizes[:0]
        sizes = sizes or [prod(shape)]
    if source.chance(2):
        sizes.insert(source.integer(0, len(sizes)), 1)
    if source.chance(2):
        sizes[source.integer(0, len(sizes) - 1)] = -1
    arguments["shape"] = sizes
    return shape


def expanded(source: Source, arguments: Arguments, rank: int) -> Shape:
    shape = tuple(1 if source.chance(3) else n for n in any_shape(source, arguments, rank))
    sizes = [source.integer(1, 5) if n == 1 else source.choice((n, -1)) for n in shape]
    arguments["sizes"] = [*(source.integer(1, 3) for _ in range(source.integer(0, 1))), *sizes]
    return shape


def permuted(source: Source, arguments: Arguments, rank: int) -> Shape:
    left = list(range(rank))
    order = [left.pop(source.integer(0, len(left) - 1)) for _ in range(rank)]
    arguments["dims"] = [k - rank if source.chance(4) else k for k in order]
    return any_shape(source, arguments, rank)


def split(source: Source, arguments: Arguments, rank: int) -> Shape:
    shape, sections = any_shape(source, arguments, rank), arguments["split_size_or_sections"]
    dim = arguments.get("dim", 1)
    if isinstance(sections, list) and -rank <= dim < rank:
        return tuple(sum(sections) if k == dim % rank else n for k, n in enumerate(shape))
    return shape


def ranked(source: Source, arguments: Arguments, rank: int) -> Shape:
    """As many along the axis as are chosen, or more."""
    shape, dim, k = any_shape(source, arguments, rank), arguments.get("dim", -1), arguments["k"]
    return tuple(max(n, k) if axis == dim % rank else n for axis, n in enumerate(shape))


def axes_once(source: Source, arguments: Arguments, rank: int) -> Shape:
    """A list of axes without repetition."""
    if isinstance(arguments["dim"], list):
        arguments["dim"] = sorted({dim % rank for dim in arguments["dim"]})
    return any_shape(source, arguments, rank)


def broadcast(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """Values that stretch to the first, or to which it stretches; none where a number stands for them."""
    if "value" in arguments and not source.chance(8):
        return []
    arguments.pop("value", None)
    shape, dtype = first
    other = tuple(1 if source.chance(4) else n for n in shape)
    return [(other[source.integer(0, len(shape)) if source.chance(3) else 0 :], dtype)]


def beside(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """Values that differ from the first along `dim` only."""
    shape, dtype = first
    dim, rank = arguments.get("dim", 1), len(shape)

    def one() -> Shape:
        return tuple(size(source) if rank and k == dim % rank else n for k, n in enumerate(shape))

    return [(one(), dtype) for _ in range(source.integer(1, 3))]


def multiplied(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    shape, dtype = first
    batch = tuple(1 if source.chance(4) else n for n in shape[:-2])
    return [((*batch[source.integer(0, len(batch)) :], shape[-1], size(source)), dtype)]


def attended(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Features that the heads divide."""
    shape = any_shape(source, arguments, rank)
    return (*shape[:-1], arguments["num_heads"] * source.integer(1, 3))


def key_and_value(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """None for self-attention, or a key and a value of one length."""
    if source.chance(2):
        return []
    shape, dtype = first
    rows = int(arguments.get("batch_first") is True)
    length = size(source)
    return [
        ((*(length if k == rows else n for k, n in enumerate(shape[:-1])), features), dtype)
        for features in (size(source), size(source))
    ]


def headed(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Axes before the last two that others share; as many heads as groups of them divide."""
    if source.chance(4):
        arguments.pop("is_causal", None)
    return any_shape(source, arguments, rank)


def key_value_mask(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """Key and value of one length, whose leading axes stretch, and maybe a mask."""
    shape, dtype = first
    length = size(source)

    def leading() -> Shape:
        sizes = tuple(1 if source.chance(6) else n for n in shape[:-2])
        return sizes[source.integer(0, 2) if source.chance(6) else 0 :]

    found = [((*leading(), length, shape[-1]), dtype), ((*leading(), length, size(source)), dtype)]
    if not arguments.get("is_causal") and source.chance(3):
        mask = (*leading(), *(1 if source.chance(4) else n for n in (shape[-2], length)))
        found.append((mask, source.choice((DType.bool, dtype))))
    return found


def same(count: int, dtype: DType | None = None) -> Callable[[Source, Arguments, Input], list[Input]]:
    """So many more of the same shape, of another element type if it is given."""

    def others(source: Source, arguments: Arguments, first: Input) -> list[Input]:
        return [(first[0], dtype or first[1])] * count

    return others


def slopes(source: Source, arguments: Arguments, rank: int) -> Shape:
    """As many channels as there are slopes."""
    shape = any_shape(source, arguments, rank)
    return (shape[0], arguments["num_parameters"], *shape[2:]) if arguments.get("num_parameters", 1) > 1 else shape


def clamped(source: Source, arguments: Arguments, rank: int) -> Shape:
    """One bound at least."""
    if arguments.keys() <= {"min"} or not any(value is not None for value in arguments.values()):
        arguments["min"] = source.integer(-1, 2)
    return any_shape(source, arguments, rank)


def statistics(source: Source, arguments: Arguments, rank: int) -> Shape:
    """A mean and a deviation for each channel."""
    shape = image(source, arguments, rank)
    for field in ("mean", "std"):
        count = 1 if source.chance(3) else max(shape[1], 1)
        arguments[field] = [source.choice((0.5, 1, 0.25, -0.5, 2.0)) for _ in range(count)]
    return shape


def halved(source: Source, arguments: Arguments, rank: int) -> Shape:
    return tuple(2 * n for n in any_shape(source, arguments, rank))


def unflattened(source: Source, arguments: Arguments, rank: int) -> Shape:
    """The sizes' product in their axis."""
    sizes = [size(source, 1, 3) for _ in range(source.integer(1, 3))]
    shape, dim = list(any_shape(source, arguments, rank)), source.integer(-rank, rank - 1)
    shape[dim] = prod(sizes)
    if source.chance(3):
        sizes[source.integer(0, len(sizes) - 1)] = -1
    arguments |= {"dim": dim, "unflattened_size": sizes}
    return tuple(shape)


def moved(source: Source, arguments: Arguments, rank: int) -> Shape:
    """As many places as axes, none of them twice."""
    count = source.integer(1, min(rank, 3))
    for field in ("source", "destination"):
        left = list(range(rank))
        taken = [left.pop(source.integer(0, len(left) - 1)) for _ in range(count)]
        arguments[field] = taken[0] if count == 1 and source.chance(2) else [k - rank * source.chance(3) for k in taken]
    return any_shape(source, arguments, rank)


def rolled(source: Source, arguments: Arguments, rank: int) -> Shape:
    """As many shifts as axes."""
    if "dims" in arguments or source.chance(2):
        count = source.integer(1, 3)
        arguments["shifts"] = [source.integer(-4, 4) for _ in range(count)]
        arguments["dims"] = [source.integer(-rank, rank - 1) for _ in range(count)]
    return any_shape(source, arguments, rank)


def shuffled(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Channels that the square of the factor divides."""
    shape, factor = any_shape(source, arguments, rank), arguments["upscale_factor"]
    return (*shape[:-3], factor * factor * source.integer(1, 3), *shape[-2:])


def unshuffled(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Sizes that the factor divides."""
    shape, factor = any_shape(source, arguments, rank), arguments["downscale_factor"]
    return (*shape[:-2], factor * source.integer(1, 3), factor * source.integer(1, 3))


def folded(source: Source, arguments: Arguments, rank: int) -> Shape:
    """As many patches as the output holds, of as many values as the kernel and some channels have."""
    arguments["output_size"] = target = [source.integer(3, 12) for _ in range(2)]
    column = (spread(arguments.get(field, more), 2) for field, more in (("padding", 0), ("dilation", 1), ("stride", 1)))
    kernel = spread(arguments["kernel_size"], 2)
    patches = [
        (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for n, k, padding, dilation, stride in zip(target, kernel, *column, strict=True)
    ]
    return (size(source, 1, 3), prod(kernel) * source.integer(1, 3), max(prod(patches), 0))


def states(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """None, or the states to begin with: of a layer with proj_size, an LSTM, two."""
    (shape, dtype), hidden = first, arguments["hidden_size"]
    if source.chance(2):
        return []
    batch = shape[0 if arguments.get("batch_first") else 1]
    layers = arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1)
    return [((layers, batch, arguments.get("proj_size") or hidden), dtype), ((layers, batch, hidden), dtype)]


def one_state(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    return states(source, arguments, first)[1:]


def paired(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """A value that differs in its features only."""
    shape, dtype = first
    return [((*shape[:-1], size(source)), dtype)]



def windowed(source: Source, arguments: Arguments, rank: int) -> Shape:
    """A map, and a shift that is less than its windows."""
    if "shift_size" in arguments:
        arguments["shift_size"] = [source.integer(0, window - 1) for window in spread(arguments["window_size"], 2)]
    return any_shape(source, arguments, rank)


def cut(source: Source, arguments: Arguments, rank: int) -> Shape:
    """The windows of a map that has one row of them."""
    height, width = spread(arguments["window_size"], 2)
    batch, channels = size(source), windowed(source, arguments, rank)[3]
    return batch, size(source, 1, 3), height * width, channels


def cut_map(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """A map from which windows were cut."""
    (batch, windows, *_), dtype = first
    height, width = spread(arguments["window_size"], 2)
    columns = windows * width - source.integer(0, width - 1)
    return [((batch, source.integer(1, height), max(columns, 0), size(source)), dtype)]


def thirds(source: Source, arguments: Arguments, rank: int) -> Shape:
    """Features that come out in three parts."""
    arguments["out_features"] = 3 * source.integer(0, 3)
    return any_shape(source, arguments, rank)


def places(source: Source, arguments: Arguments, first: Input) -> list[Input]:
    """Places along an axis."""
    return [((size(source),), source.choice((DType.int64, DType.int32)))]
