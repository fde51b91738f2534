"""How a network that is looked at reads an image file."""

from __future__ import annotations

from typing import NamedTuple

from archspec.backends.torch import example_sizes
from archspec.deployment import Deployment
from archspec.driver.networks import Source
from archspec.samples import picture_of, require_one_input
from archspec.samples.images import Picture
from archspec.weights.facts import Facts
from archspec.weights.published import shared_preprocessing


class Reading(NamedTuple):
    """How image files become what a network reads, `picture.read(path)`, and by whose preprocessing, in words."""

    picture: Picture
    note: str


def reading_of(source: Source, known: Facts) -> Reading:
    """How a network reads images: as its weights want it; else as all published weights of its model agree; else
    resized as a whole and scaled to 0..1. A size that is open is that of the weights' crop, else an example's.

    Predictions are refused where nobody knows what weights expect; a picture of them says what was done instead.
    Raises SamplesError for a network whose only input is no image.
    """
    graph, model = source.architecture.graph, source.architecture.compilation.target.model
    require_one_input(graph)
    facts, note = known.preprocessing, "images prepared as the weights want it"
    if facts is not None and known.prepared_for not in ("", known.title):
        note = f"images prepared as for {known.prepared_for}"
    if facts is None and model is not None:
        facts, note = shared_preprocessing(model), f"images prepared as for all published weights of {model.name}"
    picture = picture_of(graph, Deployment(preprocessing=facts), example_sizes(graph, batch=1))
    return Reading(picture, note if picture.facts else "images resized as a whole, and scaled to 0..1")
