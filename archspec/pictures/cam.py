"""Grad-CAM: where in an image a network finds what speaks for a class.

R. Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV 2017,
arXiv:1610.02391. Of the maps A[k] that a layer gives, and the score y of a class before the softmax, equations 1 and 2:

    weight[k] = mean over places of dy / dA[k]        cam = relu(sum over k of weight[k] * A[k])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from archspec.diagnostics import in_words, near
from archspec.driver.scores import scores_of
from archspec.features import extract
from archspec.graph import Graph, Value
from archspec.ops.sigmoid import Sigmoid
from archspec.pictures.errors import PictureError
from archspec.pictures.panels import Bar, Group, Panel, laid_out
from archspec.pictures.scales import Scale, shown
from archspec.pictures.sheet import Sheet
from archspec.pictures.subject import Seen, Subject
from archspec.pictures.values import Fold, fold_at, folds

_SCORES = "scores"
_HEAT = "inferno"
_FEW = 12  # classes, which are all told
_SIDE = 448  # the longer side of each panel


class Cam(NamedTuple):
    """What speaks for a class, place by place: [height, width], not negative, of the layer at `path`. `probability` is
    that of the class."""

    map: Tensor
    path: str
    number: int
    name: str
    probability: float


def cam_of(subject: Subject, image: Seen, class_: str | None, path: str | None) -> Cam:
    """Of a class, by name or number, else of the likeliest one; of the layer at a path, else of the last one on whose
    places the score depends (a transformer's last blocks change tokens that its head never reads).

    Raises PictureError for a network that tells no classes apart, for an unknown class, for a value that is no map and
    for one that the score doesn't depend on; UnknownPathError, WeightsError, ModuleChanged.
    """
    graph = subject.sized_graph
    scores, probable = _scores(graph)
    known = {path: fold_at(graph, path)} if path is not None else dict(folds(graph))
    if not known:
        raise PictureError(f"`{subject.name}` has no layer whose values are maps over the image")
    taps = {each: f"map {number}" for number, each in enumerate(known)}
    batch = image.batch.clone().requires_grad_() if image.batch.is_floating_point() else image.batch
    found = extract(subject.module, {**taps, scores.name: _SCORES}).eval()(batch)
    row = found[_SCORES][0].flatten()  # [classes, 1, 1] where a Flatten comes behind
    probabilities = row.detach().sigmoid() if probable else row.detach().softmax(0)
    number = int(row.argmax()) if class_ is None else class_number(class_, len(row), subject.classes)
    needed = _last_needed(known, {each: found[name] for each, name in taps.items()}, row[number])
    if needed is None:
        where = "any map" if path is None else f"the map at `{path}`"
        raise PictureError(f"the score does not depend on {where}: its gradient is 0 everywhere")
    at, weights = needed
    planes = known[at].planes(found[taps[at]].detach())
    map_ = torch.einsum("c,chw->hw", weights, planes).relu()
    return Cam(map_, at, number, _called(number, subject.classes), float(probabilities[number]))


def draw(subject: Subject, image: Seen, class_: str | None, path: str | None) -> Sheet:
    """The image, the map as it is, and the map smoothly enlarged over the image in gray. Raises as `cam_of`."""
    cam = cam_of(subject, image, class_, path)
    scale = Scale.around_zero(cam.map, _HEAT)._replace(low=0.0)
    gray = shown(image.pixels.float().mean(-1, keepdim=True), _SIDE)
    coarse, smooth = (
        torch.nn.functional.interpolate(cam.map[None, None], gray.shape[:2], mode=mode)[0, 0]
        for mode in ("nearest-exact", "bilinear")
    )
    rows, columns = cam.map.shape
    panels = [
        Panel(shown(image.pixels, _SIDE), image.text),
        Panel(scale.pixels(coarse), f"the map of {cam.path}, {rows} x {columns}"),
        Panel(np.stack([gray, scale.pixels(smooth)]).mean(0).astype(np.uint8), "both, the map enlarged bilinearly"),
    ]
    about = [f"probability {cam.probability:.1%}", subject.title, subject.reading.note]
    if not cam.map.any():
        about.append("the map is 0 everywhere: no place speaks for this class")
    bar = Bar(scale, "weighted sum of channels, if above 0")
    return laid_out(f"Grad-CAM for {cam.name}", about, [Group(panels, bar)], len(panels))


def _called(number: int, names: Sequence[str]) -> str:
    """A class by its name and number; by the number alone where that is all there is to it."""
    name = names[number] if names else str(number)
    return f"class {number}" if name == str(number) else f"{name} (class {number})"


def class_number(written: str, count: int, names: Sequence[str]) -> int:
    """The number of a class by its name, or as it is written. Raises PictureError."""
    called = [number for number, name in enumerate(names) if name.casefold() == written.casefold()]
    if len(called) == 1:
        return called[0]
    if called:
        raise PictureError(f"{len(called)} classes are called `{written}`: say which of {', '.join(map(str, called))}")
    if written.isdecimal() and int(written) < count:
        return int(written)
    if written.isdecimal() or not names:
        without = "" if names else ", and nobody has said what they are called"
        raise PictureError(f"there is no class `{written}`: they are numbered from 0 to {count - 1}{without}")
    few = f"there are {', '.join(names)}" if count <= _FEW else f"they are numbered from 0 to {count - 1}, too"
    helps = in_words(near(written, names, few))
    raise PictureError("; ".join([f"no class is called `{written}`", *helps]))


def _scores(graph: Graph) -> tuple[Value, bool]:
    """The scores of classes before what makes probabilities of them, and whether that is a Sigmoid, for each class on
    its own. Raises PictureError."""
    output = next(output.value for output in graph.outputs if not output.training)
    if output.type.rank != 2 or not output.type.dtype.is_floating:
        raise PictureError(f"`{graph.name}` gives {output.type}, which is no score for each class of an image")
    scores, last = scores_of(output)
    return scores, isinstance(last, Sigmoid)


def _last_needed(known: Mapping[str, Fold], values: Mapping[str, Tensor], score: Tensor) -> tuple[str, Tensor] | None:
    """The last layer on whose places the score depends, and the weights of its channels: equation 1."""
    ahead = [path for path, value in values.items() if value.requires_grad]  # bytes have no gradient
    gradients: Sequence[Tensor | None] = ()
    if ahead:
        gradients = torch.autograd.grad(score, [values[path] for path in ahead], allow_unused=True)
    for path, gradient in reversed([*zip(ahead, gradients, strict=True)]):
        planes = None if gradient is None else known[path].planes(gradient)
        if planes is not None and bool(planes.any()):
            return path, planes.mean(dim=(1, 2))
    return None
