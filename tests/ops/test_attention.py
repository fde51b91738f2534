"""Attention where torch takes another way than its layers do one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.nn import MultiheadAttention
from torch.utils.flop_counter import FlopCounterMode

import archspec
from archspec.backends.torch import build_module, calibrate, example_inputs
from archspec.graph import Graph
from tests.backends.onnx.emitted import emitted, session
from tests.backends.torch import nets


@pytest.fixture
def graph() -> Iterator[Graph]:
    yield nets.attending()
    torch.backends.mha.set_fastpath_enabled(True)


def test_the_fast_path_agrees(graph: Graph) -> None:
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    inputs = [*example_inputs(graph, sizes={"N": 3, "L": 9}, generator=torch.Generator().manual_seed(0)).values()]
    results, counts = [], []
    for enabled in (True, False):
        torch.backends.mha.set_fastpath_enabled(enabled)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            results.append(model(*inputs))
        counts.append(counter.get_total_flops())
    assert counts[0] < counts[1], "the fast path was taken: nothing in it is counted"
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_causal_layer_is_torchs_own(batch_first: bool) -> None:
    """As torch's own mask makes it, with the hint or without."""
    torch.manual_seed(0)
    layer = MultiheadAttention(8, 2, batch_first=batch_first).eval()
    x = torch.randn(5, 5, 8)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5)
    ours = layer(x, x, x, need_weights=False, attn_mask=x.new_full((5, 5), -torch.inf).triu(1))[0]
    for hint in (False, True):
        theirs = layer(x, x, x, need_weights=False, attn_mask=mask, is_causal=hint)[0]
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "float32"])
def test_a_query_that_sees_no_key_gets_zeros_in_onnx_too(dtype: str) -> None:
    spec = f"""
archspec: 1
inputs: {{tokens: [N, 4, 8], mask: {{shape: [4, 4], dtype: {dtype}}}}}
layers: {{dot: {{op: ScaledDotProductAttention, from: [tokens, tokens, tokens, mask]}}}}
"""
    seen = torch.rand(4, 4) > 0.5
    seen[2] = False
    tokens, mask = torch.randn(3, 4, 8), seen if dtype == "bool" else torch.where(seen, 0.0, -torch.inf)
    expected = archspec.build(spec)(tokens, mask)
    (found,) = session(emitted(spec)).run(None, {"tokens": tokens.numpy(), "mask": mask.numpy()})
    assert expected[:, 2].eq(0).all()
    torch.testing.assert_close(torch.from_numpy(found), expected)
