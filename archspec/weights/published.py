"""Published weights of zoo models: torchvision's by name, which its weights API fetches, and a collection's own files.

Nothing here is fetched before somebody wants the tensors; torchvision is imported when a function needs its tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.deployment import Preprocessing, agreed
from archspec.diagnostics import in_words, near
from archspec.weights import WeightsError
from archspec.zoo.targets import is_file_name as is_file_name

if TYPE_CHECKING:
    from torch import Tensor

    from archspec.zoo import Arguments, ZooModel

DEFAULT = "DEFAULT"
_PUBLISHED = ".pth"  # how torchvision's files end


@dataclass(frozen=True, slots=True)
class Published:
    """What is known of one set of weights without fetching it. Of a collection's own file, its name and place alone."""

    name: str
    default: bool
    file_name: str
    path: Path  # where it lies, or would
    cached: bool
    url: str = ""
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # data set -> measure -> figure
    categories: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    params: int | None = None
    gmacs: float | None = None
    megabytes: float | None = None
    recipe: str = ""
    license: str = ""  # where torchvision says so
    args: Mapping[str, str] = field(default_factory=dict)  # of the spec, that go with these weights, as YAML


def describe(model: ZooModel) -> list[Published]:
    """The weights of a model in the order of their publication. Raises WeightsError for an enum that torchvision
    does not have."""
    if model.files:
        return [
            Published(name, default_of(model) == name, path.name, path, path.is_file(), args=_args(model, name))
            for name, path in model.files.items()
        ]
    return [_described(entry, model) for entry in _entries(model)]


def published_as(weights: str, model: ZooModel | None) -> Published | None:
    """What is known of weights that are given by name, or as the file that was published; None for any others."""
    name = known_name(weights, model)
    if name is None or model is None:
        return None
    return next(each for each in describe(model) if each.name == name)


def title_of(published: Published, model: ZooModel) -> str:
    """The name of weights, with that of torchvision's enum or of the model."""
    return f"{_enum_name(model)}.{published.name}" if model.weights else f"{model.name} {published.name}"


def shared_preprocessing(model: ZooModel) -> Preprocessing | None:
    """What images undergo for all published weights of a model alike, in mean and std at least; None where those
    differ, or are not known of all."""
    found = [each.preprocessing for each in describe(model)] if model.weights else []
    return agreed([each for each in found if each is not None])


def names_of(model: ZooModel) -> list[str]:
    """The names of a model's weights."""
    return list(model.files) or [entry.name for entry in _entries(model)]


def default_of(model: ZooModel) -> str:
    """The name that `DEFAULT` stands for: the newest of a collection's own, or torchvision's choice."""
    if model.files:
        return list(model.files)[-1]
    name: str = _enum(model).DEFAULT.name
    return name


def known_name(weights: str, model: ZooModel | None) -> str | None:
    """The name of the model's weights that is meant: by `DEFAULT`, by the name, also behind that of torchvision's
    enum, or by a file of the name under which it was published. None for any other file."""
    if model is None or not (model.files or model.weights):
        return None
    if weights == DEFAULT:
        return default_of(model)
    if model.files:
        return weights if weights in model.files else None
    if is_file_name(weights) and not weights.endswith(_PUBLISHED):
        return None
    name = weights.removeprefix(f"{_enum_name(model)}.")
    file_name = Path(weights).name
    return next((entry.name for entry in _entries(model) if name == entry.name or file_name == _file_name(entry)), None)


def arguments_of(weights: str, model: ZooModel | None) -> Arguments:
    """The args of the spec that go with weights: those of the name, also where they are given as the file that was
    published under it. Raises WeightsError for what is neither a name nor a file."""
    is_file = is_file_name(weights)
    if is_file and not (model and model.weights_args):  # torchvision need not be asked
        return {}
    name = known_name(weights, model)
    if name is None and not is_file and not os.path.exists(weights):
        raise no_such_weights(weights, model)
    return {} if name is None or model is None else model.weights_args.get(name, {})


def no_such_weights(weights: str, model: ZooModel | None) -> WeightsError:
    """What to say of weights that are neither a file nor a known name."""
    if model is None or not (model.files or model.weights):
        return WeightsError(f"only zoo models have published weights; `{weights}` is no file (.safetensors, .pt, .pth)")
    known = [DEFAULT, *names_of(model)]
    where = f" in torchvision's {_enum_name(model)}" if model.weights else ""
    others = f"it has {', '.join(known)}; a file ends in .safetensors, .pt or .pth"
    return WeightsError(
        "; ".join([f"{model.name} has no weights `{weights}`{where}", *in_words(near(weights, known)), others])
    )


def fetch(name: str, model: ZooModel) -> Path | Mapping[str, Tensor]:
    """Weights of torchvision's by name: the file, where it lies in torch.hub's directory already, else the tensors
    as they come from the net, checked by their hash. Raises WeightsError, which tells where the file belongs."""
    entry = next(entry for entry in _entries(model) if entry.name == name)
    path = checkpoints() / _file_name(entry)
    if path.is_file():
        return path
    what = f"the weights {name} of {model.name}"
    way_out = f"put {path.name} into {path.parent}, or give its path: {entry.url}"
    try:
        with redirect_stdout(sys.stderr):  # torch.hub tells what it fetches
            state: Mapping[str, Tensor] = entry.get_state_dict(
                progress=sys.stderr.isatty(), check_hash=True, weights_only=True
            )
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        message = f"{what} are not on this machine and cannot be fetched ({reason})"
        raise WeightsError(f"{message}; {way_out}") from error
    except RuntimeError as error:  # of torch.hub: the bytes are not those that were published
        raise WeightsError(f"{what} came over the net broken ({error}); {way_out}") from error
    return state


def checkpoints() -> Path:
    """Where torch.hub, and torchvision with it, keeps what was fetched."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def _described(entry: Any, model: ZooModel) -> Published:
    meta = entry.meta
    path = checkpoints() / _file_name(entry)
    return Published(
        name=entry.name,
        default=entry.name == default_of(model),
        file_name=path.name,
        path=path,
        cached=path.is_file(),
        url=entry.url,
        metrics=_metrics(meta.get("_metrics", {})),
        categories=tuple(meta.get("categories") or ()),
        preprocessing=_preprocessing(entry.transforms()),
        params=meta.get("num_params"),
        gmacs=meta.get("_ops"),
        megabytes=meta.get("_file_size"),
        recipe=meta.get("recipe", ""),
        license=meta.get("license", ""),
        args=_args(model, entry.name),
    )


def _metrics(given: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The figures by data set, without those that were never measured, which torchvision has as NaN."""
    return {
        data: {measure: figure for measure, figure in figures.items() if figure == figure}
        for data, figures in given.items()
    }


def _preprocessing(preset: Any) -> Preprocessing:
    """What torchvision's presets of evaluation say of themselves; that of segmentation does not crop."""
    return Preprocessing(
        resize=tuple(preset.resize_size or ()),
        crop=tuple(getattr(preset, "crop_size", ())),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


def _args(model: ZooModel, name: str) -> dict[str, str]:
    return {arg: node.span.text for arg, (_, node) in model.weights_args.get(name, {}).items()}


def _entries(model: ZooModel) -> list[Any]:
    return list(_enum(model))


def _enum_name(model: ZooModel) -> str:
    return model.weights.removeprefix("torchvision ")


def _enum(model: ZooModel) -> Any:
    from torchvision import models

    name = _enum_name(model)
    for home in (models, models.segmentation):
        if hasattr(home, name):
            return getattr(home, name)
    raise WeightsError(f"torchvision has no weights {name}, which the zoo names for {model.name}")


def _file_name(entry: Any) -> str:
    name: str = entry.url.rpartition("/")[2]
    return name
