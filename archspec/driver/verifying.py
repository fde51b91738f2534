"""An ONNX file that is there, whoever wrote it, against a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.architecture import Architecture
from archspec.compilation import Inputs
from archspec.driver.known import deployment_of, known_of
from archspec.driver.likeness import Likeness, like
from archspec.driver.networks import source_of
from archspec.driver.precision import samples_of

if TYPE_CHECKING:
    import os
    from enum import Enum

    import numpy as np
    from torch import nn

    from archspec.parity import ParityReport
    from archspec.weights.renames import Table

    Path_ = str | os.PathLike[str]


def verify(
    onnx_path: Path_,
    target: nn.Module | Path_ | Architecture,
    *,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    device: str = "cpu",
    seed: int = 0,
    images: Path_ | None = None,
    third_opinion: bool = False,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> ParityReport:
    """Parity of an existing file with a target: with `weights`, else those that were saved beside its spec, else the
    file's own, by key.

    The file may be another exporter's. The target is taken at its sizes, its inputs and outputs are found by name or
    else by type and shape, and the gates are those of the precision that it computes in; the report's `assumptions`
    say so. `images` is a folder to compare on, besides random inputs; of an int8 file, instead of them. `third_opinion`
    has torch.onnx.export write the same network, and says who disagrees with whom.

    Raises SpecError, WeightsError, DeviceError, DeployError, SamplesError, PortsError for a file with other inputs or
    outputs, OSError for one that cannot be read, and NotOnnxError for one that is no ONNX file.
    """
    import onnx

    from archspec import parity
    from archspec.backends.onnx import weights_of

    in_file = weights_of(onnx_path)
    model = onnx.load(onnx_path, load_external_data=False)
    source = source_of(target, weights, rename, inputs, args, plugins, zoo)
    found = like(source.architecture, model)
    deployment = found.deployment
    if deployment.preprocessing is None:  # files of others say nothing of images
        deployment = deployment_of(source, known_of(source, seed), deployment.preprocess, deployment.head)
    samples = samples_of(images, found.graph, deployment)
    network = source._replace(architecture=found.architecture).network(rename, seed)
    whose = "the module's weights" if source.module else f"weights {source.weights}"
    if network.initial:
        _load(network.module, in_file, onnx_path)
        whose = "the file's weights"
    module = _fitted(network.module, source.architecture, found)
    tolerance = parity.tolerance_of(model)
    options: dict[str, Any] = {"device": device, "seed": seed, "tolerance": tolerance, "samples": samples.batches}
    report = parity.compare(found.graph, module, onnx_path, **options)
    notes = (*found.assumptions, *report.assumptions, *([samples.note] if samples.note else []))
    report = replace(report, weights=whose, assumptions=notes)
    if not third_opinion:
        return report
    third = parity.third_opinion(found.graph, module, Path(onnx_path), report.sizes, **options)
    return replace(report, third_opinion=third)


def _fitted(module: nn.Module, architecture: Architecture, found: Likeness) -> nn.Module:
    """A module for the graph that a file computes. Raises WeightsError where that has other sizes than the module was
    built for, and its weights have other shapes then."""
    from archspec.backends.torch import build_module, module_with
    from archspec.weights.loading import load_into

    if found.architecture is not architecture:
        own, module = module, build_module(found.architecture.graph)
        load_into(module, own.state_dict())
    return module if found.graph is found.architecture.graph else module_with(found.graph, module.state_dict())


def _load(module: nn.Module, in_file: Mapping[str, np.ndarray], path: Path_) -> None:
    """Give a module the tensors of a file that have its keys. Raises WeightsError where some are missing: exporters
    fold and rename, and the file may be of another network."""
    import torch

    from archspec.weights import WeightsError
    from archspec.weights.loading import load_into

    wanted = module.state_dict()
    missing = [key for key in wanted if key not in in_file and not key.endswith("num_batches_tracked")]
    if missing:
        raise WeightsError(
            f"{path} lacks {missing[0]}, and {len(missing)} of the network's {len(wanted)} tensors in all: its exporter"
            " has folded or renamed them, or it is another network; pass the weights themselves by `--weights`"
        )
    tensors = {key: torch.from_numpy(array.copy()) for key, array in in_file.items() if key in wanted}
    load_into(module, {**wanted, **tensors})
