"""A network in torch, as what images go through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from archspec.driver.known import known_of
from archspec.driver.networks import Source
from archspec.driver.scores import scores_of
from archspec.features import extract, value_at
from archspec.graph import Graph, Output, Value
from archspec.ops.rescaling import Normalize
from archspec.ops.sigmoid import Sigmoid
from archspec.ops.softmax import Softmax
from archspec.parity.devices import require_torch_device
from archspec.parity.ports import port_of
from archspec.parity.runs import evaluating, exact_float32
from archspec.prediction import PredictionError
from archspec.prediction.expectations import ImageInput, image_input
from archspec.prediction.found import Path_
from archspec.prediction.ranking import Rank, Ranked, ranked, require_classes
from archspec.types import TensorType
from archspec.weights.renames import Table


class TorchNetwork:
    """A target or a module, of which all is known and nothing is built yet. A target without weights is refused, unless
    there is a `seed` for initial ones. Raises PredictionError, also where it reads anything but one image, and
    WeightsError."""

    def __init__(self, source: Source, rename: Path_ | Table | None, seed: int | None, device: str) -> None:
        require_torch_device(device)
        self.graph = source.architecture.graph
        self.name = self.graph.name
        if source.initial and seed is None:
            raise PredictionError(_untrained(source))
        self.facts = known_of(source, seed or 0)
        self.image = self._image(source.initial)
        self.notes = [untrained_note(self.name, self.facts.title)] if source.initial else []
        self._source = source
        self._rename = rename
        self._seed = seed or 0
        self._device = device
        self._dtype: torch.dtype = getattr(torch, self.graph.inputs[0].type.dtype)

    def require_size(self, height: int, width: int) -> None:
        """Raise SpecError where the network does not take images of this size."""
        (value,) = self.graph.inputs
        sizes = {"H": height, "W": width}
        if not all(isinstance(size, int) for size in value.type.shape[1:]):
            pairs = zip(value.type.axes, value.type.shape, strict=True)
            shape: list[int | str] = [sizes.get(label or "") or str(size) for label, size in pairs]
            self._source.architecture.with_inputs({value.name: shape})

    def require_ranking(self) -> None:
        """Raise PredictionError where the network does not tell the classes of an image."""
        output = self._output()
        require_classes(self.name, port_of(output.name, output.value.type))

    def ranking(self, top: int) -> Rank:
        """Images to their most likely classes, once the network is built. Raises WeightsError."""
        module, (_, last) = self._built(), scores_of(self._output().value)
        probable = isinstance(last, Softmax | Sigmoid)

        def rank(images: Tensor) -> Ranked:
            return ranked(self._run(module, images), top, probable=probable)

        return rank

    def require_rows(self, path: str) -> TensorType:
        """The type of the value at a path, which has a row for each image. Raises UnknownPathError, and
        PredictionError where it has not."""
        found = value_at(self.graph, path).type
        if not found.shape or found.shape[0] != self.graph.inputs[0].type.shape[0]:
            raise PredictionError(f"`{path}` of {self.name} is {found}, which has no row for each image")
        return found

    def values(self, path: str) -> Callable[[Tensor], Tensor]:
        """Images to the value at a path, once the network is built. Raises WeightsError."""
        tapped = extract(self._built(), {path: "value"}).eval()

        def value(images: Tensor) -> Tensor:
            found: Tensor = self._run(tapped, images)["value"]
            return found

        return value

    def _built(self) -> nn.Module:
        return evaluating(self._source.network(self._rename, self._seed).module, self._device)

    def _run(self, module: nn.Module, images: Tensor) -> Any:
        try:
            with torch.inference_mode(), exact_float32():
                return module(images.to(self._device, self._taken_by(module)))
        except torch.OutOfMemoryError as error:
            at_once = f"{len(images)} images at once are too many for the memory of {self._device}"
            raise PredictionError(f"{at_once}: a smaller `--batch-size` takes less") from error

    def _taken_by(self, module: nn.Module) -> torch.dtype:
        """What its images are made of: floats are as many bits as its weights have, which a user may have halved."""
        if not self._dtype.is_floating_point:
            return self._dtype
        return next((weight.dtype for weight in module.parameters() if weight.is_floating_point()), self._dtype)

    def _image(self, untrained: bool) -> ImageInput:
        if len(self.graph.inputs) != 1:
            names = ", ".join(f"`{value.name}`" for value in self.graph.inputs)
            raise PredictionError(f"{self.name} reads {len(self.graph.inputs)} inputs, {names}, and not one image")
        (value,) = self.graph.inputs
        return image_input(
            self.name,
            self.facts,
            port_of(value.name, value.type),
            value.type.axes,
            normalized_inside=self.facts.preprocessing is None and _is_normalized(self.graph, value),
            untrained=untrained,
        )

    def _output(self) -> Output:
        """The one result of evaluation."""
        outputs = [output for output in self.graph.outputs if not output.training]
        if len(outputs) != 1:
            names = ", ".join(f"`{output.name}`" for output in outputs)
            raise PredictionError(f"{self.name} gives {len(outputs)} outputs, {names}, and not the classes of an image")
        return outputs[0]


def untrained_note(name: str, weights: str) -> str:
    """What there is to know of a network that has learned nothing."""
    return f"{name} is not trained: its weights are `{weights}`, and what it says means nothing"


def _untrained(source: Source) -> str:
    name, model = source.architecture.name, source.architecture.compilation.target.model
    published = model is not None and (model.weights or model.files)
    which = f"`--weights DEFAULT`, or others that `archspec zoo show {name}` lists" if published else "`--weights FILE`"
    return f"{name} has no weights, and would know nothing: give {which}; `--seed 0` for initial ones all the same"


def _is_normalized(graph: Graph, image: Value) -> bool:
    """Whether the network itself normalises an image of 0 to 1, by a layer of its own."""
    readers = [node.op for node in graph.nodes if image in node.inputs]
    return all(isinstance(op, Normalize) and max(op.mean) <= 1 for op in readers)
