"""Images into their most probable classes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from torch import nn

from archspec.architecture import Architecture
from archspec.compilation import Inputs
from archspec.driver.networks import refuse, source_of
from archspec.prediction import PredictionError
from archspec.prediction.batches import batches_for
from archspec.prediction.expectations import Stated
from archspec.prediction.found import Path_, find_images
from archspec.prediction.networks import TorchNetwork
from archspec.prediction.onnx_file import OnnxFile
from archspec.prediction.ranking import Ranked
from archspec.prediction.report import Guess, Prediction, Predictions
from archspec.render import count
from archspec.weights.renames import Table

_ONNX = ".onnx"


def predict(
    model_or_target: nn.Module | Architecture | Path_,
    images: Iterable[Path_] | Path_,
    *,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    top: int = 5,
    resize: int | None = None,
    crop: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    interpolation: str | None = None,
    batch_size: int | None = None,
    device: str = "cpu",
    seed: int | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> Predictions:
    """The `top` most probable classes of each image, by a target with `weights`, a module with its own, or the path of
    an ONNX file, which ends in `.onnx`. Images are files, and folders with all that lie below.

    They are resized, cropped and normalised as the weights, or the metadata of the file, tell; `resize` (the shorter
    side), `crop` (the side of a square), `mean`, `std` (of pixels from 0 to 1) and `interpolation` state it in their
    place. Logits become probabilities by a softmax; what ends in a Softmax or a Sigmoid gives them itself. `seed` is of
    initial weights, which are refused without one. `tell` hears how many files are done, of how many.

    An image that cannot be read is left out, and named with its reason in `unreadable`. Raises PredictionError, also
    where nobody knows what the weights expect, SpecError, WeightsError, DeviceError, SessionError of onnxruntime,
    NotOnnxError, OSError, and TypeError for options that a module or a file answers itself.
    """
    network: TorchNetwork | OnnxFile
    if isinstance(model_or_target, str | os.PathLike) and os.fspath(model_or_target).endswith(_ONNX):
        options = {"weights": weights, "rename": rename, "seed": seed, "inputs": inputs, "args": args}
        refuse("an ONNX file", {**options, "plugins": plugins, "zoo": zoo})
        network = OnnxFile(Path(model_or_target), device)
    else:
        source = source_of(model_or_target, weights, rename, inputs, args, plugins, zoo)
        network = TorchNetwork(source, rename, seed, device)
    stated = Stated.of(resize, crop, mean, std, interpolation)
    return predictions(network, images, stated, top, batch_size, tell)


def predictions(
    network: TorchNetwork | OnnxFile,
    images: Iterable[Path_] | Path_,
    stated: Stated,
    top: int,
    batch_size: int | None,
    tell: Callable[[int, int], None],
) -> Predictions:
    """The same of what computes already. Raises what `predict` does, but for what a target can have."""
    network.require_ranking()
    files, rank = find_images(images), network.ranking(top)  # first: weights that misfit tell nothing of images
    batches, notes = batches_for(network, files, stated, batch_size)
    found: list[Prediction] = []
    for batch in batches:
        best = rank(batch.images)
        if len(best.classes) != len(batch.images):
            made = f"{count(len(best.classes), 'row')} of scores for {count(len(batch.images), 'image')}"
            raise PredictionError(f"{network.name} gives {made}, and not the classes of each")
        found += _predictions(batch.files, best.first(len(batch.files)), network)
        tell(batches.done, len(batches))
    unreadable = {str(path): reason for path, reason in batches.unreadable.items()}
    return Predictions(network.name, network.facts.title, tuple(found), unreadable, (*network.notes, *notes))


def _predictions(files: Sequence[Path], best: Ranked, network: TorchNetwork | OnnxFile) -> list[Prediction]:
    """Raises PredictionError for what is no probability."""
    found = []
    names = network.facts.classes
    for file, probabilities, classes in zip(files, best.probabilities.tolist(), best.classes.tolist(), strict=True):
        if not all(map(math.isfinite, probabilities)):
            raise PredictionError(f"{network.name} gives numbers that are not finite for {file}")
        guesses = (
            Guess(index, probability, names[index] if index < len(names) else "")
            for index, probability in zip(classes, probabilities, strict=True)
        )
        found.append(Prediction(str(file), tuple(guesses)))
    return found
