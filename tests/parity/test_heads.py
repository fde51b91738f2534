"""What a softmax and a TopK give is judged by what they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

import archspec
from archspec.backends.onnx import emit, save
from archspec.backends.torch import module_with
from archspec.deployment import Deployment, deploy
from archspec.graph import Graph
from archspec.parity import ParityReport, compare
from archspec.parity.measure import FLOAT32, Run, judge

TEXT = """archspec: 1
name: chooser
inputs: {row: [N, 6]}
layers:
  fc: {op: Linear, out_features: 5}
"""


class Chooser:
    """A network of one layer with the two best of its five classes, in torch and as a file."""

    def __init__(self, path: Path, tied: bool) -> None:
        torch.manual_seed(0)
        built = archspec.build(TEXT)
        if tied:  # classes 1 and 2 are the same, and the best
            with torch.no_grad():
                built.fc.weight[2], built.fc.bias[1:3] = built.fc.weight[1], 4.0
        self.graph: Graph = deploy(archspec.load(TEXT).graph, Deployment(head="topk=2"))
        self.module = module_with(self.graph, built.state_dict())
        self.path = path
        save(emit(self.graph, built.state_dict()), path)

    def rename(self, classes: list[int]) -> ParityReport:
        """Compare with a file that calls each class otherwise."""
        model = onnx.load(self.path)
        (topk,) = (node for node in model.graph.node if node.op_type == "TopK")
        topk.output[1] = "places"
        model.graph.initializer.append(numpy_helper.from_array(np.array(classes), "names"))
        model.graph.node.append(helper.make_node("Gather", ["names", "places"], ["classes"]))
        onnx.save(model, self.path)
        return compare(self.graph, self.module, self.path)


@pytest.mark.parametrize("tied", [False, True])
def test_classes_may_change_places_where_their_scores_are_equal_alone(tied: bool, tmp_path: Path) -> None:
    same = Chooser(tmp_path / "a.onnx", tied).rename([0, 1, 2, 3, 4])
    assert [output.verdict for output in same.outputs] == ["pass", "pass"]
    swapped = Chooser(tmp_path / "b.onnx", tied).rename([0, 2, 1, 3, 4])
    assert [output.verdict for output in swapped.outputs] == ["pass", "pass" if tied else "fail"]


def test_a_class_that_there_is_not_fails(tmp_path: Path) -> None:
    found = Chooser(tmp_path / "a.onnx", tied=True).rename([0, 5, -1, 3, 4])
    assert [output.verdict for output in found.outputs] == ["pass", "fail"]
    assert "integers differ" in found.outputs[1].reason


@pytest.mark.parametrize("deviation", [0.1, 1.0, 10.0])
def test_a_softmax_may_be_as_far_off_as_its_logits_take_it(deviation: float) -> None:
    """Logits in float32 that are off by what passes: their softmax passes as well; a hundred times that fails."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4, 1000)) * deviation
    error = generator.normal(size=(4, 1000)) * deviation

    def judged(relative: float) -> list[str]:
        exact, off = (torch.tensor(each).softmax(1).numpy() for each in (logits, logits + relative * error))
        plain = judge("logits", [Run(logits, logits + relative * error)])
        return [plain.verdict, judge("scores", [Run(exact, off, logits=deviation)]).verdict]

    assert judged(FLOAT32.rel_l2 / 4) == ["pass", "pass"]
    assert judged(FLOAT32.rel_l2 * 100) == ["fail", "fail"]
