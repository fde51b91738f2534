"""How long a network takes, in each of the ways in which it can run, side by side."""

WAYS = {
    "eager": "torch eager",
    "compile": "torch.compile",
    "ours": "onnxruntime: archspec",
    "theirs": "onnxruntime: torch.onnx",
}
"""What each is called in tables."""


class LatencyError(Exception):
    """What was asked for cannot be measured."""
