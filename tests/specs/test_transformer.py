"""The transformer blocks against torch.nn.TransformerEncoderLayer and TransformerDecoderLayer, and in ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import archspec
from archspec.backends.torch import calibrate

MODULES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "after": ("{op: EncoderLayer, heads: 4}", nn.TransformerEncoderLayer, {}),
    "before": ("{op: PreNormEncoderLayer, heads: 4}", nn.TransformerEncoderLayer, {"norm_first": True}),
    "gelu": (
        "{op: PreNormEncoderLayer, heads: 2, feedforward: 48, dropout: 0.25, act: GELU, causal: true}",
        nn.TransformerEncoderLayer,
        {"norm_first": True, "nhead": 2, "dim_feedforward": 48, "dropout": 0.25, "activation": "gelu"},
    ),
    "decoder": ("{op: DecoderLayer, heads: 4, from: [x, memory]}", nn.TransformerDecoderLayer, {}),
}


def spec_of(layer: str, directory: Path) -> Path:
    """A network of one block over tokens, and over a memory where it reads one."""
    memory = ", memory: [N, S, 16]" if "memory" in layer else ""
    path = directory / "alone.yaml"
    path.write_text(
        "archspec: 1\nimport: [blocks/transformer.yaml]\n"
        f"inputs: {{tokens: [N, L, 16]{memory}}}\nlayers:\n  block: {layer.replace('[x,', '[tokens,')}\n"
    )
    return path


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_equals_torch(name: str, training: bool, tmp_path: Path) -> None:
    layer, kind, arguments = MODULES[name]
    theirs = kind(**{"d_model": 16, "nhead": 4, "batch_first": True, **arguments})
    architecture = archspec.load(str(spec_of(layer, tmp_path)))
    ours: Any = archspec.build(architecture)
    assert {key: value.shape for key, value in ours.block.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
    calibrate(ours, architecture.graph, seed=0)
    theirs.load_state_dict(ours.block.state_dict())
    mask = nn.Transformer.generate_square_subsequent_mask(7) if "causal" in layer else None
    inputs = [torch.randn(3, 7, 16)]
    given: dict[str, Any] = {"src_mask": mask, "is_causal": mask is not None}
    if "memory" in layer:
        inputs.append(torch.randn(3, 5, 16))
        given = {"tgt_mask": nn.Transformer.generate_square_subsequent_mask(7), "tgt_is_causal": True}
    ours.train(training)
    theirs.train(training)
    results = []
    for module, keywords in ((ours, {}), (theirs, given)):
        torch.manual_seed(0)
        with torch.no_grad():
            results.append(module(*inputs, **keywords))
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", MODULES)
def test_exports_in_parity(name: str, tmp_path: Path) -> None:
    report = archspec.export(str(spec_of(MODULES[name][0], tmp_path)), tmp_path / "block.onnx")
    assert report.verdict == "pass"
