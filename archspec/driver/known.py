"""What is known of a network's weights, by their name or by what their file tells: whose they are, what they expect of
images, what their classes are called."""

from __future__ import annotations

from typing import Literal

from archspec.built import facts_now
from archspec.deployment import DeployError, Deployment, image_of
from archspec.driver.networks import Network, Source
from archspec.weights.facts import Facts
from archspec.weights.published import shared_preprocessing
from archspec.weights.whose import facts_by_name, suited


def known_of(source: Source | Network, seed: int) -> Facts:
    """What is known of a network's weights, as far as it suits the network that it is now; nothing is loaded or
    fetched. Raises WeightsError for weights that are nowhere, and for a file that tells what cannot be."""
    if source.initial:
        return Facts(title=f"initial, seed {seed}")
    if source.module is not None:
        found = facts_now(source.module)
    else:
        assert source.weights is not None
        found = facts_by_name(source.weights, source.architecture.compilation.target.model)
    return suited(found, source.architecture.graph)


def deployment_of(
    source: Source | Network, known: Facts, preprocess: Literal["none", "normalize", "uint8-nhwc"], head: str
) -> Deployment:
    """What is put around a network, with what its weights expect of images: where that is not known of its own, what
    all published weights of the model agree on. Raises DeployError."""
    if preprocess == "none" or known.preprocessing is not None:
        return Deployment(preprocess, head, known.preprocessing, known.prepared_for)
    image_of(source.architecture.graph)
    model = source.architecture.compilation.target.model
    whose = "initial weights" if source.initial else known.title or "the weights of this module"
    message = f"the mean and std that `{preprocess}` needs are not known of {whose}"
    if model is None or not model.weights:
        layers = "Normalize" if preprocess == "normalize" else "ToDtype, Permute and Normalize"
        raise DeployError(f"{message}; a spec may have {layers} in front of its layers")
    shared = shared_preprocessing(model)
    if shared is None:
        differ = f"the published ones of {model.name} differ in them: name some by `weights`"
        raise DeployError(f"{message}, and {differ}")
    return Deployment(preprocess, head, shared, f"all published weights of {model.name}")
