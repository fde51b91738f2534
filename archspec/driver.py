"""The driver: from a TARGET to what a user asks for, through all stages. The Python surface.

`build`, `export` and `verify` import torch and onnx when called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archspec import given
from archspec.architecture import Architecture, load
from archspec.built import architecture_of, remember
from archspec.compilation import Inputs
from archspec.zoo import Target

if TYPE_CHECKING:
    import os
    from enum import Enum

    from torch import nn

    from archspec.parity import ParityReport
    from archspec.weights.renames import Table

    Path_ = str | os.PathLike[str]


def build(
    target: Path_ | Architecture,
    weights: Path_ | Enum | None = None,
    args: Mapping[str, Any] | None = None,
    *,
    rename: Path_ | Table | None = None,
    inputs: Inputs = (),
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
    **more_args: Any,
) -> nn.Module:
    """An ordinary torch.nn.Module, freshly initialised or with `weights`: a file, or published ones by name, or as a
    member of torchvision's enum. What `save` has written has its own.

    Weights load strictly, by keys that `rename` may translate (a table, or a file of one); only a head of another shape
    stays fresh, and the log says so. `args` serves where an arg of the spec is called like a parameter here.
    Raises SpecError and WeightsError; TypeError for weights that are none, an arg given twice, and what an Architecture
    has already.
    """
    name = given.weights_name(weights)
    architecture = _architecture(target, name, inputs, given.together(args, more_args), plugins, zoo)
    return _built(architecture, name, rename, new_head=True)


def _built(architecture: Architecture, weights: str | None, rename: Path_ | Table | None, new_head: bool) -> nn.Module:
    """A module with weights, if it has any: those that are named, or that lie beside its spec. `new_head`: whether the
    head may be another one than theirs."""
    from archspec.backends.torch import build_module

    module = build_module(architecture.graph)
    target = architecture.compilation.target
    if weights is None and target.weights is not None:
        weights = str(target.weights)
    if weights is None and rename is not None:
        from archspec.weights import WeightsError

        raise WeightsError("there are no weights whose keys could be renamed")
    if weights is not None:
        from archspec.weights.fitting import heads_of
        from archspec.weights.loading import find_weights, load_checkpoint, tables

        heads = heads_of(architecture.graph) if new_head else {}
        load_checkpoint(module, find_weights(weights, target.model), tables(rename, target.model), heads)
    remember(module, architecture, weights)
    return module


def _architecture(
    source: Path_ | Architecture,
    weights: str | None,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
    zoo: Path_ | None,
) -> Architecture:
    """What a target is with the args that go with weights. Raises TypeError for what an Architecture has already."""
    if not isinstance(source, Architecture):
        return load(source, inputs=inputs, args=args, plugins=plugins, zoo=zoo, weights=weights)
    _refuse("an Architecture", {"inputs": inputs, "args": args, "plugins": plugins, "zoo": zoo})
    return source if weights is None else source.with_weights(weights)


def _refuse(what: str, options: Mapping[str, object]) -> None:
    """Raise TypeError for an option that would change nothing, because a thing has its own already."""
    if told := [name for name, value in options.items() if value]:
        raise TypeError(f"{what} has its own {told[0]}: `{told[0]}` goes with a name or a path alone")


def export(
    model_or_target: nn.Module | Path_ | Architecture,
    path: Path_,
    *,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    device: str = "cpu",
    opset: int | None = None,
    dynamic: Collection[str] = (),
    seed: int = 0,
    parity: bool = True,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> ParityReport | None:
    """Write an ONNX file, once it is checked and in parity with torch; gives the report (None without `parity`).

    A module is exported with its own weights; a target with `weights`, all of which have to fit once `rename` has
    translated their keys, or with seeded initial ones. `dynamic` names the axes that stay symbols beside the batch
    (`"HW"`). Nothing is written unless all is well.

    Raises ParityError, SpecError, WeightsError, ModuleChanged, EmitError, DeviceError; TypeError for an option that a
    module or an Architecture answers itself.
    """
    from archspec.backends.onnx import DEFAULT_OPSET, emit, staged
    from archspec.backends.onnx import check as check_file
    from archspec.backends.onnx import save as save_file
    from archspec.parity import ParityError, prove

    module, architecture, initial = _module(model_or_target, weights, rename, seed, inputs, args, plugins, zoo)
    if dynamic:
        architecture = architecture.with_dynamic(dynamic)
        architecture.require_open_sizes()
    was_training = module.training
    module.eval()
    try:
        hashes = {"spec": _sha256(architecture.compilation.target), "weights": _weights_sha256(module)}
        metadata = {"archspec.spec": architecture.name, "archspec.spec_sha256": hashes["spec"]}
        if statements := architecture.sizes().statements():
            metadata["archspec.sizes"] = "\n".join(each.text for each in statements)
        onnx_model = emit(architecture.graph, module.state_dict(), opset=opset or DEFAULT_OPSET, metadata=metadata)
        with staged(path) as temporary:
            save_file(onnx_model, temporary)
            check_file(temporary)
            if not parity:
                return None
            options: dict[str, Any] = {"device": device, "seed": seed, "sha256": hashes}
            report = prove(architecture.graph, module, temporary, weights_are_initial=initial, **options)
            if report.verdict == "vacuous" and not initial:  # an untrained module, say, whose logits are 0
                report = prove(architecture.graph, module, temporary, weights_are_initial=True, **options)
                report = replace(report, weights="given weights, whose outputs are flat; compared with calibrated ones")
            if not report.passed:
                raise ParityError(report)
            return report
    finally:
        module.train(was_training)


def verify(
    onnx_path: Path_,
    target: nn.Module | Path_ | Architecture,
    *,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    device: str = "cpu",
    seed: int = 0,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> ParityReport:
    """Parity of an existing file with a target: with `weights`, else those that were saved beside its spec, else the
    file's own, by key.

    Raises SpecError, WeightsError, DeviceError, OSError for a file that cannot be read, and NotOnnxError for one
    that is no ONNX file.
    """
    import torch

    from archspec.backends.onnx import weights_of
    from archspec.parity import compare
    from archspec.weights import WeightsError
    from archspec.weights.loading import load_into

    in_file = weights_of(onnx_path)
    module, architecture, initial = _module(target, weights, rename, seed, inputs, args, plugins, zoo)
    if module is target:
        whose = "the module's weights"
    else:
        whose = f"weights {weights or architecture.compilation.target.weights}"
        if initial:
            found = {key: torch.from_numpy(array.copy()) for key, array in in_file.items()}
            wanted = module.state_dict()
            missing = [key for key in wanted if key not in found and not key.endswith("num_batches_tracked")]
            if missing:
                raise WeightsError(f"{onnx_path} lacks {missing[0]} ({len(missing)} tensors in all): pass `--weights`")
            load_into(module, {key: found.get(key, tensor) for key, tensor in wanted.items()})
            whose = "the file's weights"
    report = compare(architecture.graph, module.eval(), onnx_path, device=device, seed=seed)
    return replace(report, weights=whose)


def _module(
    source: nn.Module | Path_ | Architecture,
    weights: Path_ | Enum | None,
    rename: Path_ | Table | None,
    seed: int,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
    zoo: Path_ | None,
) -> tuple[nn.Module, Architecture, bool]:
    """A module, what it was built from, and whether its weights are initial ones."""
    import torch

    if isinstance(source, torch.nn.Module):
        told = {"weights": weights, "rename": rename, "inputs": inputs, "args": args, "plugins": plugins, "zoo": zoo}
        _refuse("a module", told)
        return source, architecture_of(source), False
    name = given.weights_name(weights)
    architecture = _architecture(source, name, inputs, args, plugins, zoo)
    initial = name is None and architecture.compilation.target.weights is None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _built(architecture, name, rename, new_head=False), architecture, initial


def _weights_sha256(module: nn.Module) -> str:
    """Of the keys and bytes of all tensors, in order."""
    import hashlib

    import torch

    digest = hashlib.sha256()
    for key, tensor in module.state_dict().items():
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _sha256(target: Target) -> str:
    import hashlib

    text = target.spec.file.text if target.spec else ""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
