"""What a model computes in: options that go together, inputs from disk, and int8 behind a proved file."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from archspec.deployment import Deployment
from archspec.graph import Graph

if TYPE_CHECKING:
    from torch import Tensor

    from archspec.parity import ParityReport
    from archspec.samples import Samples

GENERATED = "generated"
_GENERATED = 32  # batches to calibrate by
_OTHERS = 8
_HELD_BACK = 5  # one file in so many


class Calibration(NamedTuple):
    """Batches to calibrate by and others to try the result on; what they are, in words, and what was done to them."""

    batches: list[list[Tensor]]
    others: list[list[Tensor]]
    text: str
    note: str = ""


def require_precision(dtype: Literal["fp32", "fp16"], io_fp16: bool, int8: object) -> None:
    """Raise EmitError for options that contradict each other."""
    from archspec.backends.onnx import EmitError

    if dtype not in ("fp32", "fp16"):
        raise EmitError(f"the dtype {dtype} is none of fp32 and fp16")
    if io_fp16 and dtype != "fp16":
        raise EmitError(f"inputs and outputs in float16 go with the dtype fp16, and it is {dtype}")
    if int8 is not None and dtype != "fp32":
        raise EmitError(f"int8 is made of a model in fp32, and the dtype is {dtype}: leave one of the two out")


def samples_of(folder: str | PathLike[str] | None, graph: Graph, deployment: Deployment) -> Samples:
    """The inputs in a folder; none without one. An image for a network that takes any size gets an example's, if its
    weights don't tell. Raises SamplesError, OSError."""
    from archspec.backends.torch import example_sizes
    from archspec.samples import Samples, read_samples

    if folder is None:
        return Samples([], "")
    return read_samples(folder, graph, deployment, example_sizes(graph, batch=1))


def calibration_of(
    source: str | PathLike[str], graph: Graph, deployment: Deployment, images: Samples, seed: int
) -> Calibration:
    """What to calibrate by: the files of a folder, or random data where that was asked for by the word `generated`.
    The others are `images`, if there are any; else one in five of the files. Raises SamplesError, OSError."""
    if source == GENERATED:
        batches = _generated(graph, seed)
        text = f"{_GENERATED} generated inputs"
        return Calibration(batches[:_GENERATED], images.batches or batches[_GENERATED:], text)
    batches, note = samples_of(source, graph, deployment)
    others = images.batches
    if not others:
        others = batches[_HELD_BACK - 1 :: _HELD_BACK]
        batches = [batch for k, batch in enumerate(batches) if k % _HELD_BACK != _HELD_BACK - 1]
    return Calibration(batches, others, f"{len(batches)} calibration input{'' if len(batches) == 1 else 's'}", note)


def _generated(graph: Graph, seed: int) -> list[list[Tensor]]:
    import torch

    from archspec.backends.torch import example_inputs, example_sizes

    sizes = example_sizes(graph, batch=1)
    generators = (torch.Generator().manual_seed(seed + k) for k in range(_GENERATED + _OTHERS))
    return [list(example_inputs(graph, sizes=sizes, generator=each).values()) for each in generators]


def quantized(path: Path, graph: Graph, calibration: Calibration, report: ParityReport | None) -> ParityReport | None:
    """Turn an fp32 file into its int8 form, in place; with the report on the first, that on the second, which is held
    against the first. Raises EmitError."""
    import hashlib

    from archspec.backends.onnx import quantize
    from archspec.parity import Quantization, shape_problems, signal_to_noise, size_of

    names = [value.name for value in graph.inputs]
    feeds = ({name: tensor.numpy() for name, tensor in zip(names, batch, strict=True)} for batch in calibration.batches)
    exact = path.rename(path.with_name(f"{path.name}.fp32"))
    quantize(exact, path, feeds)
    if report is not None:
        found = Quantization(
            calibration=calibration.text,
            calibrating=len(calibration.batches),
            others=len(calibration.others),
            on_calibration=signal_to_noise(exact, path, calibration.batches),
            on_others=signal_to_noise(exact, path, calibration.others),
            before=size_of(exact),
            after=size_of(path),
        )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        report = replace(
            report,
            precision="int8",
            quantization=found,
            problems=(*report.problems, *found.problems, *shape_problems(path, report.sizes[-1])),
            assumptions=(*report.assumptions, *filter(None, [calibration.note])),
            sha256={**report.sha256, "model": digest},
        )
    exact.unlink()
    return report
