"""What a deployed network does beside its spec's: what is done to its inputs, and to its outputs. Graph -> Graph.

What stands here is added as layers like any other, so that shapes, torch and ONNX follow from it. Read `deploy` for
the whole, `images` for what stands in front, `heads` for what stands behind, and `rewiring` for how a graph is copied.
"""

from archspec.deployment.deploy import PREPROCESS, Deployment, deploy
from archspec.deployment.heads import Head, classes_of
from archspec.deployment.images import channels_of, image_of
from archspec.deployment.layers import DeployError
from archspec.deployment.preprocessing import Preprocessing, agreed

__all__ = [
    "PREPROCESS",
    "DeployError",
    "Deployment",
    "Head",
    "Preprocessing",
    "agreed",
    "channels_of",
    "classes_of",
    "deploy",
    "image_of",
]
