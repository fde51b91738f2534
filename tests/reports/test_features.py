"""`Architecture.feature_info`: strides and channels, held against what models give on the meta device."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

import archspec

HEAD = "archspec: 1\ninputs: {image: [N, 3, 32, 48]}\nlayers:\n"


def sizes_at(model: torch.nn.Module, paths: list[str], side: int) -> list[torch.Size]:
    found = archspec.extract(model, paths)(torch.empty(1, 3, side, side, device="meta"))
    return [value.shape for value in found.values()]


@pytest.mark.parametrize(
    "name",
    ["resnet50", "mobilenet_v3_large", "densenet121", "googlenet", "inception_v3", "shufflenet_v2_x1_0",
     "squeezenet1_0", "convnext_tiny", "efficientnet_b0", "regnet_y_400mf", "vgg11", "swin_t"],
)  # fmt: skip
def test_an_image_larger_by_a_stride_gives_a_map_larger_by_one(name: str) -> None:
    info = archspec.load(name).feature_info
    with torch.device("meta"):
        model = archspec.build(name).eval()
    # What a pool makes seven of, say, moves in other steps where it is given more.
    paths = [path for path in info if not path.startswith(("avgpool", "AuxLogits", "aux", "classifier", "fc"))]
    small, large = sizes_at(model, paths, 224), sizes_at(model, paths, 224 + 128)
    for path, before, after in zip(paths, small, large, strict=True):
        each = info[path]
        assert before[each.axes.index("C")] == each.channels, path
        grown = [
            after[axis] - before[axis] for axis, label in enumerate(each.axes) if label not in ("N", "C")
        ]
        assert isinstance(each.stride, int), path
        assert grown == [128 // each.stride] * 2, path


@pytest.mark.parametrize(
    ("name", "pyramid"),
    [
        ("resnet50", {"relu": (64, 2), "layer1": (256, 4), "layer2": (512, 8), "layer3": (1024, 16),
                      "layer4": (2048, 32)}),
        ("mobilenet_v2", {"features.1": (16, 2), "features.3": (24, 4), "features.6": (32, 8), "features.13": (96, 16),
                          "features.18": (1280, 32)}),
        ("convnext_tiny", {"features.1": (96, 4), "features.3": (192, 8), "features.5": (384, 16),
                           "features.7": (768, 32)}),
        ("swin_t", {"features.1": (96, 4), "features.3": (192, 8), "features.5": (384, 16), "permute": (768, 32)}),
        ("maxvit_t", {"stem": (64, 2), "blocks.0.layers.1": (64, 4), "blocks.1.layers.1": (128, 8),
                      "blocks.2.layers.4": (256, 16), "blocks.3.layers.1": (512, 32)}),
        ("googlenet", {"conv1": (64, 2), "conv3": (192, 4), "inception3b": (480, 8), "inception4e": (832, 16),
                       "inception5b": (1024, 32)}),
    ],
)  # fmt: skip
def test_the_pyramid_has_the_last_map_of_each_stride_between_blocks(
    name: str, pyramid: dict[str, tuple[int, int]]
) -> None:
    found = archspec.load(name).feature_info.pyramid()
    assert {path: (each.channels, each.stride) for path, each in found.items()} == pyramid


def test_strides_may_be_asked_for_and_one_that_no_map_has_is_told() -> None:
    info = archspec.load("resnet50").feature_info
    assert list(info.pyramid(8, 16, 32)) == ["layer2", "layer3", "layer4"]
    assert info["layer3"].channels == 1024
    assert info["layer3"].sizes == (14, 14)
    with pytest.raises(LookupError, match="no map of stride 64; the maps have 2, 4, 8, 16, 32"):
        info.pyramid(64)


def test_scopes_layers_and_numbered_outputs_are_there_in_order() -> None:
    text = HEAD + "  body: {layers: {conv: {op: Conv2d, out_channels: 8, kernel_size: 1, stride: [2, 1]}}}\n"
    text += "  split: {op: Chunk, chunks: 2}\n  up: {op: Upsample, from: split.1, scale_factor: 4}\n"
    info = archspec.load(text).feature_info
    assert list(info) == ["body", "body.conv", "split.0", "split.1", "up"]
    assert [each.stride for each in info.values()] == [(2, 1), (2, 1), (2, 1), (2, 1), (Fraction(1, 2), Fraction(1, 4))]
    assert list(info.pyramid()) == []
    assert "split.0" in info.text()


def test_what_spreads_over_a_map_has_no_say_and_maps_in_other_steps_leave_none() -> None:
    text = HEAD + (
        "  conv: {op: Conv2d, out_channels: 8, kernel_size: 2, stride: 2}\n"
        "  pool: {op: AdaptiveAvgPool2d, output_size: 1}\n"
        "  scaled: {op: Mul, from: [conv, pool]}\n"
        "  norm: {op: GroupNorm, num_groups: 2}\n"
        "  cut: {op: Slice, from: image, dim: 2, end: 16}\n"
        "  cut2: {op: Slice, dim: 3, end: 24}\n"
        "  both: {op: Concat, from: [norm, cut2]}\n"
    )
    info = archspec.load(text).feature_info
    assert [(path, each.stride) for path, each in info.items()] == [
        ("conv", 2), ("scaled", 2), ("norm", 2), ("cut", 1), ("cut2", 1)
    ]  # fmt: skip


def test_a_network_without_maps_has_none() -> None:
    info = archspec.load("archspec: 1\ninputs: {v: [N, 8]}\nlayers: {fc: {op: Linear, out_features: 2}}\n").feature_info
    assert len(info) == 0
    assert list(info.pyramid()) == []
