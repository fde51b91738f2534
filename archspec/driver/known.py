"""What is known of a network's weights by their name alone: who published them, and what they expect of images."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from archspec.built import is_as_built
from archspec.deployment import DeployError, Deployment, Preprocessing, image_of
from archspec.driver.networks import Network, Source
from archspec.weights.published import Published, published_as, shared_preprocessing, title_of


class Known(NamedTuple):
    """`published` are the weights themselves; `preprocessing` may be that of others, which `prepared_for` names."""

    name: str = ""  # empty: nobody has said
    published: Published | None = None
    preprocessing: Preprocessing | None = None
    prepared_for: str = ""


def known_of(source: Source | Network, seed: int) -> Known:
    """What is known of weights, by the name that they were given by."""
    if source.weights is None:
        return Known(f"initial, seed {seed}" if source.initial else "")
    model = source.architecture.compilation.target.model
    published = published_as(source.weights, model)
    since = "" if source.module is None or is_as_built(source.module) else ", changed since"
    if published is None or model is None:
        file_name = re.split(r"[\\/]", source.weights)[-1]
        return Known(f"{file_name}{since}")
    title = title_of(published, model)
    return Known(f"{title}{since}", None if since else published, published.preprocessing, title)


def deployment_of(
    source: Source | Network, known: Known, preprocess: Literal["none", "normalize", "uint8-nhwc"], head: str
) -> Deployment:
    """What is put around a network, with what its weights expect of images: where that is not known of its own, what
    all published weights of the model agree on. Raises DeployError."""
    if preprocess == "none" or known.preprocessing is not None:
        return Deployment(preprocess, head, known.preprocessing, known.prepared_for)
    image_of(source.architecture.graph)
    model = source.architecture.compilation.target.model
    whose = "initial weights" if source.initial else known.name or "the weights of this module"
    message = f"the mean and std that `{preprocess}` needs are not known of {whose}"
    if model is None or not model.weights:
        layers = "Normalize" if preprocess == "normalize" else "ToDtype, Permute and Normalize"
        raise DeployError(f"{message}; a spec may have {layers} in front of its layers")
    shared = shared_preprocessing(model)
    if shared is None:
        differ = f"the published ones of {model.name} differ in them: name some by `weights`"
        raise DeployError(f"{message}, and {differ}")
    return Deployment(preprocess, head, shared, f"all published weights of {model.name}")
