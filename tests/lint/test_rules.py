"""The rules about networks, each against torch: what a warning says has no effect is changed, and nothing happens."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import archspec
from archspec.diagnostics import Diagnostic, Severity
from tests.elaborate.features import codes, whole


def told(spec: str, code: str) -> list[Diagnostic]:
    """The warnings of one code about a spec, which has no errors."""
    items = archspec.check(whole(spec))
    assert all(item.severity is Severity.WARNING for item in items), items
    return [item for item in items if item.code.name == code]


def test_allow_silences_warnings_and_no_errors() -> None:
    spec = "args: {a: 3}\nlayers: {fc: {op: Linear, out_features: 2}}\n"
    assert codes(spec) == ["A401", "A402"]
    assert codes(spec + "allow: [A402]") == ["A401"]
    assert codes(spec + "allow: [A401, A402]") == []
    assert "A302" in codes("layers: {fc: {op: Lineer}}\nallow: [A302]")


def test_there_are_no_warnings_beside_errors() -> None:
    spec = "args: {a: 3}\nlayers: {fc: {op: Linear, out_features: 2}, sum: {op: Add, from: [fc, image]}}"
    assert codes(spec) == ["A503"]


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("[{op: Linear, out_features: 2}]", ["A402"]),
        ("[{op: Flatten, start_dim: 2}, {op: Linear, out_features: 2}]", []),
        ("[Flatten, {op: Linear, out_features: 2}]", []),
        ("[{op: Permute, dims: [0, 2, 3, 1]}, {op: Linear, out_features: 2}]", []),
        ("[{op: Mean, dim: [2, 3]}, {op: Linear, out_features: 2}]", []),
    ],
)
def test_a_linear_layer_on_the_width_of_a_feature_map(layers: str, found: list[str]) -> None:
    assert codes(f"layers: {layers}") == found


# --- A403 ---------------------------------------------------------------------------------------------

TOKENS = "inputs: {tokens: {shape: [N, 5, 4], axes: [N, L, C]}}\n"


@pytest.mark.parametrize(
    "layer",
    [
        "{op: MultiheadAttention, num_heads: 2}",
        "{op: MultiheadAttention, num_heads: 2, batch_first: false}",
        "{num_heads: 2, op: MultiheadAttention}",
        "\n    op: MultiheadAttention\n    num_heads: 2   # of two channels each",
        "\n    num_heads: 2\n    op: MultiheadAttention",
        '{op: MultiheadAttention, num_heads: "4 // 2", dropout: 0}',
    ],
)
def test_the_batch_first_is_written_into_the_layer(layer: str) -> None:
    spec = whole(TOKENS + f"layers:\n  attention: {layer}\n")
    [item] = archspec.check(spec)
    assert item.code.name == "A403"
    assert item.fix is not None
    start, end = item.fix.span.start, item.fix.span.end
    fixed = spec[:start] + item.fix.text + spec[end:]
    assert archspec.check(fixed) == ()
    [node] = archspec.load(fixed).graph.nodes
    assert dict(node.op)["batch_first"] is True
    assert dict(node.op)["num_heads"] == 2


def test_where_no_edit_is_plain_the_words_alone_are_told() -> None:
    for layer in ('{op: MultiheadAttention, "num_heads": "2"}', '\n    op: MultiheadAttention\n    num_heads: "2"'):
        [item] = told(TOKENS + f"layers:\n  attention: {layer}\n", "A403")
        assert item.fix is None
        assert item.helps == ("write `batch_first: true`",)


# --- A405 ---------------------------------------------------------------------------------------------


@given(
    norm=st.sampled_from(["BatchNorm2d", "{op: BatchNorm2d, affine: false}", "{op: GroupNorm, num_groups: 2}"]),
    between=st.sampled_from(["", "  between: ReLU\n", "  between: Identity\n"]),
    beside=st.booleans(),
    bias=st.booleans(),
)
def test_a_bias_that_is_told_has_no_effect_in_training(norm: str, between: str, beside: bool, bias: bool) -> None:
    last = "  sum: {op: Add, from: [conv, norm]}\n" if beside else ""
    conv = f"{{op: Conv2d, out_channels: 4, kernel_size: 3, bias: {str(bias).lower()}}}"
    spec = f"layers:\n  conv: {conv}\n{between}  norm: {norm}\n{last}"
    items = told(spec, "A405")
    if not bias:
        assert not items
        return
    torch.manual_seed(0)
    model = archspec.build(whole(spec)).train()
    images = torch.randn(4, 3, 8, 8)
    before = model(images)
    assert isinstance(model.conv, nn.Conv2d)
    assert model.conv.bias is not None
    with torch.no_grad():
        model.conv.bias += torch.tensor([3.0, -2.0, 1.0, 5.0])
    unmoved = torch.allclose(before, model(images), atol=1e-4)
    assert unmoved == bool(items) or "Identity" in between  # which somebody may hang something on


# --- A406 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("[ReLU, ReLU]", ["1"]),
        ("[ReLU, {op: ReLU, inplace: true}]", ["1"]),
        ("[ReLU, Dropout, Identity, ReLU]", ["3"]),
        ("[ReLU, {op: Mul, value: -1}, ReLU]", []),
        ("[ReLU, ReLU6]", []),
        ("[{op: Softmax, dim: 1}, {op: Softmax, dim: 2}]", []),
        ("[{op: Softmax, dim: 1}, {op: Softmax, dim: 1}]", ["1"]),
        ("[ReLU, {layers: [{op: Conv2d, out_channels: 3, kernel_size: 1}, ReLU]}, [ReLU]]", ["2.0"]),
    ],
)
def test_an_activation_of_what_it_gave_itself(layers: str, found: list[str]) -> None:
    items = told(f"layers: {{all: {layers}}}", "A406")
    assert [item.message.split("`")[1].removeprefix("all.") for item in items] == found


def test_a_mistake_in_a_block_is_told_once_with_its_uses() -> None:
    block = "[ReLU, ReLU, {op: Conv2d, out_channels: 3, kernel_size: 1}]"
    [item] = told(f"blocks: {{B: {{layers: {block}}}}}\nlayers: [{{op: B, repeat: 16}}]", "A406")
    [note] = item.notes
    assert note.startswith("the block is used 16 times")


# --- A407 ---------------------------------------------------------------------------------------------


@given(st.data())
def test_what_is_dropped_has_no_gradient(data: st.DataObject) -> None:
    """Against torch: a convolution of ones, or a mean, of an image; what no window covers has no gradient."""
    size = data.draw(st.integers(4, 60), label="size")
    kernel = data.draw(st.integers(1, min(size, 9)), label="kernel")
    stride = data.draw(st.integers(1, 9), label="stride")
    padding = data.draw(st.integers(0, kernel // 2), label="padding")
    pooled = data.draw(st.booleans(), label="pooled")
    arguments: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": padding}
    if pooled:
        arguments["ceil_mode"] = data.draw(st.booleans(), label="ceil_mode")
    written = ", ".join(f"{name}: {str(value).lower()}" for name, value in arguments.items())
    op = "AvgPool2d" if pooled else "Conv2d, out_channels: 1"
    items = told(f"inputs: {{image: [N, 1, {size}, 60]}}\nlayers: {{w: {{op: {op}, {written}}}}}", "A407")

    image = torch.ones(1, 1, size, 60, requires_grad=True)
    window = nn.AvgPool2d(**arguments) if pooled else nn.Conv2d(1, 1, **arguments)
    for parameter in window.parameters():
        nn.init.ones_(parameter)
    window(image).sum().backward()
    assert image.grad is not None
    covered = image.grad[0, 0, :, :kernel].sum(1).nonzero()
    lost = size - 1 - int(covered.max())
    by_design = kernel < stride
    of_rows = [item for item in items if f"of {size} rows" in item.message]
    assert bool(of_rows) == (lost > 0 and not by_design and (kernel == stride or lost / size >= 0.02))
    if of_rows:
        assert ("the last of" if lost == 1 else f"the last {lost} of") in of_rows[0].message


def test_symbolic_sizes_drop_nothing_that_is_known() -> None:
    assert codes("inputs: {image: [N, 1, H, W]}\nlayers: [{op: MaxPool2d, kernel_size: 2}]") == []


# --- A409 and A410 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "pool", "heavy"), [(1024, 1, True), (4, 1, False), (1024, 32, False)])
def test_the_parameters_of_a_linear_are_those_of_torch(width: int, pool: int, heavy: bool) -> None:
    spec = f"""
        inputs: {{image: [N, 3, 32, 32]}}
        layers:
          conv: {{op: Conv2d, out_channels: 16, kernel_size: 3, padding: 1}}
          pool: {{op: MaxPool2d, kernel_size: {pool}}}
          flatten: Flatten
          fc: {{op: Linear, out_features: {width}}}
          last: {{op: Linear, out_features: 10}}
    """
    items = told(spec, "A409")
    assert bool(items) == heavy
    if items:
        model = archspec.build(whole(spec))
        total = sum(tensor.numel() for tensor in model.parameters())
        own = sum(tensor.numel() for name, tensor in model.named_parameters() if name.startswith("fc."))
        assert items[0].message.endswith(f"{own:,} of {total:,}")


def test_a_perceptron_on_an_image_has_most_of_its_parameters_where_it_has_to() -> None:
    assert told("layers: [{op: Upsample, size: 64}, Flatten, {op: Linear, out_features: 1000}]", "A409") == []


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("fc: {op: Linear, out_features: 5}\n  norm: BatchNorm1d", ["norm"]),
        ("fc: {op: Linear, out_features: 5}\n  drop: Dropout\n  norm: BatchNorm1d\n  last: Sigmoid", ["norm"]),
        ("fc: {op: Linear, out_features: 5}\n  norm: BatchNorm1d\n  last: {op: Linear, out_features: 2}", []),
        ("norm: BatchNorm1d\n  fc: {op: Linear, out_features: 5}", []),
        ("fc: {op: Linear, out_features: 5}\n  norm: LayerNorm", []),
    ],
)
def test_a_batch_norm_behind_the_last_linear(layers: str, found: list[str]) -> None:
    items = told(f"inputs: {{image: [N, 8]}}\nlayers:\n  {layers}\n", "A410")
    assert [item.span.text for item in items] == found
