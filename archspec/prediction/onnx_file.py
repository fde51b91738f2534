"""An ONNX file, as what images go through: what it says of itself suffices, where archspec has written it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from google.protobuf.message import DecodeError
from torch import Tensor

from archspec.backends.onnx import NotOnnxError
from archspec.deployment import PREPROCESS, DeployError, Head
from archspec.parity.devices import require_device
from archspec.parity.ports import Port, Size, ports_in
from archspec.parity.runs import Session
from archspec.prediction import PredictionError
from archspec.prediction.expectations import ImageInput, image_input
from archspec.prediction.networks import untrained_note
from archspec.prediction.ranking import Rank, Ranked, ranked, require_classes
from archspec.samples.images import CHANNELS
from archspec.weights.facts import facts_of

# Operators that leave probabilities what they are, but for rounding, and those that make them.
_SAME = ("Identity", "Cast", "Flatten", "Reshape", "Squeeze", "QuantizeLinear", "DequantizeLinear")
_PROBABLE = ("Softmax", "Sigmoid", "QLinearSoftmax", "QLinearSigmoid")
_INITIAL = "initial, seed "  # how the title of weights begins that nobody has trained


class OnnxFile:
    """A file of which all is known, and that does not run yet. Raises DeviceError, OSError, NotOnnxError, WeightsError
    for metadata that archspec does not write, and PredictionError where the file does not read one image."""

    def __init__(self, path: Path, device: str) -> None:
        require_device(device)
        self.name = str(path)
        model = _read(path)
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        self.facts = facts_of(metadata, self.name)
        untrained = self.facts.title.startswith(_INITIAL)
        self.notes = [untrained_note(self.name, self.facts.title)] if untrained else []
        inputs, self._outputs = ports_in(model)
        self.image = self._image(inputs, metadata, untrained)
        self._k = self._greatest(metadata.get("archspec.head", "logits"))
        self._probable = _ends_in(model, self._outputs[0].name) if self._outputs else False
        self._path = path
        self._device = device

    def require_size(self, height: int, width: int) -> None:
        """Nothing: what a file asks of open sizes shows when it runs."""

    def require_ranking(self) -> None:
        """Raise PredictionError where the file does not tell the classes of an image."""
        names = [port.name for port in self._outputs]
        if len(names) != (2 if self._k else 1):
            told = ", ".join(f"`{name}`" for name in names)
            raise PredictionError(f"{self.name} gives {len(names)} outputs, {told}, and not the classes of an image")
        require_classes(self.name, self._outputs[0], picked=bool(self._k))

    def ranking(self, top: int) -> Rank:
        """Images to their most likely classes. Raises SessionError and DeviceError."""
        session = Session(self._path, self._device)

        def rank(images: Tensor) -> Ranked:
            scores, *classes = (torch.from_numpy(array) for array in session.run([images]))
            if classes:
                return Ranked(scores[:, :top].float(), classes[0][:, :top])
            require_classes(self.name, self._outputs[0]._replace(shape=tuple(scores.shape)))  # which may not be told
            return ranked(scores, top, probable=self._probable)

        return rank

    def _greatest(self, head: str) -> int:
        """How many classes the file itself picks; 0: none."""
        try:
            return Head.of(head).k
        except DeployError as error:
            raise PredictionError(f"{self.name} names a head that is not known: {error}") from error

    def _image(self, inputs: list[Port], metadata: dict[str, str], untrained: bool) -> ImageInput:
        preprocess = metadata.get("archspec.preprocess", "none")
        if preprocess not in PREPROCESS:
            raise PredictionError(f"{self.name} names a preprocessing that is not known: {preprocess}")
        if len(inputs) != 1:
            names = ", ".join(f"`{port.name}`" for port in inputs) or "none"
            raise PredictionError(f"{self.name} reads {len(inputs)} inputs, {names}, and not one image")
        (port,) = inputs
        return image_input(
            self.name,
            self.facts,
            port,
            tuple(metadata.get("archspec.input_layout", "")) or _layout(port.shape or ()),
            normalized_inside=preprocess != "none",
            untrained=untrained,
        )


def _read(path: Path) -> onnx.ModelProto:
    with path.open("rb"):  # what the system has against it is told in its words
        pass
    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except DecodeError as error:
        raise NotOnnxError(f"{path} is no ONNX file, or a broken one") from error
    if not model.graph.output:  # an empty file is a message, too
        raise NotOnnxError(f"{path} is no ONNX file, or a broken one: it gives nothing")
    return model


def _layout(shape: tuple[Size, ...]) -> tuple[str, ...]:
    """The axes of an image in a file that does not name them, by where the channels can be."""
    if len(shape) != 4:
        return ()
    return tuple("NHWC" if shape[3] in CHANNELS and shape[1] not in CHANNELS else "NCHW")


def _ends_in(model: onnx.ModelProto, output: str) -> bool:
    """Whether an output holds probabilities, being what a Softmax or a Sigmoid gives."""
    makers = {name: node for node in model.graph.node for name in node.output}
    for _ in makers:  # and no longer: a broken file may go in a circle
        node = makers.get(output)
        if node is None or node.op_type not in _SAME or not node.input:
            return node is not None and node.op_type in _PROBABLE
        output = node.input[0]
    return False
