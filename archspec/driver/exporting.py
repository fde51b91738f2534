"""From a TARGET or a module to an ONNX file, which is written once it is proved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archspec.architecture import Architecture
from archspec.compilation import Inputs
from archspec.deployment import deploy
from archspec.driver.dynamic import opened, refusals_placed
from archspec.driver.known import deployment_of, known_of
from archspec.driver.metadata import hashes_of, metadata_of
from archspec.driver.networks import source_of
from archspec.driver.precision import calibration_of, quantized, require_precision, samples_of

if TYPE_CHECKING:
    from enum import Enum

    from torch import nn

    from archspec.backends.onnx import Emission, ExternalData
    from archspec.parity import ParityReport
    from archspec.weights.renames import Table

    Path_ = str | PathLike[str]


def export(
    model_or_target: nn.Module | Path_ | Architecture,
    path: Path_,
    *,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    opset: int | None = None,
    target: str | None = None,
    dynamic: Collection[str] = (),
    fold_bn: bool = False,
    preprocess: Literal["none", "normalize", "uint8-nhwc"] = "none",
    head: str = "logits",
    dtype: Literal["fp32", "fp16"] = "fp32",
    io_fp16: bool = False,
    int8: Path_ | None = None,
    external_data: ExternalData = "auto",
    images: Path_ | None = None,
    device: str = "cpu",
    seed: int = 0,
    parity: bool = True,
    keep_failed: bool = False,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> ParityReport | None:
    """Write an ONNX file, once it is checked and in parity with torch; gives the report (None without `parity`).

    A module is exported with its own weights; a target with `weights`, all of which have to fit once `rename` has
    translated their keys, or with seeded initial ones. `dynamic` names the axes that stay symbols beside the batch
    (`"HW"`). `preprocess` and `head` are added around the network. `int8` is a folder to calibrate by, or `generated`;
    `images` is one to compare on, besides random inputs. Nothing is written unless all is well.

    Raises ParityError, UnsoundError, SpecError, WeightsError, ModuleChanged, DeployError, EmitError,
    UnknownTarget, DeviceError, SamplesError; UnknownAxisError for a label in `dynamic` that no input has;
    TypeError for an option that a module or an Architecture answers itself.
    """
    from archspec.backends.onnx import (
        LATEST,
        Emission,
        EmitError,
        require_opset,
        require_quantizable,
        runtime_of,
        save,
        staged,
    )
    from archspec.backends.onnx import check as check_file
    from archspec.backends.torch import module_with
    from archspec.parity import ParityError

    runtime = runtime_of(target) if target else LATEST
    require_opset(opset, runtime)
    require_precision(dtype, io_fp16, int8)
    source = source_of(model_or_target, weights, rename, inputs, args, plugins, zoo)
    _require_place(path, external_data, source.architecture, [weights, rename])
    if external_data == "safetensors" and (fold_bn or int8):
        raise EmitError(
            "safetensors hold the network's own tensors, which `--fold-bn` and `--int8` change: leave either out"
        )
    architecture = opened(source.architecture, dynamic)
    known = known_of(source, seed)
    deployment = deployment_of(source, known, preprocess, head)
    graph = deploy(architecture.graph, deployment)
    samples = samples_of(images, graph, deployment)
    calibration = calibration_of(int8, graph, deployment, samples, seed) if int8 is not None else None
    network = source.network(rename, seed)
    with _evaluated(network.module) as module:
        if graph is not architecture.graph:
            module = module_with(graph, module.state_dict())
        hashes = hashes_of(architecture, module)
        metadata = metadata_of(architecture, graph, deployment, known, hashes)
        emission = Emission(graph, opset, runtime, dtype, io_fp16, fold_bn or int8 is not None, metadata)
        with refusals_placed(graph, dynamic):
            model = emission.model(module.state_dict())
        if calibration:
            require_quantizable(model)
        with staged(path) as temporary, _kept_if_failed(temporary, path, keep_failed):
            save(model, temporary, external_data, network.module.state_dict())
            check_file(temporary)
            options: dict[str, Any] = {"device": device, "seed": seed, "sha256": hashes, "samples": samples.batches}
            report = _proved(emission, module, temporary, network.initial, options) if parity else None
            if calibration and (report is None or report.passed):
                report = quantized(temporary, graph, calibration, report)
                check_file(temporary)
            if report and samples.note not in ("", *report.assumptions):
                report = replace(report, assumptions=(*report.assumptions, samples.note))
            if report and not report.passed:
                raise ParityError(report)
            return report


@contextmanager
def _kept_if_failed(temporary: Path, path: Path_, wanted: bool) -> Iterator[None]:
    """A file that fails its proof is kept beside `path`, if that is wanted; the error says where."""
    from archspec.backends.onnx import UnsoundError, keep_failed
    from archspec.parity import ParityError

    try:
        yield
    except (ParityError, UnsoundError) as error:
        error.kept = keep_failed(temporary, path) if wanted else None
        raise


def _require_place(path: Path_, external_data: ExternalData, network: Architecture, read: Iterable[object]) -> None:
    """Raise OSError where a file, or the tensors beside it, has no place, or would overwrite what it is made from."""
    from archspec.backends.onnx import data_path, require_place
    from archspec.staging import require_unread

    require_place(path, external_data)
    target = network.compilation.target
    sources = [name for name in (target.path, target.weights, *read) if isinstance(name, str | PathLike)]
    require_unread([path, data_path(path, external_data)], sources)


def _proved(
    emission: Emission, module: nn.Module, path: Path, initial: bool, options: Mapping[str, Any]
) -> ParityReport:
    from archspec.parity import prove

    report = prove(emission, module, path, weights_are_initial=initial, **options)
    if report.verdict != "vacuous" or initial:
        return report
    # An untrained module, say, whose logits are 0.
    report = prove(emission, module, path, weights_are_initial=True, **options)
    return replace(report, weights="given weights, whose outputs are flat; compared with calibrated ones")


@contextmanager
def _evaluated(module: nn.Module) -> Iterator[nn.Module]:
    """The module in evaluation mode, and in its own again at the end."""
    was_training = module.training
    module.eval()
    try:
        yield module
    finally:
        module.train(was_training)
