"""Who outvotes whom, with each of the three made wrong in turn; and a third that has no opinion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.backends.onnx import emit, save
from archspec.backends.torch import build_module, calibrate
from archspec.parity import ThirdOpinion, third, third_opinion

TEXT = """
archspec: 1
inputs: {{image: [N, 3, 8, 8]}}
layers:
  conv: {{op: Conv2d, out_channels: 4, kernel_size: 3}}
  act: {act}
  pooled: {{op: AdaptiveAvgPool2d, output_size: 1}}
  flat: Flatten
"""
RIGHT, WRONG, WORSE = "ReLU", "{op: LeakyReLU, negative_slope: 0.1}", "Sigmoid"
GRAPH = archspec.load(TEXT.format(act=RIGHT)).graph
CASES = [{"N": 2}, {"N": 3}]


@pytest.fixture(scope="module")
def module() -> nn.Module:
    module = build_module(GRAPH)
    calibrate(module, GRAPH, 0)
    return module.eval()


@pytest.fixture
def opinion(
    module: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str | None], ThirdOpinion]:
    """The opinion on a file with this activation, where torch.onnx.export writes one with that (None: for real)."""

    def function(ours: str, theirs: str | None) -> ThirdOpinion:
        def write(act: str, path: Path) -> None:
            save(emit(archspec.load(TEXT.format(act=act)).graph, module.state_dict()), path)

        write(ours, tmp_path / "net.onnx")
        if theirs is not None:
            monkeypatch.setattr(third, "export_by_torch", lambda graph, module, inputs, path: write(theirs, path))
        return third_opinion(GRAPH, module, tmp_path / "net.onnx", CASES)

    return function


def test_torch_agrees(opinion: Callable[[str, str | None], ThirdOpinion]) -> None:
    """The only real one: torch's exporter takes seconds."""
    found = opinion(RIGHT, None)
    assert (found.vote, found.nodes) == ("agree", (4, 4))
    assert found.seconds is not None
    assert [(pair.one, pair.other, pair.agree) for pair in found.pairs] == [
        ("torch", "net.onnx", True),
        ("torch", "torch.onnx.export", True),
        ("net.onnx", "torch.onnx.export", True),
    ]
    lines = found.lines()
    assert lines[0].split() == ["third", "opinion", "relative", "L2"]
    assert lines[-1] == "all three agree"
    assert max(map(len, lines)) <= 80
    assert found.as_dict()["pairs"][0]["rel_l2"] == found.pairs[0].rel_l2


@pytest.mark.parametrize(
    ("ours", "theirs", "vote", "told"),
    [
        (WRONG, RIGHT, "file", "torch and torch.onnx.export agree: net.onnx is wrong"),
        (RIGHT, WRONG, "theirs", "torch and net.onnx agree: torch.onnx.export's file is wrong"),
        (WRONG, WRONG, "torch", "net.onnx and torch.onnx.export's file agree: eager torch is wrong, or onnxruntime"),
        (WRONG, WORSE, "differ", "no two of the three agree"),
    ],
)
def test_two_outvote_the_third(
    ours: str, theirs: str, vote: str, told: str, opinion: Callable[[str, str | None], ThirdOpinion]
) -> None:
    found = opinion(ours, theirs)
    assert found.vote == vote
    assert found.sentence.startswith(told)
    assert [pair.agree for pair in found.pairs] == [vote == "theirs", vote == "file", vote == "torch"]


def test_a_third_that_fails_is_told(
    opinion: Callable[[str, str | None], ThirdOpinion], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise ArithmeticError("\n  no such thing\nand more")

    def writes_another(graph: object, module: object, inputs: list[Tensor], path: Path) -> None:
        text = '<ir_version: 8, opset_import: ["" : 18]> other (float[1] x) => (y) {y = Neg (x)}'
        onnx.save(onnx.parser.parse_model(text), path)

    for program, told in ((fails, "torch.onnx.export fails: no such thing"), (writes_another, "does not run: onnx")):
        monkeypatch.setattr(third, "export_by_torch", program)
        found = opinion(RIGHT, None)
        assert (found.vote, found.pairs) == ("none", ())
        assert told in found.sentence
        assert found.lines() == [f"third opinion: {found.sentence}"]
    monkeypatch.setattr(third, "find_spec", lambda name: None)
    assert "pip install onnxscript" in opinion(RIGHT, None).sentence


class Chaotic(nn.Module):
    """A network whose float32 is far from float64."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = self.module(image.sign() if image.dtype is torch.float32 else image)
        return found


def test_where_rounding_decides_nobody_is_right(
    opinion: Callable[[str, str | None], ThirdOpinion], module: nn.Module, tmp_path: Path
) -> None:
    opinion(RIGHT, RIGHT)
    found = third_opinion(GRAPH, Chaotic(module), tmp_path / "net.onnx", CASES)
    assert found.vote == "none"
    assert "rounding alone moves torch's own output by" in found.lines()[-1]


def test_a_file_of_no_numbers_agrees_with_nothing(
    opinion: Callable[[str, str | None], ThirdOpinion],
) -> None:
    found = opinion("{op: Threshold, threshold: 0, value: 3.0e+38}", RIGHT)  # whose sum is infinite
    assert [(pair.rel_l2, pair.agree) for pair in found.pairs][::2] == [(None, False), (None, False)]
    assert (found.vote, found.lines()[1].split()) == ("file", ["torch", "and", "net.onnx", "differ"])
