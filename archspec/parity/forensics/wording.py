"""The one sentence that says who disagrees with whom."""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx

from archspec.parity.forensics.diagnosis import Culprit
from archspec.parity.forensics.dissection import Arrays
from archspec.parity.forensics.layers import Trial, distance
from archspec.parity.runs import Level

NOT_TRACED = "not traced to a layer: the file's values don't carry the paths of the network's layers"
QUANTIZED = "not traced to a layer: int8 joins layers and rounds each value, so none is what the network's layer gives"
ROUNDING = "no layer stands out: each alone is as exact in onnxruntime as in torch, so rounding adds up"
_NOT_THE_SPEC = "so the module is not what the spec says"
_OFF = "with onnxruntime's optimisations off"
_MOST = 3  # names in a row


def no_numbers(culprit: Culprit) -> str:
    return f"{culprit.name}: torch gives what is no number there, so there is nothing to compare with"


def strange_scope(culprit: Culprit) -> str:
    return f"{culprit.name}: its module gives other values in torch than its layers do one by one, {_NOT_THE_SPEC}"


def strange_layer(culprit: Culprit) -> str:
    fresh = f"a new {culprit.kind} with the same arguments and tensors"
    return f"{culprit.name}: its module gives other values in torch than {fresh}, {_NOT_THE_SPEC}"


def wrong_nodes(culprit: Culprit, observed: str, witnessed: bool) -> str:
    """`witnessed`: whether onnx's reference evaluator agrees with onnxruntime."""
    also = " and in onnx's reference evaluator too" if witnessed else ""
    return f"{culprit.name}: {observed}, {_OFF}{also}, so the file is wrong there"


def wrong_tensors(culprit: Culprit, observed: str, tensors: Sequence[str]) -> str:
    """`tensors`: those in the file that are not the module's."""
    because = f"{_row(tensors)} in it {'is' if len(tensors) == 1 else 'are'} not the module's"
    return f"{culprit.name}: {observed}, {_OFF}, so the file is wrong there: {because}"


def wrong_kernel(culprit: Culprit, observed: str) -> str:
    witness = "though onnx's reference evaluator gives torch's"
    return f"{culprit.name}: {observed}, {_OFF}, {witness}, so onnxruntime is wrong there"


def wrong_optimization(culprit: Culprit, before: Sequence[Culprit], level: Level, error: float, device: str) -> str:
    """`before`: the layers in front of the culprit that are in the part of the file that the level changes; `error`:
    that of the file's outputs."""
    if level == "disabled":
        other = f"onnxruntime agrees with torch on the CPU, and not on {device} ({_size(error)})"
        return f"{culprit.name}: {other}, so onnxruntime is wrong there"
    behind = f" behind {_row([f'`{each.path}`' for each in before])}" if before else ""
    changed = f"{_OFF} it gives torch's values, and from level {level} on others ({_size(error)} at the end)"
    return f"{culprit.name}: {changed}, so onnxruntime's optimisation of it{behind} is wrong"


def inexact_torch(culprit: Culprit, trial: Trial) -> str:
    far = f"torch in float32 is far from float64 there ({_size(trial.torch)})"
    return f"{culprit.name}: {far}, and onnxruntime is not ({_size(trial.file)}), so the rounding is torch's own"


def observation(nodes: Sequence[onnx.NodeProto], found: Arrays, expected: Arrays) -> str:
    """How what onnxruntime makes of nodes differs from what torch gives for them; `found` is empty where it does not
    run them."""
    kinds = list(dict.fromkeys(node.op_type for node in nodes))
    shown = [*kinds[:_MOST], "..."] if len(kinds) > _MOST else kinds
    one = len(nodes) == 1
    subject = f"the file's {kinds[0]}" if one else f"the file's nodes ({', '.join(shown)})"
    if not found:
        return f"{subject} {'does' if one else 'do'} not run in onnxruntime"
    gives = f"{subject} {'gives' if one else 'give'}"
    for name, array in found.items():
        if array.shape != expected[name].shape:
            return f"{gives} {_sizes(array.shape)} where torch gives {_sizes(expected[name].shape)} on the same input"
    error = max(distance(array, expected[name]) for name, array in found.items())
    if math.isinf(error):
        return f"{gives} what is no number where torch gives one on the same input"
    return f"{gives} other values than torch on the same input ({_size(error)})"


def _row(names: Sequence[str]) -> str:
    shown = [*names[:_MOST], f"{len(names) - _MOST} more"] if len(names) > _MOST else list(names)
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _size(error: float) -> str:
    return f"relative L2 {error:.1e}" if math.isfinite(error) else "another shape, or no numbers"


def _sizes(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "a scalar"
