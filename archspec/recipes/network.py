"""The network that a recipe asks for: compiled, with what is wrong with it told at the recipe's own keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from archspec.architecture import Architecture
from archspec.compilation import Compilation, compile_target
from archspec.diagnostics import Diagnostic, Diagnostics, near
from archspec.elaborate import MAX_LAYERS
from archspec.recipes.written import Written
from archspec.source import Span
from archspec.syntax.reader import MAX_BYTES
from archspec.zoo import ZooModel
from archspec.zoo.targets import is_file_name


def network_of(
    written: Written,
    diagnostics: Diagnostics,
    unsaved: Mapping[Path, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_layers: int = MAX_LAYERS,
) -> Architecture | None:
    """The network; None, and its diagnostics, where it has errors. `unsaved`: texts that stand for what files hold, by
    resolved path. Raises PluginError, and WeightsError for a name that torchvision has no weights of."""
    if any(loc[0] == "model" for loc in written.wrong):  # what it would be without that was not asked for
        return None
    request = written.request
    compile_ = partial(
        compile_target,
        _shown(request.name),
        arguments=request.arguments,
        inputs=request.inputs,
        plugins=request.plugins,
        zoo=request.zoo,
        max_bytes=max_bytes,
        max_layers=max_layers,
        unsaved=unsaved,
    )
    compiled = compile_()
    model = compiled.target.model
    if request.weights is not None and compiled.target.spec is not None:
        found = _are_there(request.weights, model, written.span("model", "weights"), diagnostics)
        if model is not None and model.weights_args and found:
            compiled = compile_(weights=request.weights)
    _tell(compiled, written.span("model", "target"), diagnostics)
    if compiled.graph is None:
        return None
    return Architecture(request, compiled)


def _shown(name: str) -> str:
    """An absolute path as people know it: from here, where it is below."""
    if not os.path.isabs(name):
        return name
    relative = os.path.relpath(name)
    return name if relative.startswith(os.pardir) else os.path.join(os.curdir, relative)


def _tell(compiled: Compilation, target: Span, diagnostics: Diagnostics) -> None:
    """Tell what there is to say of the network: in its own files, or, where there is none, at its name."""
    if compiled.graph is None and not compiled.diagnostics.has_errors:
        diagnostics.add("A705", f"`{compiled.target.name}` is a library of blocks, not a network", target)
    for item in compiled.diagnostics:
        at_its_name = not item.span.file.text or (
            item.code.name == "A701" and item.span.file.path == compiled.target.path
        )
        diagnostics.keep(_moved(item, target) if at_its_name else item)


def _moved(item: Diagnostic, place: Span) -> Diagnostic:
    return replace(item, span=place, fix=None if item.fix is None else item.fix._replace(span=place))


def _are_there(weights: str, model: ZooModel | None, place: Span, diagnostics: Diagnostics) -> bool:
    """Whether there are such weights, as far as that is known without torchvision, which is asked for the names of its
    own when the training starts."""
    if is_file_name(weights):
        found = os.path.exists(weights)
        if not found:
            diagnostics.add("A711", f"there are no weights at {_shown(weights)}", place)
        return found
    if model is None or not (model.files or model.weights):
        message = f"only zoo models have published weights, and `{weights}` names neither those nor a file"
        way = f"a file ends in .safetensors, .pt or .pth; a folder has a `/`, as in `./{weights}`"
        diagnostics.add("A711", message, place, helps=[way])
        return False
    if model.files and weights not in ("DEFAULT", *model.files):
        helps = near(weights, model.files, f"it has {', '.join(model.files)}")
        diagnostics.add("A711", f"`{model.name}` has no weights `{weights}`", place, helps=helps)
        return False
    return True
