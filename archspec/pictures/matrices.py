"""Convolutions of small matrices as printed numbers: torch's, and by which formula the result has its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from archspec.diagnostics import in_words, near
from archspec.ops.base import OpError
from archspec.ops.convolution import Conv2d
from archspec.pictures.errors import PictureError
from archspec.types import TensorType

_NINTH, _SIXTEENTH = 1 / 9, 1 / 16

KERNELS: Mapping[str, tuple[tuple[float, ...], ...]] = MappingProxyType(
    {
        "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
        "sobel_x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
        "sobel_y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
        "vertical_edge": ((1, 0, -1), (1, 0, -1), (1, 0, -1)),
        "edge": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),  # the Laplacian
        "box_blur": ((_NINTH,) * 3,) * 3,
        "gaussian_blur": tuple(tuple(a * b * _SIXTEENTH for b in (1, 2, 1)) for a in (1, 2, 1)),
        "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    }
)


class Example(NamedTuple):
    """A matrix to try kernels on, and the kernel that shows most."""

    rows: tuple[tuple[float, ...], ...]
    kernel: str


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "5x5": Example(
            ((1, 2, 3, 0, 1), (0, 1, 2, 3, 1), (1, 0, 1, 2, 0), (2, 1, 0, 1, 3), (1, 2, 1, 0, 2)),
            "sobel_x",
        ),
        "6x6": Example(((10, 10, 10, 0, 0, 0),) * 6, "vertical_edge"),
    }
)
_MOST, _MOST_RESULT = 20, 60  # rows and columns of a matrix that is printed
_GREATEST = 1e6  # of its numbers
_DECIMALS = 4
_EXACT = 1e-9
_WIDTH = 80


def matrix_of(written: str) -> Tensor:
    """An example by its name, else the numbers in a file, a row in each line, with spaces or commas between. Float64
    [rows, columns]. Raises PictureError for what is no such matrix, OSError."""
    return _tensor(EXAMPLES[written].rows) if written in EXAMPLES else _read(written, EXAMPLES, "example")


def default_kernel(written: str) -> str:
    """The kernel that a matrix is tried with if none is named."""
    return EXAMPLES[written].kernel if written in EXAMPLES else "sobel_x"


def kernel_of(written: str) -> Tensor:
    """A kernel by its name, else the numbers in a file. Raises PictureError, OSError."""
    return _tensor(KERNELS[written]) if written in KERNELS else _read(written, KERNELS, "kernel")


def convolved(image: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
    """What torch.nn.Conv2d makes of a matrix: each number of the result is the sum of the kernel's times those that it
    lies on, and the kernel is not turned over. Raises PictureError where it does not fit, and for a result that is too
    large to be printed."""
    try:
        sizes = _sizes(image, kernel, stride, padding)
    except OpError as error:
        raise PictureError(str(error)) from error
    if max(sizes) > _MOST_RESULT:
        most = f"up to {_MOST_RESULT} x {_MOST_RESULT} are printed"
        raise PictureError(f"the result would hold {sizes[0]} x {sizes[1]} numbers; {most}")
    height, width = kernel.shape
    layer = torch.nn.Conv2d(1, 1, (height, width), stride, padding, bias=False, dtype=torch.float64)
    with torch.inference_mode():
        layer.weight.copy_(kernel[None, None])
        found: Tensor = layer(image[None, None])[0, 0]
    return found


def text(image: Tensor, name: str, kernel: Tensor, stride: int, padding: int) -> str:
    """Input, kernel and result, beside each other where they fit, and where the size of the result comes from."""
    result = convolved(image, kernel, stride, padding)
    blocks = [_block("input", image), _block(name, kernel), _block("result", result)]
    across = ["   ".join(line).rstrip() for line in zip(*_of_equal_height(blocks), strict=True)]
    stacked = [line.rstrip() for block in blocks for line in (*block, "")][:-1]
    terms = [
        f"       floor(({n} + 2 * {padding} - {k}) / {stride}) + 1 = {size} {what}"
        for n, k, size, what in zip(image.shape, kernel.shape, result.shape, ("rows", "columns"), strict=True)
    ]
    lines = across if max(map(len, across)) <= _WIDTH else stacked
    return "\n".join([*lines, "", "size = floor((n + 2 * padding - k) / stride) + 1", *terms])


def _sizes(image: Tensor, kernel: Tensor, stride: int, padding: int) -> tuple[int, int]:
    """Rows and columns of the result. Raises OpError where there are none."""
    size = list(kernel.shape)
    written = {"out_channels": 1, "kernel_size": size, "stride": stride, "padding": padding, "bias": False}
    *_, rows, columns = Conv2d.model_validate(written).infer(TensorType.of((1, 1, *image.shape))).shape
    assert isinstance(rows, int), "those of the image are known"
    assert isinstance(columns, int), "likewise"
    return rows, columns


def _block(name: str, numbers: Tensor) -> list[str]:
    """A head, and rows of numbers with as many decimals as they need; all lines of one width."""
    decimals = next((n for n in range(_DECIMALS) if _fit(numbers, n)), _DECIMALS)
    rounded = numbers.round(decimals=decimals) + 0.0  # of which -0.0 becomes 0.0
    rows = [[f"{number:.{decimals}f}" for number in row] for row in rounded.tolist()]
    wide = max(len(cell) for row in rows for cell in row)
    lines = [f"{name}, {len(rows)} x {len(rows[0])}", *("  ".join(cell.rjust(wide) for cell in row) for row in rows)]
    return [line.ljust(max(map(len, lines))) for line in lines]


def _fit(numbers: Tensor, decimals: int) -> bool:
    return bool((numbers - numbers.round(decimals=decimals)).abs().max() < _EXACT)


def _of_equal_height(blocks: Sequence[list[str]]) -> list[list[str]]:
    height = max(map(len, blocks))
    return [[*block, *[" " * len(block[0])] * (height - len(block))] for block in blocks]


def _read(path: str, known: Mapping[str, object], what: str) -> Tensor:
    if not Path(path).is_file():
        helps = in_words(near(path, known, f"they are {', '.join(known)}"))
        raise PictureError("; ".join([f"there is no file and no {what} `{path}`", *helps]))
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        rows = [tuple(map(float, line.replace(",", " ").split())) for line in lines if line.strip()]
    except ValueError as error:  # of float, and of what is no text
        raise PictureError(f"{path} holds no matrix of numbers: {error}") from error
    if not rows or len({len(row) for row in rows}) > 1:
        lengths = " and ".join(map(str, dict.fromkeys(len(row) for row in rows))) or "no"
        raise PictureError(f"{path} holds rows of {lengths} numbers, and a matrix has rows of equal length")
    if beyond := [number for row in rows for number in row if not abs(number) <= _GREATEST]:  # NaN is no less
        raise PictureError(f"{path} holds {beyond[0]:g}; numbers up to {_GREATEST:,.0f} are convolved")
    if max(len(rows), len(rows[0])) > _MOST:
        raise PictureError(f"{path} holds {len(rows)} x {len(rows[0])} numbers; up to {_MOST} x {_MOST} are printed")
    return _tensor(rows)


def _tensor(rows: Sequence[tuple[float, ...]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)
